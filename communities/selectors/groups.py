"""Customer groups as lists show them."""

from datetime import datetime, timedelta

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from communities.models import CustomerGroup, GroupMembership
from stores.models import Staff, Store
from stores.selectors import stores_for

RECENTLY = timedelta(days=7)


def groups_for(user: Staff) -> QuerySet[CustomerGroup]:
    """The live groups of the stores this person may see; HQ also sees those of no store."""
    live = CustomerGroup.objects.live()
    return live if user.is_hq else live.filter(store__in=stores_for(user))


def group_rows(groups: QuerySet[CustomerGroup], *, at: datetime) -> QuerySet[CustomerGroup]:
    """Groups with store, owner, and how many customers joined and quit in the last seven days."""
    since = at - RECENTLY
    return (
        groups.select_related("store", "owner")
        .annotate(joined=_count(Q(joined_at__gte=since)), quit=_count(Q(left_at__gte=since)))
        .order_by("store__code", "name", "pk")
    )


def groups_matching(groups: QuerySet[CustomerGroup], *, text: str, kind: str) -> QuerySet[CustomerGroup]:
    """The groups of a kind whose name, store or owner holds the text; empty means any."""
    if kind in CustomerGroup.Kind.values:
        groups = groups.filter(kind=kind)
    wanted = text.strip()
    if wanted:
        groups = groups.filter(
            Q(name__icontains=wanted) | Q(store__name__icontains=wanted) | Q(owner__name__icontains=wanted)
        )
    return groups


def may_classify(user: Staff, store: Store | None) -> bool:
    """What a group is for is said by its store's manager, and by HQ."""
    return user.is_hq or (user.role == Staff.Role.MANAGER and store is not None and user.store_id == store.pk)


def _count(condition: Q) -> Coalesce:
    stays = GroupMembership.objects.filter(condition, group=OuterRef("pk"), is_staff=False)
    counted = stays.order_by().values("group").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
