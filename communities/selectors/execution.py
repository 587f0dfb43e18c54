"""How the plan was carried out: stores by slot for a day, stores by day for a month, posts for one store."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Max, QuerySet
from django.utils import timezone

from communities.models import PostTask, StoreDay, StoreMonth
from communities.selectors.measures import EXPECTED, MEASURES, MISSED, SKIPPED, Tally, counted
from stores.models import Store

_MISSED = " + ".join(MISSED)
_SKIPPED = " + ".join(SKIPPED)
# What they are called, and how much of it a store has: an expression over the measures.
STATES = {
    "waiting": ("有待发送", "waiting"),
    "late": ("有迟发", "late + made_up"),
    "missed": ("有错过", _MISSED),
    "skipped": ("有跳过", _SKIPPED),
    "blocked": ("有拦截", "blocked"),
    "failed": ("有发送失败", "failed"),
}
SORTS = {
    "share": f"on_time::float8 / nullif({' + '.join(EXPECTED)}, 0)",
    "waiting": "waiting",
    "missed": _MISSED,
    "skipped": _SKIPPED,
    "blocked": "blocked",
    "total": "total",
    "self_declared": "self_declared",
}
_COLUMNS = ", ".join(MEASURES)
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in MEASURES)
# A chain has 5,000 stores: they are counted, put in order and summed in one statement, and only their numbers and the
# sum leave the database.
_RANKED = """
    WITH counted (store_id, {columns}) AS MATERIALIZED ({counted}), kept AS (SELECT * FROM counted WHERE {kept})
    SELECT array_agg(store_id ORDER BY {order} NULLS LAST, {missed} DESC, store_id), {sums} FROM kept
"""
_MONTH = "SELECT store_id, {sums} FROM ({rolled} UNION ALL {live}) AS days (store_id, {columns}) GROUP BY store_id"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Stores in the order asked for, and what their posts came to all together."""

    store_ids: list[int]
    total: Tally


_NOBODY = Ranking([], Tally(dict.fromkeys(MEASURES, 0)))


@dataclass(frozen=True, slots=True)
class _Counted:
    """A statement that counts posts store by store: the store, then the measures."""

    sql: str
    params: tuple[Any, ...]


def day_ranking(
    *, day: date, stores: QuerySet[Store], everyone: bool, state: str, sort: str, at: datetime, slot: int | None = None
) -> Ranking:
    """The stores with posts on a day, or in one slot of it.

    :param everyone: whether `stores` leaves nobody out
    :param state: a name of `STATES` narrows them to those of which something is in it; an unknown one does not
    :param sort: a name of `SORTS`, `-` downwards; the worst share first where it is none of them
    """
    posts = PostTask.objects.filter(day=day) if slot is None else PostTask.objects.filter(day=day, slot=slot)
    live = _live(posts if everyone else posts.filter(store__in=stores), at=at)
    return _NOBODY if live is None else _ranked(live, state=state, sort=sort)


def month_ranking(
    *, first: date, last: date, stores: QuerySet[Store], everyone: bool, state: str, sort: str, at: datetime
) -> Ranking:
    """The same of a whole month, or of one up to today: off the roll-up as far as it reaches, live from there on.

    :param first: the first day of the month
    """
    live_from = _live_from(first)
    rolled = StoreMonth.objects.filter(month=first)
    posts = PostTask.objects.filter(day__range=(live_from, last))
    if not everyone:
        rolled, posts = rolled.filter(store__in=stores), posts.filter(store__in=stores)
    live = _live(posts, at=at)
    if live is None:
        return _NOBODY
    rolled_sql, rolled_params = rolled.order_by().values_list("store_id", *MEASURES).query.sql_with_params()
    sql = _MONTH.format(sums=_SUMS, rolled=rolled_sql, live=live.sql, columns=_COLUMNS)
    return _ranked(_Counted(sql, (*rolled_params, *live.params)), state=state, sort=sort)


def day_total(*, day: date, stores: QuerySet[Store], everyone: bool, at: datetime) -> Tally:
    """What the posts of a day came to in all these stores together."""
    posts = PostTask.objects.filter(day=day)
    return Tally.of((posts if everyone else posts.filter(store__in=stores)).aggregate(**counted(at=at)))


def rolled_until() -> date | None:
    """The last day the roll-up has counted; every earlier day with posts is in it too."""
    last: date | None = StoreDay.objects.aggregate(last=Max("day"))["last"]
    return last


def slot_cells(*, day: date, store_ids: Collection[int], at: datetime) -> dict[tuple[int, int], Tally]:
    """What each slot came to in each of these stores, by (store, slot)."""
    posts = PostTask.objects.filter(day=day, store__in=store_ids)
    rows = posts.order_by().values("store_id", "slot_id").annotate(**counted(at=at))
    return {(row["store_id"], row["slot_id"]): Tally.of(row) for row in rows}


def day_cells(*, first: date, last: date, store_ids: Collection[int], at: datetime) -> dict[tuple[int, date], Tally]:
    """What each day came to in each of these stores, by (store, day)."""
    live_from = _live_from(first)
    rolled = StoreDay.objects.filter(day__range=(first, live_from - timedelta(days=1)), store__in=store_ids)
    rows = list(rolled.order_by().values_list("store_id", "day", *MEASURES))
    if live_from <= last:
        posts = PostTask.objects.filter(day__range=(live_from, last), store__in=store_ids)
        live = posts.order_by().values_list("store_id", "day").annotate(**counted(at=at))
        rows += live.values_list("store_id", "day", *MEASURES)
    return {(store_id, day): Tally(zip(MEASURES, numbers, strict=True)) for store_id, day, *numbers in rows}


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


def _live_from(first: date) -> date:
    """The first day of a span that the roll-up has not counted."""
    reached = rolled_until()
    return first if reached is None else max(first, reached + timedelta(days=1))


def _live(posts: QuerySet[PostTask], *, at: datetime) -> _Counted | None:
    """None where it is plain that there are no stores, as for somebody who has none."""
    stores = posts.order_by().values_list("store_id").annotate(**counted(at=at)).values_list("store_id", *MEASURES)
    try:
        return _Counted(*stores.query.sql_with_params())
    except EmptyResultSet:
        return None


def _ranked(stores: _Counted, *, state: str, sort: str) -> Ranking:
    kept = f"{STATES[state][1]} > 0" if state in STATES else "true"
    name, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    order = f"{SORTS[name]} {direction}" if name in SORTS else f"{SORTS['share']} ASC"
    sql = _RANKED.format(columns=_COLUMNS, counted=stores.sql, kept=kept, order=order, missed=_MISSED, sums=_SUMS)
    with connection.cursor() as cursor:
        cursor.execute(sql, stores.params)
        store_ids, *sums = cursor.fetchone()
    return Ranking(store_ids or [], Tally(zip(MEASURES, sums, strict=True)))
