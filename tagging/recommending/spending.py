"""The price side of a member, kept apart from what she likes: what a line may cost her, how much she buys cheap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tagging.recommending.facts import Floats, History, Ints

_CHEAP = 0.85  # of the usual price of one unit
_HIGH = 0.8  # of a member's lines cost no more than what counts as her usual price
_MARGIN = 1.25  # dearer than that much above it, a product begins to lose
_STRENGTH = 0.5
_FEN_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class Spending:
    """By member: `usual_fen` for a line (0: unknown), and the share of purchases made well below the usual price."""

    usual_fen: Floats
    bargains: Floats


def usual_prices(values: Floats, history: History, products: int) -> Floats:
    """The median of `values` (fen) by product; 0 where nothing was paid."""
    usual = np.zeros(products, dtype=np.float32)
    paid = values > 0
    order = np.lexsort((values[paid], history.product[paid]))
    product, value = history.product[paid][order], values[paid][order]
    starts = np.searchsorted(product, np.arange(products + 1))
    count = np.diff(starts)
    some = count > 0
    usual[some] = value[starts[:-1][some] + count[some] // 2]
    return usual


def read_spending(history: History, *, paid: Floats, unit_fen: Floats, usual_unit_fen: Floats) -> Spending:
    """A block's side of the price; rows in the order of members."""
    members = history.members
    # One key of whole numbers: sorting that is many times faster than sorting by two columns.
    key = history.member.astype(np.int64) * _FEN_LIMIT + np.minimum(paid, _FEN_LIMIT - 1).astype(np.int64)
    key.sort()
    starts = np.searchsorted(history.member, np.arange(members + 1))
    count = np.diff(starts)
    usual = np.zeros(members, dtype=np.float32)
    some = count > 0
    usual[some] = key[starts[:-1][some] + (_HIGH * (count[some] - 1)).astype(np.int64)] % _FEN_LIMIT
    cheap = (unit_fen > 0) & (unit_fen < _CHEAP * usual_unit_fen[history.product])
    bargains = np.bincount(history.member, weights=cheap, minlength=members) / np.maximum(count, 1)
    return Spending(usual, bargains.astype(np.float32))


def price_penalty(spending: Spending, *, line_fen: Floats, members: Ints, products: Ints) -> Floats:
    """What each pair of member and product loses for being dearer than what she is used to; 0 where nobody knows."""
    hers, its = spending.usual_fen[members] * np.float32(_MARGIN), line_fen[products]
    known = (hers > 0) & (its > 0)
    ratio = np.where(known, its, 1) / np.where(known, hers, 1)
    penalty: Floats = (_STRENGTH * np.log(np.maximum(ratio, 1))).astype(np.float32)
    return penalty
