"""Metrics read off the daily tallies: one query per question, however many stores, days and metrics it is about.

`stores` always comes through `stores_for(user)`. A value is in the metric's own unit (`registry.Unit`); it is None
where there is nothing to divide by or no day was counted, and shown as “—”.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, FilteredRelation, FloatField, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, NullIf

from metrics.models import RolledDay
from metrics.registry import Metric, UnknownMetric, metric
from metrics.registry.components import OPENINGS, STANDINGS, TABLES, Grain
from metrics.selectors.periods import BadPeriod, Period, period
from stores.models import Store

__all__ = [
    "BadPeriod", "Period", "Reading", "counted_days", "of_campaigns", "of_codes", "of_groups", "of_parts", "of_staff",
    "of_stores", "period", "ranking", "total", "trend",
]  # fmt: skip

_STORE_OF = {
    Grain.STORE: "store", Grain.GROUP: "group__store", Grain.STAFF: "staff__store", Grain.CAMPAIGN: "store",
    Grain.CODE: "code__store",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with what it was divided from; `denominator` is None where the metric is a plain sum."""

    value: float | None
    numerator: int | None
    denominator: int | None = None


Readings = dict[str, Reading]


def of_stores(codes: Iterable[str], period: Period, stores: QuerySet[Store]) -> dict[int, Readings]:
    """Each store's readings; a store of which no day was counted is missing. :raises UnknownMetric:"""
    return _by_subject(Grain.STORE, codes, period, stores)


def of_groups(codes: Iterable[str], period: Period, stores: QuerySet[Store]) -> dict[int, Readings]:
    """Of each group of these stores, by its id. :raises UnknownMetric: also where the metric has no such grain"""
    return _by_subject(Grain.GROUP, codes, period, stores)


def of_staff(codes: Iterable[str], period: Period, stores: QuerySet[Store]) -> dict[int, Readings]:
    """Of each colleague of these stores who had anything to count. :raises UnknownMetric: as `of_groups`"""
    return _by_subject(Grain.STAFF, codes, period, stores)


def of_campaigns(codes: Iterable[str], period: Period, stores: QuerySet[Store]) -> dict[int, Readings]:
    """Of each campaign, over these stores only. :raises UnknownMetric: as `of_groups`"""
    return _by_subject(Grain.CAMPAIGN, codes, period, stores)


def of_codes(codes: Iterable[str], period: Period, stores: QuerySet[Store]) -> dict[int, Readings]:
    """Of each entry code of these stores. :raises UnknownMetric: as `of_groups`"""
    return _by_subject(Grain.CODE, codes, period, stores)


def total(codes: Iterable[str], period: Period, stores: QuerySet[Store], *, grain: Grain = Grain.STORE) -> Readings:
    """The stores together: sums are divided, never rates averaged. :raises UnknownMetric:"""
    metrics = _chosen(codes, grain)
    rows = _rows(grain, period, stores)
    return _reader(metrics)(rows.aggregate(**_sums(metrics, period)))


def of_parts(codes: Iterable[str], period: Period, stores: QuerySet[Store], *, part: Combinable) -> dict[Any, Readings]:
    """The stores by whatever `part` makes of a store's day, as `F("store__city_tier")`. :raises UnknownMetric:"""
    metrics = _chosen(codes, Grain.STORE)
    rows = _rows(Grain.STORE, period, stores).order_by().annotate(part=part)
    read = _reader(metrics)
    return {row["part"]: read(row) for row in rows.values("part").annotate(**_sums(metrics, period))}


def trend(
    codes: Iterable[str], period: Period, stores: QuerySet[Store], *, grain: Grain = Grain.STORE, of: int | None = None
) -> list[tuple[date, Readings]]:
    """Each counted day of the period by itself, in order. :raises UnknownMetric:

    :param of: the id of one group, colleague, campaign or code of the grain, in place of all
    """
    metrics = _chosen(codes, grain)
    names = _components(metrics)
    found = _rows(grain, period, stores)
    rows = (
        (found.filter(**{grain.value: of}) if of else found)
        .order_by("day")
        .values("day")
        .annotate(**{_as(n): Sum(n) for n in names})
    )
    read = _reader(metrics)
    return [(row["day"], read(row)) for row in rows]


