"""The recommender itself under evaluation: its weights learnt inside the training period only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagging.evaluation import tasks
from tagging.evaluation.measures import measure
from tagging.recommending import signals
from tagging.recommending.choosing import Choice, learn_weights
from tagging.recommending.crowd import read_crowd
from tagging.recommending.priors import prior_weights

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tagging.evaluation.data import Purchases
    from tagging.evaluation.tasks import Situation, Task
    from tagging.recommending.facts import Floats

_CAUTIONS = (3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0)


@dataclass(frozen=True, slots=True)
class Learnt:
    """Weights by signal, the caution chosen, and the NDCG@10 each caution reached on windows left out."""

    weights: Floats
    caution: float
    tried: dict[float, float]


def tables(situation: Situation) -> Floats:
    """(households, products, signals) of a situation."""
    crowd = read_crowd(
        situation.history, situation.catalogue, as_of=situation.as_of, horizon=situation.horizon
    )  # fmt: skip
    return signals.table(situation.own, crowd=crowd, catalogue=situation.catalogue)


def learn(task: Task, data: Purchases, *, without: Collection[str] = ()) -> Learnt:
    """Learn the weights, each caution tried on windows left out; `without` takes signals away (for an ablation)."""
    mask = np.asarray([name not in without for name in signals.SIGNALS], dtype=np.float32)
    windows = tasks.training_situations(task, data)
    laid = [[tables(situation) * mask for situation in window] for window in windows]
    prior = prior_weights(repeats=task.repeats, horizon_days=_horizon(windows)) * mask
    tried = {caution: _left_out(windows, laid, prior, caution) for caution in _CAUTIONS}
    caution = max(tried, key=lambda each: (round(tried[each], 3), each))
    everything = [choice for window, layer in zip(windows, laid, strict=True) for choice in _choices(window, layer)]
    return Learnt(learn_weights(everything, prior=prior, caution=caution) * mask, caution, tried)


def score(situation: Situation, weights: Floats) -> Floats:
    """(households, products): utilities."""
    utility: Floats = tables(situation) @ weights
    return utility


def _horizon(windows: Sequence[Sequence[Situation]]) -> int:
    return windows[0][0].horizon if windows else tasks.QUARTER_DAYS


def _left_out(
    windows: Sequence[Sequence[Situation]], laid: Sequence[Sequence[Floats]], prior: Floats, caution: float
) -> float:
    """NDCG@10 over windows none of which had a part in the weights that ranked it."""
    found = []
    for out, (window, layer) in enumerate(zip(windows, laid, strict=True)):
        others = [
            choice
            for place, (each, tables_) in enumerate(zip(windows, laid, strict=True))
            if place != out
            for choice in _choices(each, tables_)
        ]
        weights = learn_weights(others, prior=prior, caution=caution)
        found.append(measure(window, [table @ weights for table in layer]).ndcg)
    return float(np.concatenate(found).mean()) if found else 0.0


def _choices(window: Sequence[Situation], laid: Sequence[Floats]) -> list[Choice]:
    return [
        (table[query.household][query.candidates], query.bought[query.candidates])
        for situation, table in zip(window, laid, strict=True)
        for query in situation.queries
    ]
