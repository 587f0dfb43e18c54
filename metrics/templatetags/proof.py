"""How factors and estimated money are written on the pages that prove something."""

from django import template

register = template.Library()


@register.filter
def times(factor: float) -> str:
    """A factor, `1.28 倍`."""
    return f"{factor:.2f} 倍"


@register.filter
def fen_yuan(fen: float) -> str:
    """An estimate in fen as yuan with one digit, `¥49.3` or `-¥2.0`; estimates are not written to the fen."""
    return f"{'-' if fen < 0 else ''}¥{abs(fen) / 100:,.1f}"


@register.filter
def measured(value: float | None, unit: str) -> str:
    """A metric's value in its unit: money comes in fen, shares as 0 to 1; `—` for nothing known."""
    if value is None:
        return "—"
    if unit == "元":
        return fen_yuan(value)
    return f"{value:.2%}" if unit == "%" else f"{value:,.2f} {unit}"
