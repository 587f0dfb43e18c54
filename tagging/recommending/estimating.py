"""What a product nobody tasted may taste like: by its variety, else by company and category."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tagging.recommending.facts import Bools, Floats, Ints

_COMPANIONS = 5  # products bought with it that have a say
_CATEGORY_SAY = 0.5  # the category's mean beside all companions together, of the same category counting double


def estimate_tastes(
    values: Floats, *, variety: Ints, category: Ints, likeness: Floats | None = None
) -> tuple[Floats, Bools]:
    """Fill the gaps (NaN) of a (products, axes) table; returns it and where it was filled.

    A product of the same `variety` (-1: none) settles it. Else the mean of its `category` and of the five products
    with the highest `likeness` (products, products) together; a gap nobody can say anything about stays one.
    """
    known = ~np.isnan(values)
    filled = values.copy()
    for product, axis in np.argwhere(~known):
        tasted = known[:, axis]
        same = tasted & (variety == variety[product]) & (variety[product] >= 0)
        if same.any():
            filled[product, axis] = values[same, axis].mean()
            continue
        parts: list[tuple[float, float]] = []
        kin = tasted & (category == category[product])
        if kin.any():
            parts.append((_CATEGORY_SAY, float(values[kin, axis].mean())))
        if likeness is not None:
            pull = np.where(tasted, np.maximum(likeness[product], 0), 0)
            near = np.argsort(-pull, kind="stable")[:_COMPANIONS]
            if pull[near].sum() > 0:
                parts.append((1 - _CATEGORY_SAY, float((pull[near] * values[near, axis])[pull[near] > 0].sum()
                                                       / pull[near].sum())))  # fmt: skip
        if parts:
            filled[product, axis] = sum(say * value for say, value in parts) / sum(say for say, _ in parts)
    return filled, ~known & ~np.isnan(filled)
