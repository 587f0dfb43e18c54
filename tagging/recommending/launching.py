"""What a product nobody has bought yet may sell: as much as what tastes like it (a Gaussian process over the axes).

Of everything tried on real purchases this alone beat category and species (docs/decisions/0022-recommending.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tagging.recommending.facts import Bools, Floats

_REACH = 0.6  # in standard deviations of an axis: only what tastes nearly the same speaks for a newcomer
_NOISE = 0.35


def expected_demand(demand: Floats, *, taste: Floats, known: Bools) -> Floats:
    """The log demand of every product as those `known` with a like taste let expect it; their mean where none is."""
    measured = known & ~np.isnan(taste).any(1)
    mean = float(demand[known].mean()) if known.any() else 0.0
    expected = np.full(len(demand), mean, dtype=np.float32)
    tasted = ~np.isnan(taste).any(1)
    if not measured.any():
        return expected
    spread = taste[measured].std(0) + 1e-6
    points = (taste - taste[measured].mean(0)) / spread
    near = _likeness(points[measured], points[measured])
    near[np.diag_indices_from(near)] += _NOISE
    centre = float(demand[measured].mean())
    pull = np.linalg.solve(near, demand[measured] - centre)
    expected[tasted] = centre + _likeness(points[tasted], points[measured]) @ pull
    return expected


def _likeness(left: Floats, right: Floats) -> Floats:
    squares = ((left[:, None, :] - right[None, :, :]) ** 2).sum(-1)
    likeness: Floats = np.exp(-squares / (2 * _REACH**2))
    return likeness
