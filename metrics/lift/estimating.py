"""The lift itself: difference in differences between matched groups, its interval, and two checks that may refuse it.

The difference is one of ratios: what the controls made of their own months before is what joiners would have made of
theirs. Those who come often and those who seldom do then need not be alike for the comparison to hold.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from metrics.lift.matching import BASE, LEAST_BEFORE, MONTH, MONTHS, Anchors
from metrics.lift.shops import Flags, Floats, Ints

FEWEST_JOINERS = 60
FEWEST_CONTROLS = 120
_DRAWS = 400
_ROWS = 40  # replicates worked out at once: bounds the replicates × anchors matrix
_LEVEL = 0.95
_PLACEBO_BASE, _PLACEBO = (-4, -3), (-2, -1)
_BEFORE = (-6, -5, -4, -3)
_SLIGHT = 0.05  # of what was to be expected
_LEAST_CHANCE = 0.01  # of so crooked a course by luck alone, below which the months before are not alike


class TooFew(Exception):
    """Fewer joiners with controls, or fewer controls, than an interval could be trusted with; the message says so."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class MonthEffect:
    """A month relative to joining (-1 just before, 1 just after; 30 days): fen a member and month, rates likewise."""

    month: int
    effect: Interval
    joined: float
    expected: float


@dataclass(frozen=True, slots=True)
class Lift:
    """What joining adds to a member's spend of 30 days, for those who joined; money in fen.

    `ratio` is spend after joining over what it would have been, `effect` the difference. `before` is the baseline
    (the two months before), `after` what was spent, `expected` what the controls' course makes of the baseline.
    `placebo` is the ratio found by pretending that all joined two months earlier: it must hold 1. `alike` is the
    chance that months 3 to 6 before differ so much between the two by luck alone. Both are None without such months.
    """

    ratio: Interval
    effect: Interval
    before: float
    after: float
    expected: float
    months: tuple[MonthEffect, ...]
    placebo: Interval | None
    alike: float | None
    joiners: int
    controls: int

    @property
    def is_sound(self) -> bool:
        """Whether neither check speaks against it; one that could not be made does not, nor does a slight difference.

        Of a whole chain's members everything is significant: what is certain and small is no reason to doubt.
        """
        placebo = self.placebo is None or self.placebo.holds(1) or abs(self.placebo.value - 1) < _SLIGHT
        early = [abs(month.joined / month.expected - 1) for month in self.months if month.month in _BEFORE]
        return placebo and (self.alike is None or self.alike >= _LEAST_CHANCE or max(early, default=0) < _SLIGHT)


def lift(anchors: Anchors, *, seed: int, draws: int = _DRAWS) -> Lift:
    """Estimate from matched anchors; members are resampled whole (Bayesian bootstrap), so that repeats are no news.

    :raises TooFew:
    """
    joiners, controls = int(anchors.is_joiner.sum()), len(np.unique(anchors.member[~anchors.is_joiner]))
    if joiners < FEWEST_JOINERS or controls < FEWEST_CONTROLS:
        least = f"至少要 {FEWEST_JOINERS} 人和 {FEWEST_CONTROLS} 人"
        raise TooFew(f"能配上对照的进群会员 {joiners} 人、对照会员 {controls} 人，{least}")
    one = _all(anchors, np.ones((1, len(anchors))))
    dice = np.random.default_rng(seed)
    members = np.unique(anchors.member, return_inverse=True)[1]
    count = int(members.max()) + 1
    rows = []
    for start in range(0, draws, _ROWS):
        weights = dice.standard_exponential((min(_ROWS, draws - start), count))
        rows.append(_all(anchors, weights[:, members]))
    many = {name: np.concatenate([row[name] for row in rows]) for name in one}
    effects = _interval(one["effects"][0], many["effects"])
    [placebo] = _interval(one["placebo"], many["placebo"])
    return Lift(
        ratio=_interval(one["ratio"], many["ratio"])[0], effect=_interval(one["effect"], many["effect"])[0],
        before=float(one["before"][0]), after=float(one["after"][0]), expected=float(one["expected"][0]),
        months=tuple(
            MonthEffect(month, effects[n], float(one["joined"][0, n]), float(one["courses"][0, n]))
            for n, month in enumerate(MONTHS)
            if np.isfinite(one["effects"][0, n]) and np.isfinite(many["effects"][:, n]).all()
        ),
        placebo=placebo if np.isfinite([placebo.value, placebo.low, placebo.high]).all() else None,
        alike=_chance_of_luck(one["effects"][0], many["effects"]), joiners=joiners, controls=controls,
    )  # fmt: skip


