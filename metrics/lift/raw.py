"""The comparison everybody makes: what joiners spent after joining, over what they spent before. It proves nothing."""

from dataclasses import dataclass

import numpy as np

from metrics.lift.estimating import Interval
from metrics.lift.shops import NEVER, Floats, Shop

MONTH = 30  # days
_DRAWS = 400
_LEVEL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Raw:
    """Fen a joiner and 30 days, all known time before (with the day of joining) and after; `ratio` after over before.

    The interval is of chance alone. Whom the groups attract, the season and the shop growing familiar are all in it.
    """

    before: float
    after: float
    ratio: Interval
    joiners: int


def times_of(shop: Shop) -> Floats:
    """Per joiner of a store: spend before, days before, spend after, days after."""
    sums = shop.sums()
    joiner = np.flatnonzero(shop.joined != NEVER)
    since, joined = np.maximum(shop.since[joiner], 0), shop.joined[joiner] + 1
    end = np.full_like(joined, shop.days)
    before, after = sums.spend(joiner, since, joined), sums.spend(joiner, joined, end)
    return np.stack([before, np.maximum(joined - since, 0), after, end - joined], axis=1)


def compared(times: Floats, *, seed: int) -> Raw | None:
    """The raw comparison of the joiners in `times` (`times_of`, stacked over stores); None without any to compare."""
    known = times[(times[:, 1] > 0) & (times[:, 3] > 0)]
    if not len(known) or known[:, 0].sum() <= 0:
        return None
    weights = np.random.default_rng(seed).standard_exponential((_DRAWS, len(known)))
    before, days_before, after, days_after = known.sum(axis=0)
    many = weights @ known
    ratios = (many[:, 2] / many[:, 3]) / (many[:, 0] / many[:, 1])
    low, high = np.percentile(ratios[np.isfinite(ratios)], _LEVEL)
    ratio = (after / days_after) / (before / days_before)
    return Raw(
        before=float(MONTH * before / days_before), after=float(MONTH * after / days_after),
        ratio=Interval(float(ratio), float(low), float(high)), joiners=len(known),
    )  # fmt: skip
