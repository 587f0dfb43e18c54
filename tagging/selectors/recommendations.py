"""What is said of one member: her taste in words, what moved it, what to offer her and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from members.models import Consent, Member
from stores.models import Product
from tagging.models import MemberTaste, Recommendation
from tagging.recommending import reasons, signals
from tagging.recommending.ranking import Task
from tagging.recommending.replenishing import due_days
from tagging.selectors import histories
from tagging.selectors.brains import Brain, brain_of
from tagging.selectors.shelves import opted_out, stocked_products
from tagging.selectors.tastes import axes_in_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tagging.recommending.reasons import AxisWords
    from tagging.selectors.histories import Shard

_COMPANION_PULL = 0.02  # of EASE's weights: below, buying one says next to nothing for the other
_IN_SEASON = 0.15  # log share above its yearly one
_MOVERS = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """One product for one member. `confidence` is 0 to 1; `score` logarithmic; `due_on` for repeats only."""

    product: Product
    score: float
    reason: str
    confidence: float
    due_on: date | None = None

    @property
    def confidence_word(self) -> str:
        return reasons.confidence_word(self.confidence)


@dataclass(frozen=True, slots=True)
class AxisLeaning:
    """One axis of a member: on the products' scale 0 to 10, in deviations, how sure (0 to 1), and who moved it."""

    words: AxisWords
    value: float
    usual: float
    leaning: float
    sure: float
    movers: list[tuple[str, float]] = field(default_factory=list)

    @property
    def direction(self) -> str:
        """`liked`, `avoided`, or nothing where it is not sure."""
        if self.sure < reasons.SURE or abs(self.leaning) < reasons.LEANS:
            return ""
        return "liked" if self.leaning > 0 else "avoided"


@dataclass(frozen=True, slots=True)
class MemberProfile:
    """What is known of a member's taste, and the lists for her."""

    sentence: str
    axes: list[AxisLeaning]
    evidence: int
    usual_fen: int
    bargain_percent: int
    as_of: date
    new: list[Offer]
    repeat: list[Offer]

    @property
    def confidence_word(self) -> str:
        return reasons.confidence_word(reasons.confidence(self.evidence))


def axis_words(keys: Sequence[str]) -> list[AxisWords]:
    """The words of a model's axes; one deleted since goes by its key."""
    known = {axis.key: reasons.AxisWords(axis.name, axis.liked, axis.disliked) for axis in axes_in_order()}
    return [known.get(key, reasons.AxisWords(key, key, f"不爱{key}")) for key in keys]


def profile_of(member: Member, *, today: date) -> MemberProfile | None:
    """A member's taste and lists, with reasons; None where she has none, or does not want to be profiled.

    The lists keep only what her store stocks now.
    """
    taste = MemberTaste.objects.filter(member=member).select_related("model").first()
    if taste is None or opted_out(members=[member.pk], purpose=Consent.Purpose.PROFILING):
        return None
    brain = brain_of(taste.model_id)
    shard = histories.members_shard([member.pk], product_ids=brain.products.tolist(), as_of=brain.as_of)
    if not len(shard.members):
        return None
    lists = Recommendation.objects.filter(member=member).first()
    words = axis_words(brain.axes)
    leaning, sure = [v / 100 for v in taste.leaning], [v / 100 for v in taste.certainty]
    teller = Teller(brain, shard, words)
    names = {product.pk: product for product in Product.objects.filter(pk__in=brain.products.tolist())}
    new, repeat = teller.offers(0, lists, names, leaning, sure, today=today) if lists else ([], [])
    stocked = stocked_products(member.home_store_id) if member.home_store_id else None
    if stocked is not None:
        new, repeat = ([offer for offer in offers if offer.product.pk in stocked] for offers in (new, repeat))
    return MemberProfile(
        sentence=reasons.profile_sentence(leaning, sure, words),
        axes=[
            AxisLeaning(
                words=words[place], value=_scaled(brain, place, leaning[place]), usual=brain.mean[place],
                leaning=leaning[place], sure=sure[place], movers=teller.movers(place, names),
            )
            for place in range(len(words))
        ],
        evidence=taste.evidence, usual_fen=taste.usual_fen, bargain_percent=taste.bargain_percent,
        as_of=brain.as_of, new=new, repeat=repeat,
    )  # fmt: skip


