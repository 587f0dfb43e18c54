"""The recommender itself under evaluation: its weights learnt inside the training period only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagging.evaluation import tasks
from tagging.recommending import signals
from tagging.recommending.choosing import Choice, learn_weights
from tagging.recommending.crowd import read_crowd
from tagging.recommending.learning import gains
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


@dataclass(frozen=True, slots=True)
class Laid:
    """The training questions of a task with every signal laid out, window by window."""

    windows: list[list[Choice]]
    prior: Floats


def lay(task: Task, data: Purchases) -> Laid:
    """Ask a task inside the training period: once, for however many sets of signals are then learnt."""
    windows = tasks.training_situations(task, data)
    horizon = windows[0][0].horizon if windows else tasks.QUARTER_DAYS
    return Laid(
        [_choices(window) for window in windows], prior_weights(repeats=task.repeats, horizon_days=horizon)
    )  # fmt: skip


def learn(laid: Laid, *, used: Collection[str] = signals.SIGNALS) -> Learnt:
    """Learn the weights of the signals used, each caution tried on windows left out."""
    mask = np.asarray([name in used for name in signals.SIGNALS], dtype=np.float32)
    windows = [[(candidates * mask, bought) for candidates, bought in window] for window in laid.windows]
    prior = laid.prior * mask
    tried = {caution: _left_out(windows, prior, caution) for caution in _CAUTIONS}
    caution = max(tried, key=lambda each: (round(tried[each], 3), each))
    everything = [choice for window in windows for choice in window]
    return Learnt(learn_weights(everything, prior=prior, caution=caution) * mask, caution, tried)


def score(situation: Situation, weights: Floats) -> Floats:
    """(households, products): utilities."""
    utility: Floats = tables(situation) @ weights
    return utility


def _left_out(windows: Sequence[Sequence[Choice]], prior: Floats, caution: float) -> float:
    """NDCG@10 over windows none of which had a part in the weights that ranked it."""
    found = []
    for out, window in enumerate(windows):
        others = [choice for place, each in enumerate(windows) if place != out for choice in each]
        found += gains(window, learn_weights(others, prior=prior, caution=caution))
    return float(np.mean(found)) if found else 0.0


def _choices(window: Sequence[Situation]) -> list[Choice]:
    found = []
    for situation in window:
        laid = tables(situation)
        found += [
            (laid[query.household][query.candidates], query.bought[query.candidates]) for query in situation.queries
        ]
    return found
