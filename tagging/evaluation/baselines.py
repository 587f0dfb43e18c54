"""The usual recommenders, each a function from a situation to (households, products) utilities.

ALS and BPR are those of the `implicit` library (the evaluation's own dependency group); the rest are a few lines.
Settings as usual for data of this size, tuned by nobody on the test period.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending.crowd import read_crowd

if TYPE_CHECKING:
    from tagging.evaluation.tasks import Situation
    from tagging.recommending.facts import Floats

Baseline = Callable[["Situation"], "Floats"]
_NEIGHBOURS = 20
_FACTORS = 16
_SEED = 2026


def popularity(situation: Situation) -> Floats:
    return _for_all(situation, situation.history.table(situation.catalogue.size).sum(0))


def seasonal_popularity(situation: Situation) -> Floats:
    crowd = read_crowd(situation.history, situation.catalogue, as_of=situation.as_of, horizon=situation.horizon)
    return _for_all(situation, np.where(crowd.seen, crowd.season, -np.inf))


def personal_frequency(situation: Situation) -> Floats:
    """What she bought most, ties by popularity."""
    everybody = situation.history.table(situation.catalogue.size).sum(0)
    counts: Floats = situation.own.table(situation.catalogue.size) + everybody / (everybody.sum() + 1)
    return counts


def item_knn(situation: Situation) -> Floats:
    """Cosine between items, the nearest twenty."""
    bought = _bought(situation)
    norm = np.sqrt(bought.sum(0)) + 1e-9
    cosine = (bought.T @ bought) / np.outer(norm, norm)
    np.fill_diagonal(cosine, 0.0)
    width = min(_NEIGHBOURS, len(cosine))
    floor = np.partition(cosine, -width, axis=1)[:, -width][:, None]
    near = np.where(cosine >= floor, cosine, 0.0)
    utility: Floats = _own(situation) @ near + _tie(situation)
    return utility


def ease(situation: Situation) -> Floats:
    crowd = read_crowd(situation.history, situation.catalogue, as_of=situation.as_of, horizon=situation.horizon)
    utility: Floats = _own(situation) @ crowd.affinity + _tie(situation)
    return utility


def als(situation: Situation) -> Floats:
    from implicit.als import AlternatingLeastSquares

    return _factorised(situation, AlternatingLeastSquares(
        factors=_FACTORS, regularization=1.0, alpha=2.0, iterations=30, random_state=_SEED, num_threads=1,
    ))  # fmt: skip


def bpr(situation: Situation) -> Floats:
    from implicit.bpr import BayesianPersonalizedRanking

    return _factorised(situation, BayesianPersonalizedRanking(
        factors=_FACTORS, learning_rate=0.05, regularization=0.02, iterations=200, random_state=_SEED, num_threads=1,
    ))  # fmt: skip


def category_share(situation: Situation) -> Floats:
    """Her share of each category, by popularity inside; the only one besides taste that knows a newcomer."""
    catalogue = situation.catalogue
    own = situation.own.table(catalogue.size)
    shares = np.stack(
        [own[:, catalogue.category == each].sum(1) for each in range(catalogue.categories)], axis=1
    )  # fmt: skip
    shares /= np.maximum(shares.sum(1, keepdims=True), 1)
    utility: Floats = shares[:, catalogue.category] + _tie(situation)
    return utility


BASELINES: dict[str, Baseline] = {
    "popularity": popularity,
    "pop_season": seasonal_popularity,
    "item_knn": item_knn,
    "ease": ease,
    "als": als,
    "bpr": bpr,
    "personal_freq": personal_frequency,
    "category": category_share,
}


def _factorised(situation: Situation, model: object) -> Floats:
    """Fit on everybody, the asked household's own rows standing for it."""
    from scipy.sparse import csr_matrix

    counts = np.log1p(_own_counts(situation))
    model.fit(csr_matrix(counts.astype(np.float32)), show_progress=False)  # type: ignore[attr-defined]
    utility: Floats = model.user_factors @ model.item_factors.T  # type: ignore[attr-defined]
    return utility


def _own_counts(situation: Situation) -> Floats:
    """Each household's known purchases; everybody else's whole history where hers is hidden is beside the point."""
    return situation.own.table(situation.catalogue.size)


def _bought(situation: Situation) -> Floats:
    return (situation.history.table(situation.catalogue.size) > 0).astype(np.float32)


def _own(situation: Situation) -> Floats:
    return (situation.own.table(situation.catalogue.size) > 0).astype(np.float32)


def _tie(situation: Situation) -> Floats:
    everybody = situation.history.table(situation.catalogue.size).sum(0)
    tie: Floats = 1e-6 * everybody / (everybody.sum() + 1)
    return tie


def _for_all(situation: Situation, utility: Floats) -> Floats:
    return np.broadcast_to(utility, (situation.own.members, len(utility)))
