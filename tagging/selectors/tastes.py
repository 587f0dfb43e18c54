"""How products taste today: the batch on sale before the variety, what somebody said before an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Q

from stores.models import Product
from tagging.models import RecommenderModel, TasteAxis, TasteReading
from tagging.recommending.estimating import estimate_tastes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from tagging.recommending.facts import Bools, Floats, Ints

ESTIMATE = "estimate"
SOURCES = {**dict(TasteReading.Source.choices), ESTIMATE: "估计"}


@dataclass(frozen=True, slots=True)
class Taste:
    """One axis of one product; `value` is None where nothing lets even estimate it."""

    axis: TasteAxis
    value: float | None
    source: str
    batch: str = ""

    @property
    def is_estimate(self) -> bool:
        return self.source == ESTIMATE

    @property
    def label(self) -> str:
        return SOURCES.get(self.source, "")


@dataclass(frozen=True, slots=True)
class TasteTable:
    """(products, axes): values that somebody gave, NaN elsewhere, and those readings themselves."""

    axes: list[TasteAxis]
    values: Floats
    readings: dict[tuple[int, int], TasteReading]


def axes_in_order() -> list[TasteAxis]:
    return list(TasteAxis.objects.order_by("position", "pk"))


def newest_readings(*, product_ids: Collection[int], batch: str) -> dict[tuple[int, int], TasteReading]:
    """By product and axis, the newest reading of one batch, or of the varieties where `batch` is empty."""
    rows = (
        TasteReading.objects.filter(product__in=product_ids, batch=batch)
        .order_by("product", "axis", "-at", "-pk")
        .distinct("product", "axis")
    )
    return {(row.product_id, row.axis_id): row for row in rows}


def taste_table(product_ids: Sequence[int], *, on: date) -> TasteTable:
    """What holds on a day, in two queries."""
    axes = axes_in_order()
    of_batches = (
        TasteReading.objects.filter(product__in=product_ids)
        .filter(Q(batch="") | Q(valid_from__lte=on, valid_until__gte=on))
        .order_by("product", "axis", "batch", "-at", "-pk")
        .distinct("product", "axis", "batch")
    )
    held: dict[tuple[int, int], TasteReading] = {}
    for row in sorted(of_batches, key=lambda row: (row.batch != "", row.at, row.pk)):
        if row.value is not None:  # of two batches on sale at once the one described last
            held[row.product_id, row.axis_id] = row
    values = np.full((len(product_ids), len(axes)), np.nan, dtype=np.float32)
    row_of = {product: place for place, product in enumerate(product_ids)}
    column_of = {axis.pk: place for place, axis in enumerate(axes)}
    for (product, axis), row in held.items():
        values[row_of[product], column_of[axis]] = row.value
    return TasteTable(axes, values, held)


def kinds_of(products: Sequence[Product]) -> tuple[Ints, Ints]:
    """The numbers of the products' varieties (-1 where it has none) and categories."""
    varieties = {name: place for place, name in enumerate(sorted({product.variety for product in products} - {""}))}
    categories = {name: place for place, name in enumerate(sorted({product.category for product in products}))}
    return (
        np.asarray([varieties.get(product.variety, -1) for product in products], np.int32),
        np.asarray([categories[product.category] for product in products], np.int32),
    )


def filled(table: TasteTable, products: Sequence[Product], likeness: Floats | None = None) -> tuple[Floats, Bools]:
    """The table without gaps as far as variety, category and co-purchase (`likeness`) let estimate; and where."""
    variety, category = kinds_of(products)
    return estimate_tastes(table.values, variety=variety, category=category, likeness=likeness)


def tastes_of(products: Sequence[Product], *, on: date) -> dict[int, list[Taste]]:
    """Every axis of each product, estimates marked; what is missing is estimated from the whole catalogue."""
    catalogue = list(Product.objects.order_by("pk"))
    table = taste_table([product.pk for product in catalogue], on=on)
    values, _ = filled(table, catalogue)
    learnt = newest_estimates()
    row_of = {product.pk: place for place, product in enumerate(catalogue)}
    return {
        product.pk: [
            _taste(axis, table, product.pk, float(values[row_of[product.pk], place]), learnt)
            for place, axis in enumerate(table.axes)
        ]
        for product in products
    }


def newest_estimates() -> dict[int, dict[str, float]]:
    """What the last night estimated, by product and axis: with co-purchase, which a page has no time for."""
    newest = RecommenderModel.objects.order_by("-learnt_at").values_list("estimates", flat=True).first()
    return {int(product): values for product, values in (newest or {}).items()}


def _taste(
    axis: TasteAxis, table: TasteTable, product: int, guess: float, learnt: dict[int, dict[str, float]]
) -> Taste:
    reading = table.readings.get((product, axis.pk))
    if reading is not None and reading.value is not None:
        return Taste(axis, float(reading.value), reading.source, reading.batch)
    value = learnt.get(product, {}).get(axis.key, guess)
    return Taste(axis, None if np.isnan(value) else round(value, 1), "" if np.isnan(value) else ESTIMATE)


def readings_of(product: Product, *, limit: int = 100) -> list[TasteReading]:
    """The product's history, newest first."""
    return list(
        TasteReading.objects.filter(product=product).select_related("axis", "by").order_by("-at", "-pk")[:limit]
    )
