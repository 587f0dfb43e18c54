"""A member's own history beside the crowd's: the numbers a choice is made from.

Two forms of the same: `Pairs` for what she has bought (few), and three narrow tables for everything else, which
`ranking.scores` folds into one matrix product. A product never bought has the values of `NEVER`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending.crowd import MONTH, season_window

if TYPE_CHECKING:
    from tagging.recommending.crowd import Crowd
    from tagging.recommending.facts import Bools, Catalogue, Floats, History, Ints

OWN = ("own_season", "habit", "times", "gap", "own_month")
SHARED = ("season", "popularity", "month", "crowd", "category", "taste")
SIGNALS = SHARED + OWN

HALF_LIFE = 365  # days in which a purchase loses half its say
_FEW = np.float32(0.05)
_GAP_NEVER = 8.0
_CATEGORY_PRIOR = 5.0  # purchases' worth of the crowd's own shares
TASTE_PRIOR = 3.0  # so that one bargain pear does not overturn a profile
_AXES_SCALE = 6.0

NEVER = {
    "own_season": float(np.log(_FEW)),
    "habit": float(np.log(_FEW)),
    "times": float(np.log(0.2)),
    "gap": _GAP_NEVER,
    "own_month": float(np.log(0.1)),
}


@dataclass(frozen=True, slots=True)
class Pairs:
    """What each member has bought: one row per member and product, in that order; `first`, `last` day, `count`."""

    member: Ints
    product: Ints
    first: Ints
    last: Ints
    count: Ints
    own: Floats  # (pairs, len(OWN))
    weight: Floats  # of the purchases, faded by age

    def where(self, kept: Bools) -> Pairs:
        if kept.all():
            return self
        return Pairs(*(getattr(self, field.name)[kept] for field in fields(self)))


def read_pairs(history: History, *, crowd: Crowd, products: int) -> Pairs:
    """Gather a block's purchases until the crowd's day into pairs."""
    past = history.until(crowd.as_of)
    key, place = np.unique(past.member.astype(np.int64) * products + past.product, return_inverse=True)
    age = (crowd.as_of - past.day).astype(np.float32)
    faded = np.exp2(-age / HALF_LIFE)
    count = np.bincount(place, minlength=len(key)).astype(np.float32)
    weight = np.bincount(place, weights=faded, minlength=len(key)).astype(np.float32)
    month = np.bincount(place, weights=age < MONTH, minlength=len(key)).astype(np.float32)
    season = np.bincount(place, weights=_season_weight(past, crowd), minlength=len(key)).astype(np.float32)
    last = np.full(len(key), np.iinfo(np.int32).min, dtype=np.int32)
    np.maximum.at(last, place, past.day)
    first = np.full(len(key), np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(first, place, past.day)
    own = np.stack(
        [
            np.log(_FEW + season),
            np.log(_FEW + weight),
            np.log(np.float32(0.2) + count),
            np.log1p(np.minimum(crowd.as_of - last, 2_000)).astype(np.float32),
            np.log(np.float32(0.1) + month),
        ],
        axis=1,
    )
    return Pairs(
        member=(key // products).astype(np.int32), product=(key % products).astype(np.int32), first=first, last=last,
        count=count.astype(np.int32), own=own, weight=weight,
    )  # fmt: skip


def _season_weight(past: History, crowd: Crowd) -> Floats:
    weight = np.zeros(len(past.day), dtype=np.float32)
    oldest = int(past.day.min(initial=crowd.as_of))
    for back in range(1, 8):
        start, end = season_window(as_of=crowd.as_of, horizon=crowd.horizon, back=back)
        if end <= oldest:
            break
        weight += np.float32(0.7 ** (back - 1)) * ((past.day > start) & (past.day <= end))
    return weight


def category_leaning(pairs: Pairs, *, crowd: Crowd, catalogue: Catalogue, members: int) -> Floats:
    """(members, categories): log of her share of each beside the crowd's."""
    categories = catalogue.categories
    key = pairs.member.astype(np.int64) * categories + catalogue.category[pairs.product]
    own = np.bincount(key, weights=pairs.weight, minlength=members * categories).reshape(members, categories)
    share = (own + _CATEGORY_PRIOR * crowd.category_share) / (own.sum(1, keepdims=True) + _CATEGORY_PRIOR)
    leaning: Floats = np.log(share / crowd.category_share).astype(np.float32)
    return leaning


def preference(pairs: Pairs, *, crowd: Crowd, members: int) -> Floats:
    """(members, axes): the taste she leans to, in the crowd's standard deviations, shrunk where evidence is thin."""
    say = np.sqrt(pairs.weight)
    total = np.bincount(pairs.member, weights=say, minlength=members) + TASTE_PRIOR
    leaning = np.stack(
        [
            np.bincount(pairs.member, weights=say * axis[pairs.product], minlength=members)
            for axis in crowd.taste.T
        ],
        axis=1,
    )  # fmt: skip
    mean: Floats = (leaning / total[:, None]).astype(np.float32)
    return mean


def bought_matrix(pairs: Pairs, *, members: int, products: int) -> Floats:
    """(members, products): 1 where she has bought."""
    bought = np.zeros((members, products), dtype=np.float32)
    bought[pairs.member, pairs.product] = 1.0
    return bought


def table(history: History, *, crowd: Crowd, catalogue: Catalogue) -> Floats:
    """(members, products, signals): every signal laid out, for learning from small histories."""
    members, products = history.members, catalogue.size
    pairs = read_pairs(history, crowd=crowd, products=products)
    laid = np.empty((members, products, len(SIGNALS)), dtype=np.float32)
    laid[:, :, 0], laid[:, :, 1], laid[:, :, 2] = crowd.season, crowd.popularity, crowd.month
    laid[:, :, 3] = bought_matrix(pairs, members=members, products=products) @ crowd.affinity
    leaning = category_leaning(pairs, crowd=crowd, catalogue=catalogue, members=members)
    laid[:, :, 4] = leaning[:, catalogue.category]
    laid[:, :, 5] = preference(pairs, crowd=crowd, members=members) @ crowd.taste.T / _AXES_SCALE
    for place, name in enumerate(OWN, start=len(SHARED)):
        laid[:, :, place] = NEVER[name]
        laid[pairs.member, pairs.product, place] = pairs.own[:, place - len(SHARED)]
    return laid


def taste_weights(crowd: Crowd) -> Floats:
    """(axes, products): what a preference is multiplied with to give the taste signal."""
    scaled: Floats = crowd.taste.T / np.float32(_AXES_SCALE)
    return scaled


__all__ = ["NEVER", "OWN", "SHARED", "SIGNALS", "Pairs", "bought_matrix", "category_leaning", "preference",
           "read_pairs", "table", "taste_weights"]  # fmt: skip
