"""Readings as the data of a chart: numbers in the unit that is written at the axis, null where nothing is known."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrics.registry import Metric
from metrics.selectors.periods import Period
from metrics.selectors.reading import Readings
from metrics.showing import figure_of


def trend_chart(
    metric: Metric, period: Period, counted: Mapping[date, Readings], *, before: Mapping[date, Readings] | None = None
) -> dict[str, Any]:
    """A metric day by day, and the days of the period before, with the same weekdays, behind it."""
    series: list[dict[str, Any]] = [{"name": "本期", "values": _values(metric, period, counted)}]
    if before is not None:
        earlier = _values(metric, period.before(), before)
        if any(value is not None for value in earlier):
            series.append({"name": "上期同星期", "values": earlier, "is_past": True})
    return {
        "unit": metric.unit.value,
        "categories": [f"{day:%m-%d}" for day in period.days()],
        "series": series,
        # How many there are at a day's end moves by little; everything else is read from zero.
        "from_zero": not (metric.standing and metric.denominator is None),
    }


def is_drawable(chart: Mapping[str, Any]) -> bool:
    """Whether there is a line to see at all."""
    return sum(value is not None for value in chart["series"][0]["values"]) > 1


def _values(metric: Metric, period: Period, counted: Mapping[date, Readings]) -> list[float | None]:
    figures = (figure_of(metric, counted.get(day, {}).get(metric.code)) for day in period.days())
    return [None if figure is None else float(figure.value) for figure in figures]
