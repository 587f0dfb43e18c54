"""How many units an experiment needs, before it begins: normal approximations, two-sided.

Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions, ch. 4 (proportions, without continuity correction);
Donner and Klar, Design and Analysis of Cluster Randomization Trials, ch. 5 (design effect).
"""

from math import ceil, sqrt

from scipy.stats import norm

ALPHA, POWER = 0.05, 0.8


class BadPlan(ValueError):
    """No number of units could be worked out; the message says why, in Chinese."""


def for_shares(before: float, after: float, *, alpha: float = ALPHA, power: float = POWER, effect: float = 1.0) -> int:
    """Persons an arm needs to tell two shares (0 to 1) apart; `effect` is the design effect. :raises BadPlan:"""
    if not (0 < before < 1 and 0 < after < 1):
        raise BadPlan("比例要在 0% 和 100% 之间")
    if before == after:
        raise BadPlan("想看出的差别不能是 0")
    middle = (before + after) / 2
    spread = _z(1 - alpha / 2) * sqrt(2 * middle * (1 - middle)) + _z(power) * sqrt(
        before * (1 - before) + after * (1 - after)
    )
    return ceil(effect * spread**2 / (before - after) ** 2)


def for_means(
    difference: float, deviation: float, *, alpha: float = ALPHA, power: float = POWER, effect: float = 1.0
) -> int:
    """Persons an arm needs to tell two means apart, both in one unit of measure. :raises BadPlan:"""
    if difference == 0:
        raise BadPlan("想看出的差别不能是 0")
    if deviation <= 0:
        raise BadPlan("标准差要大于 0")
    return ceil(effect * 2 * ((_z(1 - alpha / 2) + _z(power)) * deviation / difference) ** 2)


def design_effect(size: float, likeness: float) -> float:
    """How many times as many persons it takes to draw whole clusters; `likeness` is the ICC. :raises BadPlan:"""
    if size < 1 or not 0 <= likeness <= 1:
        raise BadPlan("每群人数至少 1，组内相关在 0 到 1 之间")
    return 1 + (size - 1) * likeness


def clusters(persons: int, size: float) -> int:
    """Clusters that hold so many persons."""
    return ceil(persons / size)


def _z(share: float) -> float:
    return float(norm.ppf(share))
