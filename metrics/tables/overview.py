"""The chain by region and by city tier."""

from collections.abc import Mapping
from datetime import date

from django.urls import reverse

from metrics.asking import Wish
from metrics.selectors import parts, reading
from metrics.selectors.periods import Period
from metrics.tables.shape import Head, Row, Table
from stores.models import Region, Store
from stores.templatetags.fmt import weekday

USUAL = ("net_sales", "orders", "aov", "members", "net_growth", "on_time_rate", "active_rate", "quit_rate")
OF_REGIONS = ("net_sales", "orders", "members", "net_growth", "on_time_rate", "quit_rate")


def regions_table(wish: Wish, regions: list[Region]) -> Table:
    """One line a region, each with all below it."""
    readings = parts.of_regions(wish.codes, wish.period, wish.stores, regions)
    rows = [
        Row(
            words=(region.name,), readings=tuple(readings.get(region.pk, {}).get(code) for code in wish.codes),
            url=f"{reverse('metrics:region', args=[region.pk])}?{_query(wish)}", key=str(region.pk),
        )
        for region in regions
    ]  # fmt: skip
    return Table(
        title="按区域", heads=(Head("区域"),), metrics=wish.metrics, rows=rows, count=len(rows),
        filename=f"区域_{wish.period.first:%Y%m%d}-{wish.period.last:%Y%m%d}", facts=wish.facts(),
    )  # fmt: skip


def tiers_table(wish: Wish) -> Table:
    """One line a city tier that has stores with figures."""
    readings = parts.of_tiers(wish.codes, wish.period, wish.stores)
    rows = [
        Row(
            words=(str(label),), readings=tuple(readings[tier].get(code) for code in wish.codes),
            url=f"{reverse('metrics:overview')}?{_query(wish, city_tier=str(tier))}", key=str(tier),
        )
        for tier, label in Store.CityTier.choices if tier in readings
    ]  # fmt: skip
    return Table(
        title="按城市等级", heads=(Head("城市等级"),), metrics=wish.metrics, rows=rows, count=len(rows),
        filename=f"城市等级_{wish.period.first:%Y%m%d}-{wish.period.last:%Y%m%d}", facts=wish.facts(),
    )  # fmt: skip


def days_table(wish: Wish, period: Period, *, filename: str) -> Table:
    """One line a day, the newest first; a day that was not counted has no figures."""
    return days_of(wish, period, dict(reading.trend(wish.codes, period, wish.stores)), filename=filename)


def days_of(wish: Wish, period: Period, counted: Mapping[date, reading.Readings], *, filename: str) -> Table:
    """The same over readings at hand."""
    rows = [
        Row(
            words=(f"{day:%Y-%m-%d}", weekday(day)),
            readings=tuple(counted.get(day, {}).get(code) for code in wish.codes),
        )
        for day in reversed(list(period.days()))
    ]
    return Table(
        title="每天", heads=(Head("日期"), Head("星期")), metrics=wish.metrics, rows=rows, count=len(rows),
        filename=f"{filename}_{period.first:%Y%m%d}-{period.last:%Y%m%d}", facts=wish.facts(),
    )  # fmt: skip


def _query(wish: Wish, **changed: str) -> str:
    query = wish.query.copy()
    for name in ("page", "sort") if changed else ("page", "sort", "region"):
        query.pop(name, None)
    for name, value in changed.items():
        query[name] = value
    return query.urlencode()
