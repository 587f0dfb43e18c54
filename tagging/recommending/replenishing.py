"""When the usual runs out: the member's own interval, drawn towards the product's where she has bought it seldom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tagging.recommending.facts import Floats, Ints
    from tagging.recommending.signals import Pairs

_OTHERS_SAY = 1.0  # the product's usual interval counts like so many intervals of her own
_UNKNOWN = 14.0  # days, for a product nobody bought twice
_SHORTEST, _LONGEST = 2.0, 120.0  # longer than a season is no habit


def usual_intervals(pairs: Pairs, products: int) -> Floats:
    """By product, the median over members of their mean days between purchases."""
    gap = _mean_gaps(pairs)
    usual = np.full(products, _UNKNOWN, dtype=np.float32)
    repeated = pairs.last > pairs.first
    for each in np.unique(pairs.product[repeated]):
        usual[each] = np.median(gap[repeated & (pairs.product == each)])
    return np.clip(usual, _SHORTEST, _LONGEST)


def due_days(pairs: Pairs, *, usual: Floats) -> tuple[Ints, Ints]:
    """For each pair of member and product the day it runs out, and the interval that says so."""
    own = pairs.count - 1
    interval = (_mean_gaps(pairs) * own + usual[pairs.product] * _OTHERS_SAY) / (own + _OTHERS_SAY)
    interval = np.clip(interval, _SHORTEST, _LONGEST).round().astype(np.int32)
    return (pairs.last + interval).astype(np.int32), interval


def _mean_gaps(pairs: Pairs) -> Floats:
    gap: Floats = ((pairs.last - pairs.first) / np.maximum(pairs.count - 1, 1)).astype(np.float32)
    return gap
