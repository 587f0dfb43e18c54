"""A department stands for another store: its people move with it, at once."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from stores.models import Department, Staff, Store
from stores.services import wecom_staff
from stores.services.wecom_staff import Places
from wecom.client.contacts import User
from wecom.gateway import WeCom


def remap_department(
    *, department: Department, store: Store | None, actor: Staff, at: datetime, gateway: WeCom
) -> list[Staff]:
    """Say which store a department stands for, and read its people from WeCom. Returns who moved.

    The departments below that have no store of their own go with it. A manager moves too where he belonged to the
    store the department stood for before; without a store (None) everybody stays where they are.

    :raises StoreTaken: another department stands for that store
    :raises WeComError: the mapping holds, and its people move with the next full reading
    """
    before = department.store_id
    wecom_staff.map_department(department=department, store=store, actor=actor, at=at)
    if store is None:
        return []
    moved: list[Staff] = []
    for number in _with_those_below(department.pk):
        users = gateway.contacts.users_of(department_id=number)
        moved += _apply(users, before=before, store=store, at=at)
    return moved


def _with_those_below(number: int) -> list[int]:
    """The department, and those under it that stand for no other store."""
    children: dict[int, list[int]] = {}
    for pk, parent, store in Department.objects.filter(deleted_at=None).values_list("pk", "parent_number", "store_id"):
        if store is None:
            children.setdefault(parent, []).append(pk)
    found, seen = [number], {number}
    for one in found:
        fresh = [child for child in children.get(one, []) if child not in seen]
        seen.update(fresh)
        found += fresh
    return found


@transaction.atomic
def _apply(users: Iterable[User], *, before: int | None, store: Store, at: datetime) -> list[Staff]:
    listed, places = list(users), Places()
    userids = [user["userid"].lower() for user in listed]
    people = Staff.objects.filter(wecom_userid__in=userids)
    was = dict(people.values_list("pk", "store_id"))
    for user in listed:
        wecom_staff.apply_user(user=user, at=at, places=places)
    if before is not None:
        people.filter(role=Staff.Role.MANAGER, store_id=before).update(store=store)
    return [one for one in people.order_by("pk") if one.store_id == store.pk and was.get(one.pk) != store.pk]
