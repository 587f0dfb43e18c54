"""Reads of cases: drafts and shared ones for HQ, what a store may copy, and what copies brought."""

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from communities.models import MaterialAsset
from metrics.models import Case, CaseCopy
from stores.models import Staff, Store
from stores.selectors import stores_for

_DEEP = 12  # regions below regions


def cases_for(user: Staff) -> QuerySet[Case]:
    """What a person may read: HQ everything, others what is shared with a store of theirs; guides have none."""
    if user.is_hq:
        return Case.objects.all()
    if user.role == Staff.Role.GUIDE:
        return Case.objects.none()
    mine = stores_for(user)
    paths = {path for path in mine.values_list("region__path", flat=True).distinct() if path}
    above = {prefix for path in paths for prefix in _prefixes(path)}
    shared = Q(scope=Case.Scope.ALL) | Q(scope=Case.Scope.REGION, region__path__in=above) | Q(stores__in=mine)
    return Case.objects.filter(pk__in=Case.objects.filter(shared, state=Case.State.SHARED).values("pk"))


def may_copy(user: Staff) -> bool:
    """A manager, for the own store."""
    return user.role == Staff.Role.MANAGER and user.store_id is not None


def case_rows(cases: QuerySet[Case], *, state: str = "", kind: str = "") -> QuerySet[Case]:
    """Cases as the lists show them, the latest first: `copied` stores, `cover` the first picture's id."""
    placed = MaterialAsset.objects.filter(version=OuterRef("material__current"), asset__kind="image")
    if state in Case.State.values:
        cases = cases.filter(state=state)
    if kind in Case.Kind.values:
        cases = cases.filter(kind=kind)
    counted = CaseCopy.objects.filter(case=OuterRef("pk")).order_by().values("case").annotate(n=Count("pk"))
    return (
        cases.select_related("store", "material", "region")
        .annotate(copied=Subquery(counted.values("n")), cover=Subquery(placed.order_by("position").values("asset")[:1]))
        .order_by("-shared_at", "-found_at", "-pk")
    )


def with_copies(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases with their copies, the latest first, each with its store."""
    copies = CaseCopy.objects.select_related("store", "by").order_by("-at", "-pk")
    return cases.prefetch_related(Prefetch("copies", queryset=copies))


def counts_by_state() -> dict[str, int]:
    """How many cases HQ has in each state."""
    return dict(Case.objects.order_by().values_list("state").annotate(Count("pk")))


def copy_of(case: Case, store: Store) -> CaseCopy | None:
    return CaseCopy.objects.filter(case=case, store=store).first()


def copied_people(case: Case) -> int:
    """How many people the copies reached."""
    return int(case.copies.aggregate(n=Sum("exposure"))["n"] or 0)


def _prefixes(path: str) -> list[str]:
    """A region's own path and those above it: `HD/ZJ/HZ/` lies in `HD/` and `HD/ZJ/`."""
    codes = path.split("/")[:-1][:_DEEP]
    return ["/".join(codes[:depth]) + "/" for depth in range(1, len(codes) + 1)]
