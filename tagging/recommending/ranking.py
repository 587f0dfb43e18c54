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
_AT_ONCE = 65_536  # pairs scored together: what the processor's cache holds of their rows


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
    """Weights multiplied into the crowd once, so that a block costs one matrix product.

    `base` is what every member shares; `left` multiplies [bought | category leaning | preference].
    """

    base: Floats  # (products,)
    left: Floats  # (products + categories + axes, products)
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
    left = np.concatenate([
        by_name["crowd"] * crowd.affinity, of_category, by_name["taste"] * signals.taste_weights(crowd),
    ])  # fmt: skip
    own = np.asarray([by_name[name] for name in signals.OWN], dtype=np.float32)
    return Folded(base.astype(np.float32), left.astype(np.float32), own)


def scores(pairs: signals.Pairs, *, folded: Folded, crowd: Crowd, catalogue: Catalogue, members: int) -> Floats:
    """(members, products): the utility of each product, up to a constant per member."""
    utility = _left(pairs, crowd=crowd, catalogue=catalogue, members=members) @ folded.left
    utility += folded.base
    utility[pairs.member, pairs.product] += _of_her_own(pairs, folded)
    result: Floats = utility
    return result


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
    return rank_pairs(
        pairs, members=history.members, task=task, folded=folded, crowd=crowd, catalogue=catalogue, stocked=stocked
    )


def rank_pairs(
    pairs: signals.Pairs,
    *,
    members: int,
    task: Task,
    folded: Folded,
    crowd: Crowd,
    catalogue: Catalogue,
    stocked: Bools | None = None,
    width: int = RANKS,
) -> Ranked:
    """The `width` best products of a block of members whose purchases have been gathered into pairs."""
    allowed = catalogue.offered if stocked is None else catalogue.offered & stocked
    left = _left(pairs, crowd=crowd, catalogue=catalogue, members=members)
    if task is Task.REPEAT:
        return _best_of_pairs(pairs, left, folded=folded, allowed=allowed, members=members, width=width)
    shelf = np.flatnonzero(allowed).astype(np.int32)
    utility = left @ folded.left[:, shelf]
    utility += folded.base[shelf]
    # Only what lies on the shelf is scored at all, so her own pairs are looked up in its order.
    column = np.full(catalogue.size, -1, dtype=np.int32)
    column[shelf] = np.arange(len(shelf), dtype=np.int32)
    mine = column[pairs.product] >= 0
    recent = mine & (pairs.last > crowd.as_of - YEAR)
    old = mine & ~recent
    utility[pairs.member[old], column[pairs.product[old]]] += _of_her_own(pairs.where(old), folded)
    utility[pairs.member[recent], column[pairs.product[recent]]] = -np.inf
    ranked = best(utility, width=width)
    named = np.where(ranked.products >= 0, shelf[np.maximum(ranked.products, 0)] if len(shelf) else -1, -1)
    return Ranked(named.astype(np.int32), ranked.scores)


def _left(pairs: signals.Pairs, *, crowd: Crowd, catalogue: Catalogue, members: int) -> Floats:
    """(members, products + categories + axes): what `Folded.left` multiplies."""
    size, categories = catalogue.size, catalogue.categories
    left = np.zeros((members, size + categories + crowd.taste.shape[1]), dtype=np.float32)
    left[pairs.member, pairs.product] = 1.0
    left[:, size : size + categories] = signals.category_leaning(
        pairs, crowd=crowd, catalogue=catalogue, members=members
    )
    left[:, size + categories :] = signals.preference(pairs, crowd=crowd, members=members)
    return left


def _of_her_own(pairs: signals.Pairs, folded: Folded) -> Floats:
    never = np.asarray([signals.NEVER[name] for name in signals.OWN], dtype=np.float32)
    own: Floats = ((pairs.own - never) @ folded.own).astype(np.float32)
    return own


def _best_of_pairs(
    pairs: signals.Pairs, left: Floats, *, folded: Folded, allowed: Bools, members: int, width: int
) -> Ranked:
    """Nobody repeats what she never bought: only the pairs are scored, a few per member instead of every product."""
    pairs = pairs.where(allowed[pairs.product])
    values = folded.base[pairs.product] + _of_her_own(pairs, folded)
    right = np.ascontiguousarray(folded.left.T)
    for low in range(0, len(values), _AT_ONCE):
        part = slice(low, low + _AT_ONCE)
        values[part] += np.einsum("ij,ij->i", left[pairs.member[part]], right[pairs.product[part]])
    order = np.lexsort((pairs.product, -values, pairs.member))
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
