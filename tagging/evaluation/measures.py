"""How good ten ranked products are: hit@10, NDCG@10, coverage; with intervals over households."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tagging.recommending.ranking import RANKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tagging.evaluation.tasks import Query, Situation
    from tagging.recommending.facts import Floats

_DISCOUNT = 1 / np.log2(np.arange(RANKS) + 2)
_DRAWS = 2_000
_COVERAGE_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Results:
    """One number per query, with the household it belongs to; `shown` are all products that were recommended."""

    ndcg: Floats
    hit: Floats
    households: Floats
    shown: frozenset[int]
    shelf: int  # products that could have been
    lists: tuple[tuple[int, ...], ...]  # of each query, best first

    @property
    def coverage(self) -> float:
        return len(self.shown) / max(self.shelf, 1)


@dataclass(frozen=True, slots=True)
class Interval:
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def ten_best(utility: npt.NDArray[np.floating[Any]], query: Query) -> list[int]:
    """The candidates with the highest utility, best first; equal ones in the catalogue's order."""
    candidates = np.flatnonzero(query.candidates)
    order = np.argsort(-utility[candidates], kind="stable")[:RANKS]
    return [int(product) for product in candidates[order]]


def measure(situations: Sequence[Situation], tables: Sequence[npt.NDArray[np.floating[Any]]]) -> Results:
    """Grade (households, products) tables, one for each situation."""
    ndcg, hit, households, lists = [], [], [], []
    shelf = 0
    for situation, table in zip(situations, tables, strict=True):
        shelf = max(shelf, int(situation.catalogue.offered.sum()))
        for query in situation.queries:
            ranked = ten_best(table[query.household], query)
            gains = query.bought[ranked]
            ideal = _DISCOUNT[: min(int(query.bought.sum()), RANKS)].sum()
            ndcg.append(float((gains * _DISCOUNT[: len(ranked)]).sum() / ideal))
            hit.append(float(gains.any()))
            households.append(query.household)
            lists.append(tuple(ranked))
    return Results(
        np.asarray(ndcg), np.asarray(hit), np.asarray(households), frozenset().union(*lists), shelf, tuple(lists)
    )


def interval(values: Floats, households: Floats, *, seed: int = 2026) -> Interval:
    """The mean over queries and its 95 % bootstrap interval, households being drawn whole."""
    names, place = np.unique(households, return_inverse=True)
    sums = np.bincount(place, weights=values)
    counts = np.bincount(place)
    drawn = np.random.default_rng(seed).integers(0, len(names), (_DRAWS, len(names)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))


def coverage_interval(results: Results, *, seed: int = 2026) -> Interval:
    """The share of the shelf shown to anybody, and its interval; fewer households show less, so it leans low."""
    names, place = np.unique(results.households, return_inverse=True)
    shown = np.zeros((len(names), max(results.shown, default=0) + 1), dtype=bool)
    for number, ranked in zip(place, results.lists, strict=True):
        shown[number, list(ranked)] = True
    drawn = np.random.default_rng(seed).integers(0, len(names), (_COVERAGE_DRAWS, len(names)))
    shares = [shown[some].any(0).sum() / max(results.shelf, 1) for some in drawn]
    low, high = np.percentile(shares, [2.5, 97.5])
    return Interval(results.coverage, float(low), float(high))
