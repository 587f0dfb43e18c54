"""How the pages of figures colour and write what they show."""

from django import template

from metrics.registry import METRICS
from metrics.selectors.reading import Readings
from metrics.showing import written

register = template.Library()

_SHARES = ((95, "heat-5"), (85, "heat-4"), (70, "heat-3"), (50, "heat-2"))


@register.filter
def heat_tone(percent: int | None) -> str:
    """The colour class of an on-time share."""
    if percent is None:
        return "heat-none"
    return next((tone for least, tone in _SHARES if percent >= least), "heat-1")


@register.filter
def reading(readings: Readings, code: str) -> str:
    """One metric of several read together, as it is written everywhere."""
    return written(METRICS[code], readings.get(code))
