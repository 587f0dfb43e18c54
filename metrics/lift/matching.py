"""Who is compared with whom: joiners, and moments of members who had not joined by then, coarsened exactly alike.

A joiner's anchor is the day she joined, a control's any day on which she too might have joined and did not. Both have
the same kind of anchor (a visit, or a day without one), the same fortnight, the same band of tenure and of spend a
visit. How often they came is *not* matched on: the difference is taken from each one's own months before, and matching
on them would pair chance highs of the one side with usual levels of the other (docs/decisions/0032-lift.md has what
either costs).
"""

from dataclasses import dataclass

import numpy as np

from metrics.lift.shops import NEVER, Flags, Floats, Ints, Shop, Sums
from metrics.lift.staying import still_there

MONTH = 30  # days
MONTHS = (-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6)
BASE = (-2, -1)
FORTNIGHT = 14
LEAST_BEFORE = 28  # days known before the anchor
LEAST_AFTER = 14  # days known after it
CONTROLS_EACH = 5
_TENURE = np.array([60, 105, 150, 240, 400])  # days: band edges
_BASKETS = (0.25, 0.5, 0.75)  # quantiles of the store: band edges of spend a visit


@dataclass(frozen=True, slots=True)
class Anchors:
    """One row per joiner or control and anchor; `spend` in fen and `days` known, by column of `MONTHS`."""

    cell: Ints
    member: Ints
    is_joiner: Flags
    spend: Floats
    days: Floats
    joiners: int  # of the store, matched or not
    short: int  # of these, whose time before or after is too short to say anything
    unmatched: int  # of these, without a control

    def __len__(self) -> int:
        return len(self.cell)


def together(parts: list[Anchors]) -> Anchors:
    """The anchors of several stores, at least one, as one; members and cells are numbered apart."""
    cells = np.cumsum([0, *(int(part.cell.max(initial=-1)) + 1 for part in parts)])
    members = np.cumsum([0, *(int(part.member.max(initial=-1)) + 1 for part in parts)])
    return Anchors(
        cell=np.concatenate([part.cell + cells[n] for n, part in enumerate(parts)]),
        member=np.concatenate([part.member + members[n] for n, part in enumerate(parts)]),
        is_joiner=np.concatenate([part.is_joiner for part in parts]),
        spend=np.concatenate([part.spend for part in parts]),
        days=np.concatenate([part.days for part in parts]),
        joiners=sum(part.joiners for part in parts),
        short=sum(part.short for part in parts),
        unmatched=sum(part.unmatched for part in parts),
    )


@dataclass(frozen=True, slots=True)
class _Moments:
    """Days of members on which they joined or might have; what they do from `end` on is not looked at."""

    member: Ints
    day: Ints
    end: Ints
    is_joiner: Flags
    is_visit: Flags

    def where(self, keep: Flags) -> "_Moments":
        return _Moments(
            self.member[keep], self.day[keep], self.end[keep], self.is_joiner[keep], self.is_visit[keep]
        )  # fmt: skip


def matched(shop: Shop, *, seed: int) -> Anchors:
    """The store's joiners and their controls, at most `CONTROLS_EACH` drawn for each joiner."""
    sums = shop.sums()
    moments = _moments(shop, sums)
    joiners = int(moments.is_joiner.sum())
    since = np.maximum(shop.since[moments.member], 0)
    known = (moments.day - since >= LEAST_BEFORE) & (moments.end - moments.day > LEAST_AFTER)
    short = joiners - int((moments.is_joiner & known).sum())
    moments = moments.where(known)
    cell = _cells(shop, sums, moments)
    keep = _drawn(cell, moments.is_joiner, seed=seed)
    unmatched = int((moments.is_joiner & ~keep).sum())
    moments, cell = moments.where(keep), cell[keep]
    spend, days = _months(shop, sums, moments)
    return Anchors(
        cell=np.unique(cell, return_inverse=True)[1].astype(np.int64), member=moments.member,
        is_joiner=moments.is_joiner, spend=spend, days=days, joiners=joiners, short=short, unmatched=unmatched,
    )  # fmt: skip


