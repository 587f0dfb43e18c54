"""How money, counts, stock and days are written. Django has no thousands separator for zh-hans, so it is done here."""

from datetime import date, datetime
from decimal import Decimal

from django import template
from django.utils import timezone

register = template.Library()

GRAMS_PER_JIN = 500
_WEEKDAYS = "一二三四五六日"
_NOTHING = "—"
_LONG_NUMBER = 100_000
_ROUND_FROM = 100
# The first mark found wins, so the narrower names stand first.
_DEVICES = (
    ("iPhone", "苹果手机"), ("iPad", "苹果平板"), ("Android", "安卓手机"), ("OpenHarmony", "鸿蒙手机"),
    ("Windows", "Windows 电脑"), ("Macintosh", "苹果电脑"), ("Linux", "Linux 电脑"),
)  # fmt: skip
_BROWSERS = (
    ("wxwork", "企业微信"), ("MicroMessenger", "微信"), ("Edg/", "Edge"), ("Chrome/", "Chrome"),
    ("Firefox/", "Firefox"), ("Safari/", "Safari"),
)  # fmt: skip


@register.filter
def yuan(fen: int | None) -> str:
    """Fen as `¥1,234.50`, `-¥3.00` for a refund, `—` for nothing known."""
    if fen is None:
        return _NOTHING
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(int(fen)), 100)
    return f"{sign}¥{whole:,}.{rest:02d}"


@register.filter
def yuan_short(fen: int) -> str:
    """Money for a headline: `¥5,286`, from 100,000 yuan on `¥12.3万`."""
    whole = round(Decimal(fen) / 100)
    sign, whole = ("-" if whole < 0 else ""), abs(whole)
    return f"{sign}¥{Decimal(whole) / 10_000:,.1f}万" if whole >= _LONG_NUMBER else f"{sign}¥{whole:,}"


@register.filter
def about(number: int) -> str:
    """An estimate, not written more exactly than it is: `约 412 万`, `约 3.2 万`."""
    in_wan = Decimal(number) / 10_000
    return f"约 {in_wan:,.0f} 万" if in_wan >= _ROUND_FROM else f"约 {in_wan:,.1f} 万"


@register.filter
def grouped(number: float | Decimal | None) -> str:
    """A number with its thousands apart, `12,345`; `—` for nothing known."""
    return _NOTHING if number is None else f"{number:,}"


@register.filter
def weekday(day: date | None) -> str:
    """`周日` for a Sunday; a moment is read on the business clock."""
    if day is None:
        return ""
    if isinstance(day, datetime) and timezone.is_aware(day):
        day = timezone.localtime(day)
    return f"周{_WEEKDAYS[day.weekday()]}"


@register.filter
def stock(amount: int, unit: str) -> str:
    """Stock as shop staff count it: grams as `12.5 斤`, others as `3 份` or `3 个`."""
    number = _jin(amount) if unit == "jin" else f"{amount:,}"
    return f"{number} {per_unit(unit).removeprefix('/')}"


@register.filter
def per_unit(unit: str) -> str:
    """What a price is for: `/斤`, `/份` or `/个`."""
    return {"jin": "/斤", "piece": "/个"}.get(unit, "/份")


def plain_stock(amount: int, unit: str) -> str:
    """The number alone, without thousands apart, as it is typed into a form."""
    return _jin(amount).replace(",", "") if unit == "jin" else str(amount)


@register.filter
def stage_tone(stage: str) -> str:
    """The pill of a store's stage."""
    return {"running": "pill-good", "opening": "pill-info", "fitout": "pill-warn"}.get(stage, "pill-bad")


@register.filter
def device(user_agent: str) -> str:
    """A browser's long name as a person would say it: `苹果手机 · 微信`."""
    where = next((name for mark, name in _DEVICES if mark in user_agent), "其他设备")
    app = next((name for mark, name in _BROWSERS if mark in user_agent), "浏览器")
    return f"{where} · {app}"


def _jin(grams: int) -> str:
    return f"{Decimal(grams) / GRAMS_PER_JIN:,.3f}".rstrip("0").rstrip(".")
