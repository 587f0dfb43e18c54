"""How the plan was carried out: stores by slot for a day, stores by day for a month, posts for one store."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from communities.models import PostTask, StoreDay
from communities.selectors.measures import MEASURES, Tally, counted
from stores.models import Store

_SUMS = [Sum(name) for name in MEASURES]
STATES: dict[str, tuple[str, Callable[[Tally], int]]] = {
    "waiting": ("有待发送", lambda tally: tally["waiting"]),
    "late": ("有迟发", lambda tally: tally["late"] + tally["made_up"]),
    "missed": ("有错过", lambda tally: tally.missed),
    "skipped": ("有跳过", lambda tally: tally.skipped),
    "blocked": ("有拦截", lambda tally: tally["blocked"]),
    "failed": ("有发送失败", lambda tally: tally["failed"]),
}
SORTS: dict[str, Callable[[Tally], float]] = {
    "share": lambda tally: 2.0 if tally.share is None else tally.share,  # nothing expected yet: last
    "waiting": lambda tally: tally["waiting"],
    "missed": lambda tally: tally.missed,
    "skipped": lambda tally: tally.skipped,
    "blocked": lambda tally: tally["blocked"],
    "total": lambda tally: tally["total"],
    "self_declared": lambda tally: tally["self_declared"],
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A store and what its posts came to."""

    store_id: int
    tally: Tally


def day_standings(*, day: date, stores: QuerySet[Store], everyone: bool, at: datetime) -> list[Standing]:
    """What the posts of a day came to, store by store; `everyone` says that `stores` leaves nobody out."""
    posts = PostTask.objects.filter(day=day)
    return _standings(posts if everyone else posts.filter(store__in=stores), at=at)


def day_total(*, day: date, stores: QuerySet[Store], everyone: bool, at: datetime) -> Tally:
    """What the posts of a day came to in all these stores together."""
    posts = PostTask.objects.filter(day=day)
    return Tally.of((posts if everyone else posts.filter(store__in=stores)).aggregate(**counted(at=at)))


def month_standings(
    *, first: date, last: date, stores: QuerySet[Store], everyone: bool, at: datetime
) -> list[Standing]:
    """The same of several days: off the roll-up as far as it reaches, live from there on."""
    reached = rolled_until()
    live_from = first if reached is None else max(first, reached + timedelta(days=1))
    rolled = StoreDay.objects.filter(day__range=(first, min(last, live_from - timedelta(days=1))))
    posts = PostTask.objects.filter(day__range=(live_from, last))
    if not everyone:
        rolled, posts = rolled.filter(store__in=stores), posts.filter(store__in=stores)
    sums: dict[int, Tally] = {}
    summed = rolled.order_by().values_list("store_id").annotate(*_SUMS)
    for store_id, *numbers in summed:
        sums[store_id] = Tally(zip(MEASURES, numbers, strict=True))
    for one in _standings(posts, at=at):
        known = sums.get(one.store_id)
        sums[one.store_id] = Tally.sum_of([known, one.tally]) if known else one.tally
    return [Standing(store_id, tally) for store_id, tally in sums.items()]


def rolled_until() -> date | None:
    """The last day the roll-up has counted; every earlier day with posts is in it too."""
    last: date | None = StoreDay.objects.aggregate(last=Max("day"))["last"]
    return last


def narrowed(standings: Iterable[Standing], *, state: str) -> list[Standing]:
    """The stores of which something is in that state; an unknown one narrows nothing."""
    if state not in STATES:
        return list(standings)
    _, amount = STATES[state]
    return [one for one in standings if amount(one.tally)]


def sorted_standings(standings: Iterable[Standing], *, sort: str) -> list[Standing]:
    """By a name of `SORTS`, `-` downwards; the worst share first where it is none of them."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        name, sort = "share", "share"
    key, sign = SORTS[name], -1 if sort.startswith("-") else 1
    return sorted(standings, key=lambda one: (sign * key(one.tally), -one.tally.missed, one.store_id))


def whole(standings: Iterable[Standing]) -> Tally:
    """The sum over stores."""
    return Tally.sum_of([one.tally for one in standings])


def slot_cells(*, day: date, store_ids: Collection[int], at: datetime) -> dict[tuple[int, int], Tally]:
    """What each slot came to in each of these stores, by (store, slot)."""
    posts = PostTask.objects.filter(day=day, store__in=store_ids)
    rows = posts.order_by().values("store_id", "slot_id").annotate(**counted(at=at))
    return {(row["store_id"], row["slot_id"]): Tally.of(row) for row in rows}


def day_cells(*, first: date, last: date, store_ids: Collection[int], at: datetime) -> dict[tuple[int, date], Tally]:
    """What each day came to in each of these stores, by (store, day)."""
    reached = rolled_until()
    live_from = first if reached is None else max(first, reached + timedelta(days=1))
    rolled = StoreDay.objects.filter(day__range=(first, live_from - timedelta(days=1)), store__in=store_ids)
    cells = {(row.store_id, row.day): Tally.of(vars(row)) for row in rolled}
    posts = PostTask.objects.filter(day__range=(live_from, last), store__in=store_ids)
    for row in posts.order_by().values("store_id", "day").annotate(**counted(at=at)):
        cells[row["store_id"], row["day"]] = Tally.of(row)
    return cells


def late_posts(*, day: date, stores: QuerySet[Store], at: datetime) -> QuerySet[PostTask]:
    """The posts of a day that are out and due and not sent: those somebody may be urged for."""
    return PostTask.objects.filter(day=day, store__in=stores, state=PostTask.State.RELEASED, due_at__lte=at)


def posts_of(store: Store, *, day: date) -> QuerySet[PostTask]:
    """A store's posts of a day, group by group in the order of the slots."""
    wanted = PostTask.objects.filter(store=store, day=day).exclude(state=PostTask.State.WITHDRAWN)
    return wanted.select_related("group", "slot", "version__material", "done_by").order_by(
        "group__name", "group_id", "slot_id"
    )


def month_of(day: date, *, at: datetime) -> tuple[date, date]:
    """The first day of a day's month, and its last that is not in the future."""
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first, max(first, min(last, timezone.localdate(at)))


def _standings(posts: QuerySet[PostTask], *, at: datetime) -> list[Standing]:
    # Tuples, not dictionaries: a chain has 5,000 of them.
    rows = posts.order_by().values_list("store_id").annotate(**counted(at=at)).values_list("store_id", *MEASURES)
    return [Standing(store_id, Tally(zip(MEASURES, numbers, strict=True))) for store_id, *numbers in rows]
