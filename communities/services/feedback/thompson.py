"""Which material to try in place of which: Thompson sampling over what their posts sold, guarded by who left.

Pure: the same arms, the same rotation and the same seed give the same proposal.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from communities.estimates import Sums, total

QUIT_GUARD = 0.002  # of the people reached, per post: above it a material is not proposed, whatever it sells
_DRAWS = 4_000
_FEWEST_UNITS = 8  # below it an arm's own spread is not trusted
_LEAST_SPREAD = 0.25  # between materials, of their mean: what is not known yet may be that much better
_HOPELESS = 0.10  # chance of being better below which a week would be wasted
_LEVEL = (5, 95)  # per cent
Draws = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arm:
    """A material that may be posted, and what its posts of one slot, theme and kind of proof came to."""

    material_id: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class Proposal:
    """Put `incoming` in the place of `outgoing`: what that adds in fen per 100 people, with its 90 % interval.

    `chance` is the probability that it is better at all; `too_many_quit` that the outgoing one drives people away.
    """

    outgoing: Arm
    incoming: Arm
    gain: float
    low: float
    high: float
    chance: float
    too_many_quit: bool


def is_over_guard(sums: Sums, *, guard: float = QUIT_GUARD) -> bool:
    """Whether more people left after a material's posts than may; judged by what was seen, however little."""
    return sums.ratio("quits") > guard


def propose(
    arms: Sequence[Arm], *, rotation: Collection[int], seed: int, guard: float = QUIT_GUARD
) -> Proposal | None:  # fmt: skip
    """One swap for a rotation (material ids), or None where nothing better is in sight.

    Each arm draws once from what its sales per 100 people may be; the best draw outside the rotation stands against
    the worst inside. So what has done well is proposed, and what is little known now and then, the less the more is
    known. An arm over the guard is never proposed, and in the rotation it is the first to go.
    """
    inside = [n for n, arm in enumerate(arms) if arm.material_id in rotation]
    outside = [
        n for n, arm in enumerate(arms) if arm.material_id not in rotation and not is_over_guard(arm.sums, guard=guard)
    ]
    if not inside or not outside or not any(arms[n].sums["people"] for n in inside):
        return None
    draws = _posterior(arms, np.random.default_rng(seed))
    once = draws[0]
    harmful = [n for n in inside if is_over_guard(arms[n].sums, guard=guard)]
    worst = min(harmful or inside, key=lambda n: once[n])
    best = max(outside, key=lambda n: once[n])
    gains = draws[:, best] - draws[:, worst]
    chance = float(np.mean(gains > 0))
    if not harmful and (once[best] <= once[worst] or chance < _HOPELESS):
        return None
    low, high = (float(bound) for bound in np.percentile(gains, _LEVEL))
    return Proposal(arms[worst], arms[best], float(np.mean(gains)), low, high, chance, bool(harmful))


def _posterior(arms: Sequence[Arm], dice: np.random.Generator) -> Draws:
    """Draws of each arm's sales in fen per 100 people: the first row is the week's, all of them its interval.

    Normal, shrunk towards the mean of all: an arm with few posts stands near the mean, and wide.
    """
    whole = total(arm.sums for arm in arms)
    mean = 100 * whole.ratio("sales_fen")
    noise = _unit_variance(arms)
    own = np.array([100 * arm.sums.ratio("sales_fen") for arm in arms])
    units = np.array([arm.sums["units"] for arm in arms])
    variances = np.array([_variance(arm, noise) for arm in arms])
    known = units > 0
    between = max(
        (_LEAST_SPREAD * mean) ** 2,
        float(np.var(own[known]) - np.mean(variances[known])) if known.sum() > 1 else 0.0,
        1.0,
    )
    weight = np.where(known, between / (between + variances), 0.0)
    middle = weight * own + (1 - weight) * mean
    spread = np.sqrt(np.where(known, between * variances / (between + variances), between))
    return dice.normal(middle, spread, size=(_DRAWS, len(arms)))


def _unit_variance(arms: Sequence[Arm]) -> float:
    """How much one unit's sales per 100 people scatter around their material's, over all arms."""
    pairs = [
        (arm.sums["units"], 1e4 * spread * arm.sums["units"])
        for arm in arms
        if (spread := arm.sums.variance("sales_fen")) is not None
    ]
    return sum(units * spread for units, spread in pairs) / sum(units for units, _ in pairs) if pairs else 0.0


def _variance(arm: Arm, noise: float) -> float:
    """Of an arm's mean: its own from enough units on, the common one before; never nothing."""
    units = arm.sums["units"]
    spread = arm.sums.variance("sales_fen")
    if spread is not None and units >= _FEWEST_UNITS:
        return max(1e4 * spread, sqrt(noise))
    return max(noise, 1.0) / max(units, 1)
