"""Stores in the order of one metric, sorted and paged by the database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import nlargest, nsmallest

from django.db.models import QuerySet
from django.urls import reverse

from metrics.asking import Wish
from metrics.registry import Metric, Unit
from metrics.selectors import reading
from metrics.tables.shape import Head, Row, Table
from stores.models import Store

USUAL = ("net_sales", "orders", "members", "net_growth", "on_time_rate", "repurchase_rate")
HEADS = (Head("门店", "name"), Head("编码", "code"), Head("城市", "city"), Head("区域"), Head("阶段"))
_WORDS = ("name", "code", "city")


def sort_of(wish: Wish) -> str:
    """The column and direction asked for, `-` downwards; the first metric's better end on top where it is none."""
    name = wish.sort.removeprefix("-")
    if name in _WORDS or name in wish.codes:
        return wish.sort
    return f"-{wish.metrics[0].code}"


def ordered(wish: Wish) -> QuerySet[Store]:
    """The stores asked for, in the order asked for; those without the figure come last."""
    sort = sort_of(wish)
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    stores = wish.stores.select_related("region")
    if name in _WORDS:
        return stores.order_by(f"-{name}" if descending else name, "pk")
    return reading.ranking(name, wish.period, stores, descending=descending)


def table_of(wish: Wish, stores: Sequence[Store] | QuerySet[Store], *, count: int, whole: bool = False) -> Table:
    """A table of these stores, in their order.

    :param whole: they are all that was asked for, so the figures need not be sought store by store
    """
    among = wish.stores if whole else wish.stores.filter(pk__in=[store.pk for store in stores])
    rows = _rows(wish, stores, among)
    return replace(_empty(wish), rows=rows if whole else list(rows), count=count)


def _empty(wish: Wish) -> Table:
    return Table(
        title="门店排行", heads=HEADS, metrics=wish.metrics, rows=(), count=0,
        filename=f"门店排行_{wish.period.first:%Y%m%d}-{wish.period.last:%Y%m%d}", facts=wish.facts(),
    )  # fmt: skip


def _rows(wish: Wish, stores: Sequence[Store] | QuerySet[Store], among: QuerySet[Store]) -> Iterator[Row]:
    readings = reading.of_stores(wish.codes, wish.period, among)
    for store in stores.iterator(chunk_size=500) if isinstance(stores, QuerySet) else stores:
        yield _row(wish, store, readings.get(store.pk, {}))


def _row(wish: Wish, store: Store, own: Mapping[str, reading.Reading]) -> Row:
    query = f"?first={wish.period.first}&last={wish.period.last}&period=own"
    return Row(
        words=(store.name, store.code, store.city, store.region.name, store.get_stage_display()),
        readings=tuple(own.get(code) for code in wish.codes),
        url=reverse("metrics:store", args=[store.pk]) + query,
        key=str(store.pk),
    )


def ends(wish: Wish, best: str, worst: str, *, most: int) -> tuple[Table, Table]:
    """The stores with the most of one metric, and those with the least of another; two looks, however many stores."""
    readings = reading.of_stores([best, worst], wish.period, wish.stores)

    def known(code: str) -> list[tuple[float, int]]:
        return [(value, pk) for pk, own in readings.items() if (value := own[code].value) is not None]

    top = [pk for _, pk in nlargest(most, known(best), key=lambda pair: (pair[0], -pair[1]))]
    bottom = [pk for _, pk in nsmallest(most, known(worst))]
    stores = wish.everywhere.select_related("region").in_bulk([*top, *bottom])
    first, last = (
        replace(
            _empty(wish.about(code)), count=len(found),
            rows=[_row(wish.about(code), stores[pk], readings[pk]) for pk in found],
        )
        for code, found in ((best, top), (worst, bottom))
    )  # fmt: skip
    return first, last


def choices(metrics: Sequence[Metric]) -> list[tuple[str, list[Metric]]]:
    """Metrics to choose columns from, in groups a person would look under."""
    named = {
        "销售": {Unit.MONEY, Unit.ORDERS}, "人": {Unit.PEOPLE}, "比例与频次": {Unit.SHARE, Unit.TIMES, Unit.RATIO},
    }  # fmt: skip
    return [(name, [one for one in metrics if one.unit in units]) for name, units in named.items()]
