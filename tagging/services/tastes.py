"""Writing down how products taste."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from stores.services.auditing import audit
from tagging.models import AXIS_LIMIT, TasteAxis, TasteReading
from tagging.selectors.tastes import newest_readings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from stores.models import Product, Staff

# key, name, what is said of one who likes it, and of one who does not
FRUIT_AXES = (
    ("sweet", "甜", "偏甜", "不爱甜"),
    ("sour", "酸", "爱酸", "不爱酸"),
    ("crisp", "脆", "爽脆", "不爱脆"),
    ("juicy", "多汁", "多汁", "不爱水多"),
    ("aroma", "香", "香浓", "不爱味重"),
    ("soft", "绵软", "绵软", "不爱绵软"),
    ("ease", "方便", "吃着方便", "不怕麻烦"),
)
_TENTH = Decimal("0.1")


class TasteRefused(ValueError):
    """A reading that cannot be: the text says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The goods of some days: their taste stands before the variety's while they are on sale."""

    name: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class Reading:
    """How one product tastes on one axis (0 to 10), or that nobody knows any more (None)."""

    product_id: int
    axis: TasteAxis
    value: Decimal | None


def provide_axes() -> None:
    """Give a chain without axes those of fruit; a repeated call changes nothing."""
    if not TasteAxis.objects.exists():
        TasteAxis.objects.bulk_create(
            [
                TasteAxis(key=key, name=name, liked=liked, disliked=disliked, position=position)
                for position, (key, name, liked, disliked) in enumerate(FRUIT_AXES, start=1)
            ],
            ignore_conflicts=True,
        )


def taste_value(axis: TasteAxis, value: Decimal) -> Decimal:
    """A value to a tenth. :raises TasteRefused: it lies outside 0 to 10"""
    if not value.is_finite() or not 0 <= value <= AXIS_LIMIT:
        raise TasteRefused(f"「{axis.name}」要在 0 到 {AXIS_LIMIT} 之间，不能是 {value:f}")
    return value.quantize(_TENTH)


@transaction.atomic
def record_readings(
    *, readings: Sequence[Reading], source: str, by: Staff | None, at: datetime, batch: Batch | None = None
) -> int:
    """Append what differs from the readings that hold; returns how many were new. A repeated call adds nothing.

    :raises TasteRefused: a value outside 0 to 10, a batch without a name or that ends before it begins
    """
    if batch and not batch.name.strip():
        raise TasteRefused("批次要有名字")
    if batch and batch.valid_until < batch.valid_from:
        raise TasteRefused(f"批次「{batch.name}」的结束日早于开始日")
    known = newest_readings(
        product_ids={reading.product_id for reading in readings}, batch=batch.name.strip() if batch else ""
    )
    days = (batch.valid_from, batch.valid_until) if batch else (None, None)
    fresh = []
    for reading in readings:
        value = None if reading.value is None else taste_value(reading.axis, reading.value)
        held = known.get((reading.product_id, reading.axis.pk))
        if value is None and (held is None or held.value is None):
            continue
        if held and (held.value, held.source, held.valid_from, held.valid_until) == (value, source, *days):
            continue
        fresh.append(
            TasteReading(
                product_id=reading.product_id, axis=reading.axis, value=value, source=source, by=by, at=at,
                batch=batch.name.strip() if batch else "", valid_from=days[0], valid_until=days[1],
            )
        )  # fmt: skip
    TasteReading.objects.bulk_create(fresh)
    return len(fresh)


@transaction.atomic
def edit_product(
    *,
    product: Product,
    values: Mapping[TasteAxis, Decimal | None],
    source: str,
    by: Staff,
    at: datetime,
    batch: Batch | None = None,
) -> int:
    """What a person wrote about one product; audited. :raises TasteRefused: see `record_readings`"""
    count = record_readings(
        readings=[Reading(product.pk, axis, value) for axis, value in values.items()],
        source=source, by=by, at=at, batch=batch,
    )  # fmt: skip
    if count:
        audit(
            actor=by, action="taste.edited", at=at, target=f"product:{product.pk}",
            detail={"axes": count, "source": source, "batch": batch.name if batch else ""},
        )  # fmt: skip
    return count
