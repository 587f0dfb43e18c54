"""Small bar charts drawn by the server: text keeps its size on any screen, and a phone loads no chart library."""

from collections.abc import Sequence
from typing import Any

from django import template

register = template.Library()

_FULL = 100
_WAN = 10_000


@register.inclusion_tag("shell/bars.html")
def bars(columns: Sequence[tuple[str, float]], *, label: str, css: str = "") -> dict[str, Any]:
    """Upright bars with their numbers above and names below; what is below zero has a number and no bar."""
    most = max((value for _, value in columns), default=0)
    drawn = []
    for name, value in columns:
        height = round(_FULL * value / most, 1) if most > 0 and value > 0 else 0
        drawn.append(
            {"name": name, "text": short(value), "top": _FULL - height, "height": height, "is_most": value == most > 0}
        )
    return {"columns": drawn, "label": label, "css": css}


def short(value: float) -> str:
    """A number that fits above a narrow bar: whole, beyond ten thousand in 万, nothing for zero."""
    if abs(value) >= _WAN:
        return f"{value / _WAN:.1f}万"
    return f"{value:.0f}" if value else ""
