"""Groups, stays and posts as records: the whole history of the stores one sees, dissolved groups included."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch, QuerySet

from communities.models import CustomerGroup, GroupMembership, PostEvidence, PostTask
from members.selectors.scope import sees_whole_chain
from stores.models import Staff
from stores.selectors import stores_for


def all_groups_for(user: Staff | AnonymousUser) -> QuerySet[CustomerGroup]:
    """The groups of the stores this user sees, whether they still exist or not; HQ also those of no store."""
    groups = CustomerGroup.objects.select_related("store")
    return groups if sees_whole_chain(user) else groups.filter(store__in=stores_for(user))


def stays_for(user: Staff | AnonymousUser) -> QuerySet[GroupMembership]:
    """Who came and went in those groups."""
    stays = GroupMembership.objects.select_related("group__store")
    return stays if sees_whole_chain(user) else stays.filter(group__store__in=stores_for(user))


def posts_for(user: Staff | AnonymousUser) -> QuerySet[PostTask]:
    """What those groups were to get, and every proof of it, each kind apart."""
    posts = PostTask.objects.select_related("store", "slot", "version__material").prefetch_related(
        Prefetch("proofs", queryset=PostEvidence.objects.order_by("level"))
    )
    return posts if sees_whole_chain(user) else posts.filter(store__in=stores_for(user))
