"""From weights to ten products a member: the fast path, one matrix product and a partial sort per block of members."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending import signals
from tagging.recommending.crowd import YEAR

if TYPE_CHECKING:
    from tagging.recommending.crowd import Crowd
    from tagging.recommending.facts import Bools, Catalogue, Floats, History, Ints

RANKS = 10
_APART = 1e6


class Task(StrEnum):
    """`NEW`: something she did not buy in the last year. `REPEAT`: what she has bought and may need again."""

    NEW = "new"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Ranked:
    """(members, RANKS): product indexes, best first, -1 where there are no more; and their scores."""

    products: Ints
    scores: Floats


@dataclass(frozen=True, slots=True)
class Folded:
    """Weights multiplied into the crowd once.

    `base` is what every member shares, `crowd` the weight of what her purchases say for each product together
    (`company`, the one large matrix product, which all tasks share); `lean` multiplies [category leaning | preference].
    """

    base: Floats  # (products,)
    crowd: np.float32
    lean: Floats  # (categories + axes, products)
    own: Floats  # (len(OWN),)


def fold(weights: Floats, *, crowd: Crowd, catalogue: Catalogue) -> Folded:
    """Multiply the weights of `signals.SIGNALS` into the crowd."""
    by_name = dict(zip(signals.SIGNALS, weights, strict=True))
    base = (
        by_name["season"] * crowd.season
        + by_name["popularity"] * crowd.popularity
        + by_name["month"] * crowd.month
    )  # fmt: skip
    of_category = np.zeros((catalogue.categories, catalogue.size), dtype=np.float32)
    of_category[catalogue.category, np.arange(catalogue.size)] = by_name["category"]
    lean = np.concatenate([of_category, by_name["taste"] * signals.taste_weights(crowd)])
    own = np.asarray([by_name[name] for name in signals.OWN], dtype=np.float32)
    return Folded(base.astype(np.float32), np.float32(by_name["crowd"]), lean.astype(np.float32), own)


def scores(pairs: signals.Pairs, *, folded: Folded, crowd: Crowd, catalogue: Catalogue, members: int) -> Floats:
    """(members, products): the utility of each product, up to a constant per member."""
    everything = np.arange(catalogue.size, dtype=np.int32)
    utility = company(pairs, crowd=crowd, members=members, shelf=everything)
    utility *= folded.crowd
    utility += leanings(pairs, crowd=crowd, catalogue=catalogue, members=members) @ folded.lean
    utility += folded.base
    utility[pairs.member, pairs.product] += _of_her_own(pairs, folded)
    return utility


def company(pairs: signals.Pairs, *, crowd: Crowd, members: int, shelf: Ints) -> Floats:
    """(members, shelf): what everything she has bought says for each product of the shelf."""
    bought = signals.bought_matrix(pairs, members=members, products=len(crowd.affinity))
    found: Floats = bought @ crowd.affinity[:, shelf]
    return found


def leanings(pairs: signals.Pairs, *, crowd: Crowd, catalogue: Catalogue, members: int) -> Floats:
    """(members, categories + axes): what `Folded.lean` multiplies."""
    return np.concatenate(
        [
            signals.category_leaning(pairs, crowd=crowd, catalogue=catalogue, members=members),
            signals.preference(pairs, crowd=crowd, members=members),
        ],
        axis=1,
    )


def shelf_of(catalogue: Catalogue, stocked: Bools | None) -> Ints:
    """The products that may be recommended: offered, and stocked where that is known."""
    allowed = catalogue.offered if stocked is None else catalogue.offered & stocked
    return np.flatnonzero(allowed).astype(np.int32)


def rank(
    history: History,
    *,
    task: Task,
    folded: Folded,
    crowd: Crowd,
    catalogue: Catalogue,
    stocked: Bools | None = None,
) -> Ranked:
    """The best products of a block of members; only what is offered, and stocked where that is known."""
    pairs = signals.read_pairs(history, crowd=crowd, products=catalogue.size)
    shelf = shelf_of(catalogue, stocked)
    told = Told(
        pairs,
        members=history.members,
        shelf=shelf,
        company=company(pairs, crowd=crowd, members=history.members, shelf=shelf),
        leanings=leanings(pairs, crowd=crowd, catalogue=catalogue, members=history.members),
    )
    return rank_told(told, task=task, folded=folded, as_of=crowd.as_of, products=catalogue.size)


@dataclass(frozen=True, slots=True)
class Told:
    """What a block's purchases say, worked out once for both tasks."""

    pairs: signals.Pairs
    members: int
    shelf: Ints
    company: Floats
    leanings: Floats


