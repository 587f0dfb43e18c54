"""Reading an experiment every day without fooling oneself: a mixture sequential probability ratio test.

Johari, Koomen, Pekelis, Walsh, Always Valid Inference (Operations Research 70(3), 2022), after Robbins (1970). Under no
difference, Λ = √(V / (V + τ²)) · exp(τ² d² / (2 V (V + τ²))) is a martingale that starts at 1: the chance that it ever
exceeds 1/α is at most α. `τ` is the difference worth finding, fixed before the first look. The interval is the set of
differences that the same test does not reject.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

ALPHA = 0.05
FEWEST_UNITS = 8  # an arm: below it the spread between units is not known
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arm:
    """What the units of one arm came to: parallel arrays, `below` all ones for a mean a unit."""

    above: Floats
    below: Floats


@dataclass(frozen=True, slots=True)
class Difference:
    """Arm less control in the metric's own unit, with an interval that holds at every look, and its chance of luck."""

    value: float
    low: float
    high: float
    chance: float
    control: float
    arm: float

    @property
    def is_clear(self) -> bool:
        return self.low > 0 or self.high < 0


def difference(control: Arm, arm: Arm, *, worth: float, alpha: float = ALPHA) -> Difference | None:
    """Compare two arms; None while either has too few units or nothing to divide by.

    `worth` is the smallest difference that would matter, in the metric's own unit. Ratios are of sums, and their
    variance is that between units: whoever is drawn whole counts as one.
    """
    if min(len(control.above), len(arm.above)) < FEWEST_UNITS or min(control.below.sum(), arm.below.sum()) <= 0:
        return None
    (was, noise), (is_, more) = _ratio(control), _ratio(arm)
    variance = noise + more
    found = is_ - was
    if variance <= 0:
        return Difference(found, found, found, 0.0 if found else 1.0, was, is_)
    half = half_width(variance, worth=worth, alpha=alpha)
    return Difference(found, found - half, found + half, chance(found, variance, worth=worth), was, is_)


def half_width(variance: float, *, worth: float, alpha: float = ALPHA) -> float:
    """Of the interval that holds at every look."""
    prior = worth**2
    return sqrt(2 * variance * (variance + prior) / prior * (log(1 / alpha) + 0.5 * log((variance + prior) / variance)))


def chance(found: float, variance: float, *, worth: float) -> float:
    """The always-valid p: at most 1."""
    prior = worth**2
    power = prior * found**2 / (2 * variance * (variance + prior))
    return (
        1.0
        if power < 0.5 * log((variance + prior) / variance)
        else min(1.0, sqrt((variance + prior) / variance) * exp(-power))
    )


def _ratio(arm: Arm) -> tuple[float, float]:
    """The ratio of sums and its variance, by linearisation."""
    count, mean = len(arm.above), float(arm.below.mean())
    ratio = float(arm.above.sum() / arm.below.sum())
    rest = (arm.above - ratio * arm.below) / mean
    return ratio, float(rest.var(ddof=1) / count)


def false_alarms(*, runs: int, units: int, days: int, seed: int, worth: float = 0.2) -> dict[str, float]:
    """Simulated experiments without any difference, looked at every day: how often each way of reading finds one.

    `sequential` stops at the first day whose interval leaves out 0, `fixed` at the first whose ordinary 95 % interval
    does, `once` looks on the last day only. Units differ among themselves and from day to day.
    """
    dice = np.random.default_rng(seed)
    own = 0.3 * dice.standard_normal((runs, 2, units, 1))
    so_far = np.cumsum(own + dice.standard_normal((runs, 2, units, days)), axis=3) / np.arange(1, days + 1)
    found = np.diff(so_far.mean(axis=2), axis=1)[:, 0]
    variance = (so_far.var(axis=2, ddof=1) / units).sum(axis=1)
    prior = worth**2
    edge = np.sqrt(
        2 * variance * (variance + prior) / prior * (log(1 / ALPHA) + 0.5 * np.log((variance + prior) / variance))
    )
    z = float(norm.ppf(1 - ALPHA / 2))
    ordinary = np.abs(found) > z * np.sqrt(variance)
    return {
        "sequential": float((np.abs(found) > edge).any(axis=1).mean()),
        "fixed": float(ordinary.any(axis=1).mean()), "once": float(ordinary[:, -1].mean()),
    }  # fmt: skip