def _scaled(brain: Brain, axis: int, leaning: float) -> float:
    return round(min(max(brain.mean[axis] + leaning * brain.spread[axis], 0), 10), 1)


class Teller:
    """Finds the words for a shard's lists: gathers the shard once, then answers member by member."""

    def __init__(self, brain: Brain, shard: Shard, words: list[AxisWords]) -> None:
        self._brain, self._words = brain, words
        self._pairs = signals.read_pairs(shard.history, crowd=brain.crowd, products=brain.catalogue.size)
        self._starts = np.searchsorted(self._pairs.member, np.arange(shard.history.members + 1))
        self._place = {int(pk): place for place, pk in enumerate(brain.products)}
        due, interval = due_days(self._pairs, usual=brain.intervals)
        key = self._pairs.member.astype(np.int64) * len(brain.products) + self._pairs.product
        self._repeats = {
            int(k): (int(d), int(i), int(t)) for k, d, i, t in zip(key, due, interval, self._pairs.count, strict=True)
        }

    def offers(
        self, member: int, lists: Recommendation, names: dict[int, Product], leaning: list[float], sure: list[float],
        *, today: date,
    ) -> tuple[list[Offer], list[Offer]]:  # fmt: skip
        """The new and the repeated products of one member (by her number in the shard), each with its reason."""
        sureness = reasons.confidence(int(self._starts[member + 1] - self._starts[member]))
        new = [
            Offer(names[product], score, self.new_reason(member, product, names, leaning, sure), sureness)
            for product, score in zip(lists.new_products, lists.new_scores, strict=True)
            if product in names
        ]
        repeat = [
            Offer(names[product], score, self.repeat_reason(member, product, today=today), sureness,
                  histories.day_of(due))
            for product, score, due in zip(lists.repeat_products, lists.repeat_scores, lists.due_on, strict=True)
            if product in names
        ]  # fmt: skip
        return new, repeat

    def new_reason(
        self, member: int, product: int, names: dict[int, Product], leaning: list[float], sure: list[float]
    ) -> str:
        place = self._place[product]
        crowd = self._brain.crowd
        mine = self._pairs.product[self._starts[member] : self._starts[member + 1]]
        pull = crowd.affinity[mine, place]
        best = int(np.argmax(pull)) if len(pull) else -1
        companion = names.get(int(self._brain.products[mine[best]])) if best >= 0 else None
        return reasons.new_sentence(
            leaning=leaning, sure=sure, taste=crowd.taste[place].tolist(), words=self._words,
            companion=companion.name if companion and pull[best] >= _COMPANION_PULL else "",
            in_season=bool(crowd.season[place] > crowd.popularity[place] + _IN_SEASON),
        )  # fmt: skip

    def repeat_reason(self, member: int, product: int, *, today: date) -> str:
        due, interval, times = self._repeats[member * len(self._brain.products) + self._place[product]]
        return reasons.repeat_sentence(
            times=times, interval=interval, overdue=histories.day_number(today) - due
        )  # fmt: skip

    def movers(self, axis: int, names: dict[int, Product]) -> list[tuple[str, float]]:
        """Which of the first member's products moved an axis, and by how many deviations, strongest first."""
        mine = slice(self._starts[0], self._starts[1])
        say = np.sqrt(self._pairs.weight[mine])
        moved = say * self._brain.crowd.taste[self._pairs.product[mine], axis] / (say.sum() + signals.TASTE_PRIOR)
        order = np.argsort(-np.abs(moved), kind="stable")[:_MOVERS]
        return [
            (names[int(self._brain.products[self._pairs.product[mine][i]])].name, round(float(moved[i]), 2))
            for i in order
            if abs(moved[i]) >= 0.01  # noqa: PLR2004 -- what would be shown as 0.0
        ]


def list_of(lists: Recommendation, task: Task) -> list[int]:
    return list(lists.new_products if task is Task.NEW else lists.repeat_products)
