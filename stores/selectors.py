"""Reads of stores; `stores_for` is the one door to store data."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from stores.models import Staff, Store


def stores_for(user: Staff | AnonymousUser) -> QuerySet[Store]:
    """The stores this user may see: all for HQ, the subtree for a region lead, one for store staff.

    Every page, API and export reads store data through here; a row outside is a 404, never a 403.
    """
    if not isinstance(user, Staff) or not user.is_active:
        return Store.objects.none()
    match user.role:
        case Staff.Role.HQ:
            return Store.objects.all()
        case Staff.Role.REGION_LEAD if user.region is not None:
            return Store.objects.filter(region__path__startswith=user.region.path)
        case Staff.Role.MANAGER | Staff.Role.GUIDE if user.store_id is not None:
            return Store.objects.filter(pk=user.store_id)
        case _:
            return Store.objects.none()
