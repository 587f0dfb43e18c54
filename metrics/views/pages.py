"""What the pages of figures share: tiles, charts, heat maps, and when the figures are from."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from communities.models import Slot
from metrics.asking import PRESETS, Wish
from metrics.charts import is_drawable, trend_chart
from metrics.models import SavedView
from metrics.registry import METRICS, Metric
from metrics.selectors import reading
from metrics.selectors.parts import SlotShare
from metrics.selectors.periods import Period
from metrics.selectors.reading import Reading
from metrics.showing import Change, change_of, headline, is_thin, written
from stores.models import Staff, Store

# What is chosen elsewhere on a page, and is to outlive a change of period.
_CARRIED = ("m", "sort", "trend", "view", "store", "by")


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure with its change."""

    metric: Metric
    headline: str
    exact: str
    change: Change
    before: str
    thin: bool
    denominator: int | None


def tiles(wish: Wish, codes: Sequence[str], stores: QuerySet[Store]) -> list[Tile]:
    """The key figures of these stores together, each beside the same weekdays before."""
    now = reading.total(codes, wish.period, stores)
    before = reading.total(codes, wish.before, stores)
    return [_tile(METRICS[code], now[code], before[code], is_today=wish.is_today) for code in codes]


def _tile(metric: Metric, now: Reading, before: Reading, *, is_today: bool) -> Tile:
    # Half a day beside a whole one would look like a slump each morning.
    is_unfair = is_today and metric.denominator is None and not metric.standing
    change = Change("今天还没过完") if is_unfair else change_of(metric, now, before)
    return Tile(
        metric, headline(metric, now), written(metric, now), change, written(metric, before), is_thin(metric, now),
        now.denominator,
    )  # fmt: skip


def trend_of(wish: Wish, known: Metric, stores: QuerySet[Store]) -> dict[str, Any]:
    """The chart of one metric, and the days behind it."""
    period = wish.trend_period
    counted = dict(reading.trend([known.code], period, stores))
    before = dict(reading.trend([known.code], period.before(), stores))
    chart = trend_chart(known, period, counted, before=before)
    lines = [
        {
            "day": day, "now": written(known, counted.get(day, {}).get(known.code)),
            "before": written(known, before.get(earlier, {}).get(known.code)),
        }
        for day, earlier in zip(period.days(), period.before().days(), strict=True)
    ]  # fmt: skip
    return {
        "metric": known,
        "chart": chart,
        "is_drawable": is_drawable(chart),
        "period": period,
        "lines": lines[::-1],
    }


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One line of a heat map: what it is, and its slots in order."""

    label: str
    cells: list[SlotShare | None]
    url: str = ""


def heat_by_day(
    period: Period, slots: Sequence[Slot], shares: Mapping[tuple[date, int], SlotShare], *, page: str = ""
) -> list[HeatRow]:
    """Days by slots, the newest on top. `page` takes `?day=`."""
    return [
        HeatRow(
            f"{day:%m-%d} 周{'一二三四五六日'[day.weekday()]}",
            [shares.get((day, slot.number)) for slot in slots], f"{page}?day={day}" if page else "",
        )
        for day in reversed(list(period.days()))
    ]  # fmt: skip


def freshness(period: Period, *, today: date) -> dict[str, Any]:
    """Up to when the period is counted, and which of its days that are over are not."""
    counted = reading.counted_days(period)
    newest: datetime | None = max(counted.values(), default=None)
    # The day that is running is counted as far as it is, and listed only when it is over.
    missing = [day for day in period.days() if day not in counted and day < today]
    return {"newest": newest, "missing": missing, "is_empty": bool(missing) and not counted}


def chooser(wish: Wish, *, page: str = "", without: Container[str] = ()) -> dict[str, Any]:
    """What the row of choices above every page needs; `without` are the names its own form has fields for."""
    kept = [(name, value) for name in _CARRIED if name not in without for value in wish.query.getlist(name) if value]
    return {
        "wish": wish, "kept": kept, "fresh": freshness(wish.period, today=wish.today),
        "presets": [(key, label) for key, label in PRESETS.items() if key != "own"], "view_page": page,
        "views": views_of(wish.user, page) if page else [],
    }  # fmt: skip


def views_of(user: Staff, page: str) -> list[SavedView]:
    """The views of a page: one's own, then those HQ shares with everybody."""
    found = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True), page=page).order_by("name", "pk")
    return sorted(found, key=lambda view: view.owner_id != user.pk)