def _moments(shop: Shop, sums: Sums) -> _Moments:
    """Every join, and every visit and every Thursday without one of those who had not joined yet."""
    last = np.where(shop.joined == NEVER, shop.days, shop.joined)
    last[shop.is_before] = 0
    joiner = np.flatnonzero(shop.joined != NEVER)
    on_visit = shop.spend > 0
    came, came_on = shop.member[on_visit], shop.day[on_visit]
    everybody, thursdays = np.arange(len(shop.since)), np.arange(3, shop.days, 7)
    rest, rest_on = np.repeat(everybody, len(thursdays)), np.tile(thursdays, len(everybody))
    idle = sums.visits(rest, rest_on, rest_on + 1) == 0
    rest, rest_on = rest[idle], rest_on[idle]
    joined_on = shop.joined[joiner]
    member = np.concatenate([joiner, came, rest])
    day = np.concatenate([joined_on, came_on, rest_on])
    is_joiner = np.arange(len(member)) < len(joiner)
    is_visit = np.concatenate(
        [sums.visits(joiner, joined_on, joined_on + 1) > 0, np.ones(len(came), bool), np.zeros(len(rest), bool)]
    )
    # A control's own join ends her time as one; the visit on which she joins belongs to it.
    end = np.where(is_joiner, shop.days, np.minimum(last[member] + 1, shop.days))
    moments = _Moments(member, day, end, is_joiner, is_visit)
    return moments.where(is_joiner | (day < last[member]))


def _cells(shop: Shop, sums: Sums, moments: _Moments) -> Ints:
    """A number for each combination of what is matched on."""
    member, day = moments.member, moments.day
    visits = sums.visits(member, np.zeros_like(day), day)
    basket = sums.spend(member, np.zeros_like(day), day) / np.maximum(visits, 1)
    edges = np.quantile(basket[visits > 0], _BASKETS) if (visits > 0).any() else np.zeros(len(_BASKETS))
    band = np.where(visits > 0, np.searchsorted(edges, basket, side="right"), len(_BASKETS) + 1)
    tenure = np.searchsorted(_TENURE, day - shop.since[member], side="right")
    key = (day // FORTNIGHT) * 2 + moments.is_visit
    return (key * (len(_TENURE) + 1) + tenure) * (len(_BASKETS) + 2) + band


def _drawn(cell: Ints, is_joiner: Flags, *, seed: int) -> Flags:
    """Joiners with a control in their cell, and up to `CONTROLS_EACH` controls drawn for each of them."""
    dice = np.random.default_rng(seed)
    _, number = np.unique(cell, return_inverse=True)
    size = int(number.max(initial=-1)) + 1
    wanted = np.bincount(number[is_joiner], minlength=size) * CONTROLS_EACH
    controls = dice.permutation(np.flatnonzero(~is_joiner))
    controls = controls[np.argsort(number[controls], kind="stable")]
    there = np.bincount(number[controls], minlength=size)
    place = np.arange(len(controls)) - (np.cumsum(there) - there)[number[controls]]
    keep = np.zeros(len(cell), bool)
    keep[controls[place < wanted[number[controls]]]] = True
    keep[is_joiner] = there[number[is_joiner]] > 0
    return keep


def _months(shop: Shop, sums: Sums, moments: _Moments) -> tuple[Floats, Floats]:
    """Spend and known days in each month around the anchor, whose own day is in none.

    A control's days after it count by the inverse of her chance to be seen still.
    """
    chance = still_there(shop)
    stayed = Sums(shop, weight=1 / chance[shop.member, shop.day])
    days_stayed = np.concatenate([np.zeros((len(chance), 1)), np.cumsum(1 / chance[:, :-1], axis=1)], axis=1)
    since = np.maximum(shop.since[moments.member], 0)
    control = ~moments.is_joiner
    who, day = moments.member[control], moments.day[control]
    at_anchor = chance[who, np.minimum(day + 1, shop.days)]
    spend = np.zeros((len(moments.member), len(MONTHS)))
    days = np.zeros_like(spend)
    for n, month in enumerate(MONTHS):
        start = moments.day + (1 + MONTH * (month - 1) if month > 0 else MONTH * month)
        low = np.clip(start, since, shop.days)
        high = np.maximum(low, np.minimum(start + MONTH, moments.end))
        spend[:, n] = sums.spend(moments.member, low, high)
        days[:, n] = high - low
        if month > 0:
            spend[control, n] = at_anchor * stayed.spend(who, low[control], high[control])
            days[control, n] = at_anchor * (days_stayed[who, high[control]] - days_stayed[who, low[control]])
    return spend, days
