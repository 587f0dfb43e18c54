"""The usual recommenders, each a function from a situation to (households, products) utilities.

ALS and BPR are those of the `implicit` library (the evaluation's own dependency group); the rest are a few lines.
Settings as usual for data of this size, tuned by nobody on the test period.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tagging.recommending.crowd import read_crowd

if TYPE_CHECKING:
    from tagging.evaluation.tasks import Situation
    from tagging.recommending.facts import Floats

Baseline = Callable[["Situation"], "Floats"]
_NEIGHBOURS = 20
_FACTORS = 16
_SEED = 2026
_EASE_RIDGE, _SMALLEST_RIDGE = 0.1, 5.0
_NEVER_SEEN = -1e6


def popularity(situation: Situation) -> Floats:
    return _for_all(situation, situation.history.table(situation.catalogue.size).sum(0))


def seasonal_popularity(situation: Situation) -> Floats:
    crowd = read_crowd(situation.history, situation.catalogue, as_of=situation.as_of, horizon=situation.horizon)
    return _for_all(situation, np.where(crowd.seen, crowd.season, _NEVER_SEEN))


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
    """EASE on what was bought at all."""
    return _ease(_bought(situation), _own(situation), situation)


def ease_counts(situation: Situation) -> Floats:
    """EASE on the logarithm of how often: for repeats, where having bought says nothing."""
    size = situation.catalogue.size
    return _ease(np.log1p(situation.history.table(size)), np.log1p(situation.own.table(size)), situation)


def als(situation: Situation) -> Floats:
    """Implicit ALS; a household's factors are solved anew from what is known of it."""
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    model = AlternatingLeastSquares(
        factors=_FACTORS, regularization=1.0, alpha=2.0, iterations=30, random_state=_SEED, num_threads=1
    )
    size = situation.catalogue.size
    model.fit(csr_matrix(np.log1p(situation.history.table(size))), show_progress=False)
    own = csr_matrix(np.log1p(situation.own.table(size)))
    members = model.recalculate_user(np.arange(situation.own.members), own)
    utility: Floats = members @ model.item_factors.T
    return utility


def bpr(situation: Situation) -> Floats:
    """BPR; a household whose history is partly hidden gets the mean of those who share a purchase with it."""
    from implicit.bpr import BayesianPersonalizedRanking
    from scipy.sparse import csr_matrix

    model = BayesianPersonalizedRanking(
        factors=_FACTORS, learning_rate=0.05, regularization=0.02, iterations=200, random_state=_SEED, num_threads=1
    )
    everybody, own = _bought(situation), _own(situation)
    model.fit(csr_matrix(everybody), show_progress=False)
    members = model.user_factors
    hidden = (everybody != own).any(1)
    if hidden.any():
        shared = own[hidden] @ everybody.T
        shared /= np.maximum(shared.sum(1, keepdims=True), 1e-9)
        members = members.copy()
        members[hidden] = shared @ model.user_factors
    utility: Floats = members @ model.item_factors.T
    return utility


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
    "ease_counts": ease_counts,
    "als": als,
    "bpr": bpr,
    "personal_freq": personal_frequency,
    "category": category_share,
}


def _ease(everybody: Floats, own: Floats, situation: Situation) -> Floats:
    gram = (everybody.T @ everybody).astype(np.float64)
    active = int((everybody.sum(1) > 0).sum())
    gram[np.diag_indices_from(gram)] += max(_SMALLEST_RIDGE, _EASE_RIDGE * active)
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    utility: Floats = (own @ weights + _tie(situation)).astype(np.float32)
    return utility


def _bought(situation: Situation) -> Floats:
    return (situation.history.table(situation.catalogue.size) > 0).astype(np.float32)


def _own(situation: Situation) -> Floats:
    return (situation.own.table(situation.catalogue.size) > 0).astype(np.float32)


def _tie(situation: Situation) -> Floats:
    everybody = situation.history.table(situation.catalogue.size).sum(0)
    tie: Floats = 1e-6 * everybody / (everybody.sum() + 1)
    return tie


def untied(utility: Floats) -> npt.NDArray[np.float64]:
    """The same order, equal ones by lot: the order of the catalogue must not stand in for knowledge."""
    lots = np.random.default_rng(_SEED).random(utility.shape)
    span = np.ptp(utility) or 1.0
    # In double precision: the lots are too small to change any other order.
    settled: npt.NDArray[np.float64] = utility.astype(np.float64) + lots * span * 1e-12
    return settled


def _for_all(situation: Situation, utility: Floats) -> Floats:
    return np.broadcast_to(utility, (situation.own.members, len(utility)))