def rank_told(told: Told, *, task: Task, folded: Folded, as_of: int, products: int, width: int = RANKS) -> Ranked:
    """The `width` best products of the shelf for each member."""
    shelf = told.shelf
    # Only what lies on the shelf is scored at all, so her own pairs are looked up in its order.
    column = np.full(products, -1, dtype=np.int32)
    column[shelf] = np.arange(len(shelf), dtype=np.int32)
    pairs = told.pairs.where(column[told.pairs.product] >= 0)
    place = column[pairs.product]
    if task is Task.REPEAT:
        return _best_of_pairs(pairs, place, told, folded=folded, width=width)
    utility = told.leanings @ folded.lean[:, shelf]
    utility += folded.crowd * told.company
    utility += folded.base[shelf]
    old = pairs.last <= as_of - YEAR
    if old.any():
        utility[pairs.member[old], place[old]] += _of_her_own(pairs.where(old), folded)
    utility[pairs.member[~old], place[~old]] = -np.inf
    ranked = best(utility, width=width)
    named = np.where(ranked.products >= 0, shelf[np.maximum(ranked.products, 0)] if len(shelf) else -1, -1)
    return Ranked(named.astype(np.int32), ranked.scores)


def _of_her_own(pairs: signals.Pairs, folded: Folded) -> Floats:
    never = np.asarray([signals.NEVER[name] for name in signals.OWN], dtype=np.float32)
    own: Floats = ((pairs.own - never) @ folded.own).astype(np.float32)
    return own


def _best_of_pairs(pairs: signals.Pairs, place: Ints, told: Told, *, folded: Folded, width: int) -> Ranked:
    """Nobody repeats what she never bought: only the pairs are scored, a few per member instead of every product."""
    members = told.members
    values = folded.base[pairs.product] + _of_her_own(pairs, folded)
    values += folded.crowd * told.company[pairs.member, place]
    values += np.einsum("ij,ij->i", told.leanings[pairs.member], folded.lean.T[pairs.product])
    # One key instead of two: members lie further apart than any two utilities.
    order = np.argsort(pairs.member * np.float64(_APART) - values, kind="stable")
    member = pairs.member[order]
    place = np.arange(len(order)) - np.searchsorted(member, np.arange(members))[member]
    kept = place < width
    products = np.full((members, width), -1, dtype=np.int32)
    ranked: Floats = np.full((members, width), -np.inf, dtype=np.float32)
    products[member[kept], place[kept]] = pairs.product[order][kept]
    ranked[member[kept], place[kept]] = values[order][kept]
    return Ranked(products, ranked)


def best(utility: Floats, *, width: int = RANKS) -> Ranked:
    """The best of each row, best first; equal ones by index. Rows shorter than `width` are filled with -1."""
    members, size = utility.shape
    taken = min(width, size)
    if not taken:
        return Ranked(np.full((members, width), -1, np.int32), np.full((members, width), -np.inf, np.float32))
    front = np.argpartition(-utility, taken - 1, axis=1)[:, :taken]
    front.sort(axis=1)
    values = np.take_along_axis(utility, front, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    products = np.take_along_axis(front, order, axis=1).astype(np.int32)
    values = np.take_along_axis(values, order, axis=1)
    products[np.isneginf(values)] = -1
    if taken < width:
        gap = ((0, 0), (0, width - taken))
        products = np.pad(products, gap, constant_values=-1)
        values = np.pad(values, gap, constant_values=-np.inf)
    return Ranked(products, values)


def reordered(ranked: Ranked, minus: Floats, *, width: int = RANKS) -> Ranked:
    """The best again once something is taken from their scores (a price beyond her purse)."""
    values = (ranked.scores - minus).astype(np.float32)
    order = np.argsort(-values, axis=1, kind="stable")[:, :width]
    products = np.take_along_axis(ranked.products, order, axis=1)
    return Ranked(products, np.take_along_axis(values, order, axis=1))
