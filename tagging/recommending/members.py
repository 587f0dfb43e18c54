"""Everything a night works out for a block of members, as arrays: her tastes, how sure they are, and two lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending import signals
from tagging.recommending.ranking import (
    RANKS,
    Folded,
    Ranked,
    Task,
    Told,
    company,
    leanings,
    rank_told,
    reordered,
    shelf_of,
)
from tagging.recommending.replenishing import due_days
from tagging.recommending.spending import Spending, price_penalty, read_spending

if TYPE_CHECKING:
    from tagging.recommending.crowd import Crowd
    from tagging.recommending.facts import Bools, Catalogue, Floats, History, Ints

_FRONT = 3 * RANKS  # how many new products are looked at before the price takes its toll
# How far a single purchase lies from what a member likes, in the same standard deviations: one purchase proves little.
_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class Market:
    """What holds for every member of a shard on a day; `line_fen`, `unit_fen` and `intervals` are by product."""

    crowd: Crowd
    catalogue: Catalogue
    folded: dict[Task, Folded]
    line_fen: Floats
    unit_fen: Floats
    intervals: Floats
    stocked: Bools | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """By member: `leaning` (members, axes) in standard deviations, `certainty` 0 to 1, `evidence` purchases, lists.

    `due` is the day each repeat runs out, in the order of `repeat`; -1 where there is none.
    """

    leaning: Floats
    certainty: Floats
    evidence: Ints
    spending: Spending
    last: Ints
    new: Ranked
    repeat: Ranked
    due: Ints


def work_out(history: History, *, paid: Floats, unit_fen: Floats, market: Market) -> Block:
    """A block of members, its rows in their order; fen of each row for the line and for one unit."""
    crowd, catalogue, members = market.crowd, market.catalogue, history.members
    pairs = signals.read_pairs(history, crowd=crowd, products=catalogue.size)
    spending = read_spending(history, paid=paid, unit_fen=unit_fen, usual_unit_fen=market.unit_fen)
    shelf = shelf_of(catalogue, market.stocked)
    told = Told(
        pairs, members=members, shelf=shelf, company=company(pairs, crowd=crowd, members=members, shelf=shelf),
        leanings=leanings(pairs, crowd=crowd, catalogue=catalogue, members=members),
    )  # fmt: skip
    leaning = told.leanings[:, catalogue.categories :]
    wide = rank_told(
        told, task=Task.NEW, folded=market.folded[Task.NEW], as_of=crowd.as_of, products=catalogue.size, width=_FRONT
    )
    penalty = price_penalty(
        spending, line_fen=market.line_fen, members=np.arange(members, dtype=np.int32)[:, None], products=wide.products
    )
    repeat = rank_told(
        told, task=Task.REPEAT, folded=market.folded[Task.REPEAT], as_of=crowd.as_of, products=catalogue.size
    )
    last = np.full(members, np.iinfo(np.int32).min, np.int32)
    np.maximum.at(last, pairs.member, pairs.last)
    return Block(
        leaning=leaning,
        certainty=certainty(pairs, leaning, crowd=crowd),
        evidence=np.bincount(history.member, minlength=members).astype(np.int32),
        spending=spending,
        last=last,
        new=reordered(wide, penalty),
        repeat=repeat,
        due=_due(pairs, repeat, market.intervals),
    )


def certainty(pairs: signals.Pairs, leaning: Floats, *, crowd: Crowd) -> Floats:
    """(members, axes), 0 to 1: how sure it is that she leans that way at all, by the purchases it rests on."""
    say = np.sqrt(pairs.weight)
    known = (crowd.taste != 0).astype(np.float32)
    evidence = np.stack(
        [np.bincount(pairs.member, weights=say * axis[pairs.product], minlength=len(leaning)) for axis in known.T],
        axis=1,
    )  # fmt: skip
    deviations = np.abs(leaning) * np.sqrt(evidence + signals.TASTE_PRIOR) / _WITHIN
    sure: Floats = (1 - np.exp(-0.717 * deviations - 0.416 * deviations**2)).astype(np.float32)  # the normal's own
    return sure


def _due(pairs: signals.Pairs, repeat: Ranked, intervals: Floats) -> Ints:
    products = len(intervals)
    key = pairs.member.astype(np.int64) * products + pairs.product
    day, _ = due_days(pairs, usual=intervals)
    wanted = np.arange(len(repeat.products), dtype=np.int64)[:, None] * products + repeat.products
    place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    found: Ints = np.where(repeat.products >= 0, day[place] if len(day) else -1, -1).astype(np.int32)
    return found
