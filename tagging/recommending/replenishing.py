"""When the usual runs out: the member's own interval, drawn towards the product's where she has bought it seldom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from tagging.recommending.facts import Floats, History, Ints

_OTHERS_SAY = 1.0  # the product's usual interval counts like so many intervals of her own
_UNKNOWN = 14.0  # days, for a product nobody bought twice
_SHORTEST, _LONGEST = 2.0, 120.0  # longer than a season is no habit


def usual_intervals(history: History, products: int) -> Floats:
    """By product, the median over members of their mean days between purchases."""
    product, gap, times, _ = _gaps(history, products)
    usual = np.full(products, _UNKNOWN, dtype=np.float32)
    repeated = times > 1
    for each in np.unique(product[repeated]):
        usual[each] = np.median(gap[repeated & (product == each)])
    return np.clip(usual, _SHORTEST, _LONGEST)


def due_days(history: History, *, usual: Floats) -> tuple[npt.NDArray[np.int64], Ints, Ints]:
    """For each pair of member and product of a block: its key (member × products + product), due day, interval."""
    products = len(usual)
    product, gap, times, (key, last) = _gaps(history, products)
    own = times - 1
    interval = (gap * own + usual[product] * _OTHERS_SAY) / (own + _OTHERS_SAY)
    interval = np.clip(interval, _SHORTEST, _LONGEST).round().astype(np.int32)
    return key, (last + interval).astype(np.int32), interval


def _gaps(
    history: History, products: int
) -> tuple[Ints, Floats, npt.NDArray[np.int64], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    key, place = np.unique(history.member.astype(np.int64) * products + history.product, return_inverse=True)
    times = np.bincount(place, minlength=len(key))
    first = np.full(len(key), np.iinfo(np.int32).max, np.int64)
    last = np.full(len(key), np.iinfo(np.int32).min, np.int64)
    np.minimum.at(first, place, history.day)
    np.maximum.at(last, place, history.day)
    gap = (last - first) / np.maximum(times - 1, 1)
    return (key % products).astype(np.int32), gap.astype(np.float32), times, (key, last)
