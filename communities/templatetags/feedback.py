"""How a rate is shown: its point and its interval, or that there is too little to say."""

from typing import Any

from django import template

from communities.estimates import Sums

register = template.Library()

_SMALL = 0.01  # below it two decimals
_LEAST = 0.00005  # what two decimals would write as nothing


@register.inclusion_tag("communities/feedback/figure.html")
def share(sums: Sums, name: str, *, is_bad: bool = False) -> dict[str, Any]:
    """What share of the people reached did it."""
    found = sums.share(name)
    point = sums.ratio(name)
    digits = 2 if point < _SMALL else 1
    return {
        "count": int(sums[name]), "point": _percent(point, digits) if sums["people"] else "—",
        "low": _percent(found.low, digits) if found else "", "high": _percent(found.high, digits) if found else "",
        "is_thin": found is None, "is_bad": is_bad,
    }  # fmt: skip


@register.inclusion_tag("communities/feedback/figure.html")
def per_hundred(sums: Sums) -> dict[str, Any]:
    """Sales in yuan per 100 people reached."""
    found = sums.per_hundred("sales_fen")
    return {
        "point": _yuan(100 * sums.ratio("sales_fen")) if sums["people"] else "—",
        "low": _yuan(found.low) if found else "", "high": _yuan(found.high) if found else "", "is_thin": found is None,
    }  # fmt: skip


@register.filter
def whole(number: float) -> str:
    """A count that came as a float: `12,345`."""
    return f"{number:,.0f}"


@register.filter
def signed_yuan(fen: float) -> str:
    """What a swap adds, `+¥62` or `−¥8`."""
    return f"{'−' if fen < 0 else '+'}¥{abs(fen) / 100:,.0f}"


def _percent(share: float, digits: int) -> str:
    if 0 < share < _LEAST:
        return "<0.01%"
    return f"{100 * share:.{digits}f}%"


def _yuan(fen: float) -> str:
    return f"¥{fen / 100:,.0f}" if fen >= 10_000 else f"¥{fen / 100:,.1f}"  # noqa: PLR2004 -- from 100 yuan on, whole


@register.filter
def quit_rate(sums: Sums) -> float:
    """The share of people reached who left."""
    return sums.ratio("quits")