def ranking(code: str, period: Period, stores: QuerySet[Store], *, descending: bool = True) -> QuerySet[Store]:
    """The stores with `numerator`, `denominator` and `value` of one metric, in its order; those without come last.

    Sorted and paged by the database. `denominator` is null where the metric is a plain sum. :raises UnknownMetric:
    """
    one = _chosen([code], Grain.STORE)[code]
    spoken = stores.annotate(
        tally=FilteredRelation("tallies", condition=Q(tallies__day__range=(period.first, period.last)))
    ).annotate(**_sums({code: one}, period, prefix="tally__"))
    summed = spoken.annotate(numerator=one.numerator.sql(_column))
    if one.denominator is None:
        valued = summed.annotate(value=Cast(F("numerator"), FloatField()))
    else:
        below = NullIf(one.denominator.sql(_column), 0)
        valued = summed.annotate(
            denominator=one.denominator.sql(_column), value=Cast(F("numerator"), FloatField()) / below
        )
    order = F("value").desc(nulls_last=True) if descending else F("value").asc(nulls_last=True)
    return valued.order_by(order, "pk")


def counted_days(period: Period) -> dict[date, Any]:
    """Which days of the period were counted for every store, and when last."""
    rows = RolledDay.objects.filter(day__range=(period.first, period.last))
    return dict(rows.order_by("day").values_list("day", "rolled_at"))


def _by_subject(grain: Grain, codes: Iterable[str], period: Period, stores: QuerySet[Store]) -> dict[int, Readings]:
    metrics = _chosen(codes, grain)
    key = f"{grain.value}_id"
    rows = _rows(grain, period, stores).order_by().values(key).annotate(**_sums(metrics, period))
    read = _reader(metrics)
    return {row[key]: read(row) for row in rows}


def _rows(grain: Grain, period: Period, stores: QuerySet[Store]) -> QuerySet[Any]:
    where = {f"{_STORE_OF[grain]}__in": stores, "day__range": (period.first, period.last)}
    return TABLES[grain]._default_manager.filter(**where)  # noqa: SLF001 -- Django's documented API of a model


def _chosen(codes: Iterable[str], grain: Grain) -> dict[str, Metric]:
    chosen = {code: metric(code) for code in codes}
    for code, one in chosen.items():
        if grain not in one.grains:
            raise UnknownMetric(f"{code}（{grain.label}）")
    return chosen


def _components(metrics: Mapping[str, Metric]) -> list[str]:
    return list(dict.fromkeys(name for one in metrics.values() for name in one.components))


def _sums(metrics: Mapping[str, Metric], period: Period, *, prefix: str = "") -> dict[str, Sum]:
    """Flows over all days, openings at the first, standings at the last."""
    sums = {}
    for name in _components(metrics):
        held = period.first if name in OPENINGS else period.last if name in STANDINGS else None
        on = Q(**{f"{prefix}day": held}) if held else None
        sums[_as(name)] = Sum(f"{prefix}{name}", filter=on)
    return sums


def _as(component: str) -> str:
    return f"of_{component}"


def _column(component: str) -> F:
    return F(_as(component))


def _reader(metrics: Mapping[str, Metric]) -> Callable[[Mapping[str, Any]], Readings]:
    """What makes readings of a row, put together once for all rows of a question: a chain's peers are a thousand."""
    columns = [(name, _as(name)) for name in _components(metrics)]

    def read(row: Mapping[str, Any]) -> Readings:
        values = {name: row[column] for name, column in columns}
        return {code: _reading(one, values) for code, one in metrics.items()}

    return read


def _reading(one: Metric, values: Mapping[str, int | None]) -> Reading:
    below = one.denominator.of(values) if one.denominator else None
    return Reading(one.value(values), one.numerator.of(values), below)
