"""For a product, the members of a store who should hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from members.models import Consent, Member
from tagging.recommending import reasons, signals
from tagging.recommending.ranking import Task, scores
from tagging.recommending.spending import price_penalty, read_spending
from tagging.selectors import histories
from tagging.selectors.recommendations import axis_words
from tagging.selectors.shelves import opted_out, shelf_mask

if TYPE_CHECKING:
    from datetime import date

    from stores.models import Product, Store
    from tagging.selectors.brains import Brain

_AT_ONCE = 8_192
_ACTIVE_DAYS = 180  # who has not come for that long is no audience but a winning back


@dataclass(frozen=True, slots=True)
class Listener:
    """One member; `chance` is how likely this product is among what she takes next, of all the store has."""

    member: Member
    chance: float
    bought_times: int
    reason: str

    @property
    def per_mille(self) -> int:
        return round(self.chance * 1000)


def audience_of(*, product: Product, store: Store, brain: Brain, today: date, limit: int = 50) -> list[Listener]:
    """The members at home in a store most likely to take a product next, best first, in one reading of the store.

    Left out: who has not bought for half a year, or took back consent to profiling or to marketing.
    """
    where = np.flatnonzero(brain.products == product.pk)
    if not len(where):
        return []
    place = int(where[0])
    shard = histories.store_shard(store.pk, product_ids=brain.products.tolist(), as_of=brain.as_of)
    silent = opted_out(store_id=store.pk, purpose=Consent.Purpose.PROFILING) | opted_out(
        store_id=store.pk, purpose=Consent.Purpose.MARKETING
    )
    allowed = brain.catalogue.offered.copy()
    mask = shelf_mask(store.pk, brain.products)
    if mask is not None:
        allowed &= mask
    allowed[place] = True  # she may be told of what arrives tomorrow
    found: list[tuple[float, int, int, str]] = []
    words = axis_words(brain.axes)
    for first in range(0, len(shard.members), _AT_ONCE):
        part = shard.part(first, min(first + _AT_ONCE, len(shard.members)))
        members = part.history.members
        pairs = signals.read_pairs(part.history, crowd=brain.crowd, products=brain.catalogue.size)
        utility = scores(pairs, folded=brain.folded[Task.NEW], crowd=brain.crowd, catalogue=brain.catalogue,
                         members=members)  # fmt: skip
        bought = np.zeros(members, np.int32)
        rows = part.history.product == place
        np.add.at(bought, part.history.member[rows], 1)
        again = scores(pairs, folded=brain.folded[Task.REPEAT], crowd=brain.crowd, catalogue=brain.catalogue,
                       members=members)  # fmt: skip
        utility = np.where(bought[:, None] > 0, again, utility)
        spending = read_spending(part.history, paid=part.paid, unit_fen=part.unit_fen, usual_unit_fen=brain.unit_fen)
        utility[:, place] -= price_penalty(spending, line_fen=brain.line_fen,
                                           members=np.arange(members, dtype=np.int32),
                                           products=np.full(members, place, np.int32))  # fmt: skip
        utility[:, ~allowed] = -np.inf
        shifted = np.exp(utility - utility.max(1, keepdims=True))
        chance = shifted[:, place] / shifted.sum(1)
        last = np.full(members, np.iinfo(np.int32).min, np.int32)
        np.maximum.at(last, pairs.member, pairs.last)
        chance[last < histories.day_number(today) - _ACTIVE_DAYS] = 0
        chance[np.isin(part.members, list(silent))] = 0
        leaning = signals.preference(pairs, crowd=brain.crowd, members=members)
        for i in np.argsort(-chance, kind="stable")[:limit]:
            if chance[i] > 0:
                reason = _reason(leaning[i], brain, place, words, int(bought[i]))
                found.append((float(chance[i]), int(part.members[i]), int(bought[i]), reason))
    found.sort(key=lambda row: (-row[0], row[1]))
    rows_ = found[:limit]
    members_ = Member.objects.in_bulk([row[1] for row in rows_])
    return [Listener(members_[pk], chance, times, reason) for chance, pk, times, reason in rows_]


def _reason(leaning: np.ndarray, brain: Brain, place: int, words: list[reasons.AxisWords], times: int) -> str:
    taste = brain.crowd.taste[place]
    agreeing = np.argsort(-(leaning * taste))[:3]
    liked = [words[axis].name for axis in agreeing if leaning[axis] > 0.15 and taste[axis] > 0.15]  # noqa: PLR2004 -- below, no word is deserved
    said = f"爱{'、'.join(liked)}" if liked else ""
    bought = f"买过 {times} 次" if times else ""
    return "，".join(part for part in (bought, said) if part) or "口味相近的人常买"
