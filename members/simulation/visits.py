"""When households come to the shop, and what joining the store's group changes about it.

The daily chance of a visit is rate × weekday × calendar × the household's own turn × how well it knows the shop. One
uniform number per household and day decides it, with and without the group: so the truth file knows not only the
effect that was put in, but the visits that would have happened without it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from members.simulation.calendar import Period
from members.simulation.households import Households

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# A capped chance times the largest effect stays below 1, so that the effect is exactly multiplicative.
_HIGHEST_CHANCE = 0.6
_EFFECT = (0.24, 0.16)  # mean and deviation of its logarithm: visits × 1.29 on average
_EFFECT_RANGE = (0.9, 1.6)
_LAPSE = 0.12
_WINDOW = (0.2, 0.8)  # group joins happen in this part of the period, so that both sides can be seen
_ASKED_WITHIN = 21  # days
_WARMS_UP = 150  # days until a new member comes as often as she will
_FIRST_WARMTH = 0.35  # of that, in the beginning
_JOINS = 0.022  # chance at a visit, of a member of old who comes once in two weeks
_NEW_ONE = 2.5  # times as likely in the first months, which is when the till asks
NEVER = -1


@dataclass(frozen=True, slots=True)
class Visits:
    """Who came on which day of the period (`member`, `day`: parallel, by member), and the truth about groups."""

    member: Ints
    day: Ints
    group_day: Ints  # NEVER where they did not join
    effect: Floats  # factor on visits, hence on spending, after the group day
    propensity: Floats  # chance to join at a visit, of a member of old: grows with the rate
    visits_after: Ints  # after the group day
    visits_without: Ints  # what they would have been without the group
    lapsed_day: Ints  # NEVER where they stayed


def draw_visits(
    rng: np.random.Generator,
    *,
    households: Households,
    period: Period,
    lift: Floats,
    since: Ints,
    first_day: Ints,
    end_day: int,
    hidden: bool = False,
) -> Visits:
    """Draw the visits of each household from its `first_day` on and before `end_day` (days of the period).

    `lift` is the store's factor for each day, `since` the day on which each became a member, negative before the
    period. `hidden` lets them join for a reason that no fact of the shop shows (`_join_after_a_turn`).
    """
    count, days = len(households), period.days
    lapses = rng.random(count) < _LAPSE
    lapsed_day = np.where(lapses, (first_day + rng.random(count) * np.maximum(days - first_day, 1)).astype(int), NEVER)
    chance = (households.visits_per_week / 7)[:, None] * households.weekday[:, period.weekday]
    day = np.arange(days)
    turned = day >= (households.turn_at * days).astype(int)[:, None]
    chance *= lift * np.where(turned, np.exp(households.turn)[:, None], 1)
    tenure = day - since[:, None]
    chance *= np.clip(_FIRST_WARMTH + (1 - _FIRST_WARMTH) * tenure / _WARMS_UP, _FIRST_WARMTH, 1)
    np.minimum(chance, _HIGHEST_CHANCE, out=chance)
    last = np.where(lapsed_day == NEVER, end_day, np.minimum(lapsed_day, end_day))
    chance[~((day >= first_day[:, None]) & (day < last[:, None]))] = 0

    luck = rng.random((count, days), dtype=np.float32)
    plain = luck < chance
    join = _join_after_a_turn if hidden else _join_at_the_till
    group_day, propensity = join(rng, households, plain, tenure)
    effect = np.clip(np.exp(rng.normal(*_EFFECT, count)), *_EFFECT_RANGE)
    after = (day > group_day[:, None]) & (group_day != NEVER)[:, None]
    came = luck < np.where(after, chance * effect[:, None], chance)
    member, on = np.nonzero(came)
    return Visits(
        member=member, day=on, group_day=group_day, effect=effect, propensity=propensity,
        visits_after=(came & after).sum(axis=1), visits_without=(plain & after).sum(axis=1), lapsed_day=lapsed_day,
    )  # fmt: skip


def _join_at_the_till(
    rng: np.random.Generator, households: Households, visits: Flags, tenure: Ints
) -> tuple[Ints, Floats]:
    """The day each household joins: at any visit it may, the keener the likelier, most of all while it is new.

    So joiners come more often anyway, and came less before because they were new: what a comparison before/after
    takes for the group's work. Whoever is as old a member and comes as often shows what would have been.
    """
    count, days = visits.shape
    propensity = np.clip(_JOINS * (households.visits_per_week / 0.5) ** 0.5, 0, 0.1)
    low, high = (int(days * edge) for edge in _WINDOW)
    day = np.arange(days)
    chance = propensity[:, None] * np.where(tenure < _WARMS_UP, _NEW_ONE, 1)
    joins = visits & (rng.random((count, days), dtype=np.float32) < chance) & (day >= low) & (day < high)
    return np.where(joins.any(axis=1), joins.argmax(axis=1), NEVER), propensity


def _join_after_a_turn(
    rng: np.random.Generator, households: Households, visits: Flags, _: Ints
) -> tuple[Ints, Floats]:  # fmt: skip
    """The day each household joins: on a visit soon after its turn, and rather if that was for the better.

    The turn is seen nowhere but in the visits that follow it, and so does the group: no control can tell the two
    apart. `manage.py bench lift` says how wrong that makes a lift.
    """
    count, days = len(households), visits.shape[1]
    keen = np.log(households.visits_per_week / 0.5)
    propensity = 1 / (1 + np.exp(-(-0.35 + 0.5 * keen + 3.0 * households.turn)))
    wants = rng.random(count) < propensity
    low, high = (int(days * edge) for edge in _WINDOW)
    asked = np.maximum((households.turn_at * days).astype(int) + rng.integers(0, _ASKED_WITHIN, count), low)
    day = np.arange(days)
    possible = visits & (day >= asked[:, None]) & (day < high)
    joins = wants & possible.any(axis=1)
    return np.where(joins, possible.argmax(axis=1), NEVER), propensity