def _all(anchors: Anchors, weights: Floats) -> dict[str, Floats]:
    figures = _figures(anchors, weights, base=BASE, after=tuple(month for month in MONTHS if month > 0))
    pretended = _figures(anchors, weights, base=_PLACEBO_BASE, after=_PLACEBO)
    return figures | {"placebo": pretended["ratio"]}


def _chance_of_luck(effects: Floats, many: Floats) -> float | None:
    """That the months before the baseline differ from nothing this much: a Wald test with the bootstrap's spread."""
    places = [n for n, month in enumerate(MONTHS) if month in _BEFORE and np.isfinite(many[:, n]).all()]
    if not places:
        return None
    spread = np.atleast_2d(np.cov(many[:, places], rowvar=False))
    return float(chi2.sf(effects[places] @ np.linalg.pinv(spread) @ effects[places], len(places)))


def _figures(
    anchors: Anchors, weights: Floats, *, base: tuple[int, ...], after: tuple[int, ...]
) -> dict[str, Floats]:  # fmt: skip
    """The estimate for the months `after`, from those of `base`, under each row of weights over anchors.

    A month's controls are those still watched in it, and so is their baseline: who comes often joins soon, and would
    otherwise leave behind a group that seems to buy less and less.
    """
    own, known = _own(anchors, base)
    weights = weights * known
    joined = weights * anchors.is_joiner
    control = weights * ~anchors.is_joiner
    control = control * _share(anchors.cell, joined, control)
    days = joined @ anchors.days
    paid, was = MONTH * _over(joined @ anchors.spend, days), _over(joined @ (own * anchors.days), days)
    grown = MONTH * _over(control @ anchors.spend, control @ (own * anchors.days))
    courses = was * grown
    # A month in which no control is watched says nothing.
    mix = np.where(np.isin(MONTHS, after) & np.isfinite(courses), days, 0)
    mix = _over(mix, np.broadcast_to(mix.sum(axis=1, keepdims=True), mix.shape))
    spent, expected, before = (np.nansum(mix * each, axis=1) for each in (paid, courses, was))
    return {
        "ratio": _over(spent, expected), "effect": spent - expected, "before": before, "after": spent,
        "expected": expected, "effects": paid - courses, "joined": paid, "courses": courses,
    }  # fmt: skip


def _own(anchors: Anchors, base: tuple[int, ...]) -> tuple[Floats, Flags]:
    """Each anchor's own spend of 30 days in the months of `base`, as a column, and whether that is known at all."""
    months = np.isin(MONTHS, base)
    days = anchors.days[:, months].sum(axis=1)
    spend = anchors.spend[:, months].sum(axis=1)
    return (MONTH * spend / np.maximum(days, 1))[:, None], days >= LEAST_BEFORE


def _share(cell: Ints, joined: Floats, control: Floats) -> Floats:
    """What a control of each cell counts, so that the controls of a cell count as much as its joiners."""
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    sums = [np.add.reduceat(weights[:, order], starts, axis=1) for weights in (joined, control)]
    ratio = np.divide(sums[0], sums[1], out=np.zeros_like(sums[0]), where=sums[1] > 0)
    return ratio[:, np.searchsorted(cell[order][starts], cell)]


def _over(sums: Floats, by: Floats) -> Floats:
    """The quotient, and nothing where there is nothing to divide by."""
    return np.divide(sums, by, out=np.full_like(sums, np.nan), where=by > 0)


def _interval(value: Floats, many: Floats) -> list[Interval]:
    """The percentile interval of each column."""
    columns = many.reshape(len(many), -1)
    tail = 100 * (1 - _LEVEL) / 2
    low, high = np.percentile(columns, [tail, 100 - tail], axis=0)
    return [Interval(float(v), float(a), float(b)) for v, a, b in zip(np.ravel(value), low, high, strict=True)]
