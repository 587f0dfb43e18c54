"""BG/NBD (Fader, Hardie and Lee 2005): how often a customer will buy, and whether she still does.

Of each customer it looks at three numbers, in weeks: `repeats` (purchase days after the first), `last` (from the
first to the last) and `age` (from the first until now). One-time buyers are "alive" by this model whatever their age.
"""

from dataclasses import asdict, dataclass
from math import lgamma
from typing import Self

import numpy as np
import numpy.typing as npt

from tagging.valuing.simplex import minimum

Floats = npt.NDArray[np.float64]
_TERMS, _SMALL = 2_000, 1e-9
_MILD = 0.05  # keeps a sample without drop-outs from running to infinity


@dataclass(frozen=True, slots=True)
class VisitModel:
    """Buying rates are Gamma(r, alpha), drop-out chances Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def learnt(cls, repeats: Floats, last: Floats, age: Floats, *, penalty: float = _MILD) -> Self:
        """The parameters under which these customers are likeliest; `penalty` draws their logarithms to 0, per row.

        :raises ValueError: no rows
        """
        if not len(repeats):
            raise ValueError("nobody to learn from")
        rows, counts = np.unique(np.column_stack([repeats, last, age]).round(6), axis=0, return_counts=True)
        x, t, whole = rows.T
        size = counts.sum()

        def loss(logs: Floats) -> float:
            if np.abs(logs).max() > 12:  # noqa: PLR2004 -- e^12: far beyond any real rate
                return float("inf")
            model = cls(*np.exp(logs).tolist())
            height = -(model._likelihoods(x, t, whole) * counts).sum() / size
            return float(height + penalty * (logs**2).sum() / size)

        return cls(*np.exp(minimum(loss, np.log(np.array([0.5, 6.0, 0.8, 2.5])))).tolist())

    def log_likelihood(self, repeats: Floats, last: Floats, age: Floats) -> float:
        return float(self._likelihoods(repeats, last, age).sum())

    def _likelihoods(self, x: Floats, t: Floats, age: Floats) -> Floats:
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        kinds, place = np.unique(x, return_inverse=True)
        by_count = np.array([
            lgamma(r + k) - lgamma(r) + lgamma(a + b) + lgamma(b + k) - lgamma(b) - lgamma(a + b + k) for k in kinds
        ])  # fmt: skip
        stays = -(r + x) * np.log(alpha + age)
        left = np.log(a) - np.log(np.maximum(b + x - 1, 1e-12)) - (r + x) * np.log(alpha + t)
        both = np.where(x > 0, np.logaddexp(stays, left), stays)
        found: Floats = by_count[place] + r * np.log(alpha) + both
        return found

    def alive(self, repeats: Floats, last: Floats, age: Floats) -> Floats:
        """How likely each still buys, 0 to 1."""
        gone = self._odds_gone(repeats, last, age)
        return 1 / (1 + gone)

    def expected(self, repeats: Floats, last: Floats, age: Floats, *, weeks: float) -> Floats:
        """How many more purchase days each will have within `weeks`."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        a = a if abs(a - 1) > 1e-6 else 1 + 1e-6  # noqa: PLR2004 -- the formula divides by a - 1
        z = weeks / (alpha + age + weeks)
        series = _hypergeometric(r + repeats, b + repeats, a + b + repeats - 1, z)
        shrink = ((alpha + age) / (alpha + age + weeks)) ** (r + repeats)
        whole = (a + b + repeats - 1) / (a - 1) * (1 - shrink * series)
        found: Floats = np.maximum(whole / (1 + self._odds_gone(repeats, last, age)), 0)
        return found

    def _odds_gone(self, x: Floats, t: Floats, age: Floats) -> Floats:
        odds = self.a / np.maximum(self.b + x - 1, 1e-12) * ((self.alpha + age) / (self.alpha + t)) ** (self.r + x)
        found: Floats = np.where(x > 0, odds, 0.0)
        return found

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def _hypergeometric(a: Floats, b: Floats, c: Floats, z: Floats) -> Floats:
    """2F1(a, b; c; z) for 0 ≤ z < 1 and positive a, b, c. By Euler's turn, as the series of 2F1(c−a, c−b; c; z)."""
    e, f = c - a, c - b
    term, total = np.ones_like(z), np.ones_like(z)
    for n in range(_TERMS):
        term = term * (e + n) * (f + n) / ((c + n) * (n + 1)) * z
        total = total + term
        if np.abs(term).max() < _SMALL * np.abs(total).max():
            break
    found: Floats = total * (1 - z) ** (c - a - b)
    return found
