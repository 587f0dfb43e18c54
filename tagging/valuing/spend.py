"""Gamma-Gamma (Fader, Hardie and Lee 2005): what a customer spends on a purchase day, drawn to the average by doubt."""

from dataclasses import asdict, dataclass
from math import lgamma
from typing import Self

import numpy as np
import numpy.typing as npt

from tagging.valuing.simplex import minimum

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpendModel:
    """A day's amount is Gamma(p, ν), ν Gamma(q, v) over customers; amounts in whatever unit it was learnt in."""

    p: float
    q: float
    v: float

    @classmethod
    def learnt(cls, repeats: Floats, mean: Floats) -> Self:
        """From customers with repeats > 0 and their mean repeat amount > 0. :raises ValueError: there are none"""
        if not len(repeats):
            raise ValueError("nobody to learn from")
        kinds, place = np.unique(repeats, return_inverse=True)

        def loss(logs: Floats) -> float:
            if np.abs(logs).max() > 20:  # noqa: PLR2004 -- keeps lgamma in range
                return float("inf")
            p, q, v = np.exp(logs)
            by_count = np.array([lgamma(p * k + q) - lgamma(p * k) - lgamma(q) + p * k * np.log(k) for k in kinds])
            rows = by_count[place] + q * np.log(v) + (p * repeats - 1) * np.log(mean)
            return float(-(rows - (p * repeats + q) * np.log(repeats * mean + v)).mean())

        return cls(*np.exp(minimum(loss, np.log(np.array([5.0, 4.0, 3.0 * float(np.median(mean))])))).tolist())

    def expected(self, repeats: Floats, mean: Floats) -> Floats:
        """What each spends on a purchase day; the average of all for who has not come back yet."""
        found: Floats = self.p * (self.v + repeats * mean) / (self.p * repeats + self.q - 1)
        return found

    def as_dict(self) -> dict[str, float]:
        return asdict(self)
