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
    left = np.concatenate(
        [
            signals.bought_matrix(pairs, members=members, products=catalogue.size),
            signals.category_leaning(pairs, crowd=crowd, catalogue=catalogue, members=members),
            signals.preference(pairs, crowd=crowd, members=members),
        ],
        axis=1,
    )
    utility = left @ folded.left
    utility += folded.base
    never = np.asarray([signals.NEVER[name] for name in signals.OWN], dtype=np.float32)
    utility[pairs.member, pairs.product] += (pairs.own - never) @ folded.own
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
    members = history.members
    pairs = signals.read_pairs(history, crowd=crowd, products=catalogue.size)
    utility = scores(pairs, folded=folded, crowd=crowd, catalogue=catalogue, members=members)
    allowed = catalogue.offered if stocked is None else catalogue.offered & stocked
    if task is Task.NEW:
        recent = pairs.last > crowd.as_of - YEAR
        utility[pairs.member[recent], pairs.product[recent]] = -np.inf
    else:
        kept = np.full_like(utility, -np.inf)
        kept[pairs.member, pairs.product] = utility[pairs.member, pairs.product]
        utility = kept
    utility[:, ~allowed] = -np.inf
    return best(utility)


def best(utility: Floats) -> Ranked:
    """The ten best of each row, best first; equal ones by index."""
    width = min(RANKS, utility.shape[1])
    front = np.argpartition(-utility, width - 1, axis=1)[:, :width]
    front.sort(axis=1)
    values = np.take_along_axis(utility, front, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    products = np.take_along_axis(front, order, axis=1).astype(np.int32)
    values = np.take_along_axis(values, order, axis=1)
    products[np.isneginf(values)] = -1
    return Ranked(products, values)
