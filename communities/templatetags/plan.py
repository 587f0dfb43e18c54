"""Words of the plan in templates."""

from collections.abc import Mapping
from typing import Any

from django import template

from communities.selectors.plan_cells import CellFacts
from communities.squares import WEEKDAYS

register = template.Library()

_NAMED = 6


@register.filter
def said(cell: CellFacts) -> str:
    """`秒杀「车厘子」等 3 个轮换 · 必做 · 企业群发`; what a cell says, in one line."""
    names = [f"「{name}」" for name in cell.live_names]
    materials = "、".join(names[:_NAMED]) + (f"等 {len(names)} 个轮换" if len(names) > _NAMED else "")
    parts = [f"{cell.theme_label}{materials or '：不发'}", "必做" if cell.saying.must_do else "可做", cell.wish_label]
    return " · ".join(part for part in parts if part)


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The value under a key; empty where there is none."""
    return mapping.get(key, "")


@register.filter
def weekday_name(number: int) -> str:
    """`周一` for 0."""
    return f"周{WEEKDAYS[number]}"
