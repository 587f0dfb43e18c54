"""Choosing the weights of the signals on a slice of the chain's own past, each task by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending import signals
from tagging.recommending.choosing import Choice, learn_weights
from tagging.recommending.crowd import YEAR, read_crowd
from tagging.recommending.facts import History
from tagging.recommending.priors import prior_weights
from tagging.recommending.ranking import RANKS, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagging.recommending.facts import Catalogue, Floats, Ints

_WINDOWS = 3
_LEAST_PAST = 56  # days of history before a window, or it says nothing about habits
_MEMBERS = 500  # asked in each window
_CAUTIONS = (30.0, 300.0, 3_000.0)
_NOTHING_LEARNT = 1e9
_DISCOUNT = 1 / np.log2(np.arange(RANKS) + 2)


@dataclass(frozen=True, slots=True)
class Learnt:
    """The weights of a task; `choices` they rest on, and NDCG@10 on members who had no part in them."""

    weights: Floats
    choices: int
    caution: float
    ndcg: float | None
    prior_ndcg: float | None

    @property
    def figures(self) -> dict[str, float | int | None]:
        return {"choices": self.choices, "caution": self.caution, "ndcg": self.ndcg, "prior_ndcg": self.prior_ndcg}


def learn_task(history: History, catalogue: Catalogue, *, task: Task, as_of: int, horizon: int) -> Learnt:
    """Ask the task of the last windows before `as_of`; half of the members teach, the other half judges.

    Where the judges do better with the weights of `priors`, or there is too little past, those stay.
    """
    prior = prior_weights(repeats=task is Task.REPEAT, horizon_days=horizon)
    asked = _choices(history, catalogue, task=task, as_of=as_of, horizon=horizon)
    teaching = [choice for number, choice in asked if number % 2 == 0]
    judging = [choice for number, choice in asked if number % 2]
    if not teaching or not judging:
        return Learnt(prior, 0, _NOTHING_LEARNT, None, None)
    tried = {_NOTHING_LEARNT: ndcg(judging, prior)}
    for caution in _CAUTIONS:
        tried[caution] = ndcg(judging, learn_weights(teaching, prior=prior, caution=caution))
    caution = max(tried, key=lambda each: (round(tried[each], 3), each))
    everything = [choice for _, choice in asked]
    weights = prior if caution == _NOTHING_LEARNT else learn_weights(everything, prior=prior, caution=caution)
    return Learnt(
        weights, len(everything), caution, round(tried[caution], 4), round(tried[_NOTHING_LEARNT], 4)
    )  # fmt: skip


def ndcg(choices: Sequence[Choice], weights: Floats) -> float:
    """Mean NDCG@10 of ranking each choice's candidates by these weights."""
    found = gains(choices, weights)
    return float(np.mean(found)) if found else 0.0


def gains(choices: Sequence[Choice], weights: Floats) -> list[float]:
    """NDCG@10 of each choice."""
    found = []
    for candidates, bought in choices:
        order = np.argsort(-(candidates @ weights), kind="stable")[:RANKS]
        ideal = _DISCOUNT[: min(int(bought.sum()), RANKS)].sum()
        found.append(float((bought[order] * _DISCOUNT[: len(order)]).sum() / ideal))
    return found


def _choices(
    history: History, catalogue: Catalogue, *, task: Task, as_of: int, horizon: int
) -> list[tuple[int, Choice]]:
    """What members chose in each window, beside the number of the member."""
    found: list[tuple[int, Choice]] = []
    first = int(history.day.min(initial=as_of))
    drawn = np.random.default_rng(2026)
    for back in range(1, _WINDOWS + 1):
        start = as_of - horizon * back
        if start < first + _LEAST_PAST:
            break
        known, later = history.until(start), history.between(start, start + horizon)
        crowd = read_crowd(known, catalogue, as_of=start, horizon=horizon)
        both = np.intersect1d(known.member, later.member)
        chosen = np.sort(drawn.permutation(both)[:_MEMBERS])
        some = _only(known, chosen)
        before = some.until(start) if task is Task.REPEAT else some.between(start - YEAR, start)
        had = before.table(catalogue.size) > 0
        took = _only(later, chosen).table(catalogue.size) > 0
        allowed = (had if task is Task.REPEAT else ~had & crowd.seen) & catalogue.offered
        laid = signals.table(some, crowd=crowd, catalogue=catalogue)
        found += [
            (int(member), (laid[place][allowed[place]], took[place][allowed[place]]))
            for place, member in enumerate(chosen)
            if (took[place] & allowed[place]).any() and not took[place][allowed[place]].all()
        ]
    return found


def _only(history: History, members: Ints) -> History:
    """The rows of some members (sorted), renumbered."""
    place = np.searchsorted(members, history.member)
    kept = (place < len(members)) & (members[np.minimum(place, max(len(members) - 1, 0))] == history.member)
    return History.of(place[kept], history.product[kept], history.day[kept], members=len(members))
