"""Whose members and whose purchases a user may see: the two doors every page, API and export goes through.

A member is visible where she belongs: to whoever sees her home store. A store where she merely bought sees that in
its own sums, not her page. HQ also sees members without a home store. Her purchases are shown only as far as the
user may see the stores they were made in (docs/decisions/0010-who-sees-a-member.md).
"""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from members.models import Member, Purchase
from stores.models import Staff
from stores.selectors import stores_for


def sees_whole_chain(user: Staff | AnonymousUser) -> bool:
    """Whether this user sees every store, so that no filter by store is needed."""
    return isinstance(user, Staff) and user.is_active and user.is_hq


def members_for(user: Staff | AnonymousUser) -> QuerySet[Member]:
    """The members this user may see, each person once; a member outside is a 404."""
    members = Member.objects.filter(merged_into=None)
    if sees_whole_chain(user):
        return members
    # The keys themselves: with a subquery the planner misjudges how many members a region has.
    return members.filter(home_store__in=list(stores_for(user).values_list("pk", flat=True)))


def purchases_for(user: Staff | AnonymousUser) -> QuerySet[Purchase]:
    """The purchase lines made in stores this user may see."""
    return Purchase.objects.all() if sees_whole_chain(user) else Purchase.objects.filter(store__in=stores_for(user))
