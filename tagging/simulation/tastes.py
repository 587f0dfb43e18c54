"""The sample chain's tasters: what they say of its fruit is near the simulation's truth, never quite it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from stores.models import Product
from stores.simulation.catalogue import AXES, CATALOGUE
from tagging.models import AXIS_LIMIT, TasteAxis, TasteReading
from tagging.services.tastes import Reading, provide_axes, record_readings

if TYPE_CHECKING:
    from datetime import datetime

_SLIP = 0.6  # standard deviation of a taster's mistake
_UNTASTED = 0.04  # share of values nobody has written down yet


def taste_sample_chain(*, seed: int, at: datetime) -> int:
    """Write expert readings for the sample chain's fruit; returns how many. A repeated call adds nothing."""
    provide_axes()
    axes = {axis.key: axis for axis in TasteAxis.objects.filter(key__in=AXES)}
    products = dict(Product.objects.values_list("code", "pk"))
    drawn = np.random.default_rng([seed, 22])
    slips = drawn.normal(0, _SLIP, (len(CATALOGUE), len(AXES)))
    untasted = drawn.random(slips.shape) < _UNTASTED
    readings = [
        Reading(products[fruit.code], axes[key], Decimal(str(round(min(max(value + slip, 0), AXIS_LIMIT), 1))))
        for fruit, row, skipped in zip(CATALOGUE, slips, untasted, strict=True)
        for key, value, slip, skip in zip(AXES, fruit.taste, row, skipped, strict=True)
        if fruit.code in products and key in axes and not skip
    ]
    return record_readings(readings=readings, source=TasteReading.Source.EXPERT, by=None, at=at)
