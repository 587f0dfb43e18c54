"""Learning how much each signal counts: a conditional logit over what members chose before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagging.recommending.facts import Bools, Floats

Choice = tuple["Floats", "Bools"]  # (candidates, signals) and which of them were bought

_STEPS = 50
_ENOUGH = 1e-7
_SHORTEST = 1e-4


def learn_weights(choices: Sequence[Choice], *, prior: Floats, caution: float) -> Floats:
    """The weight of each signal, drawn towards `prior` with the force of `caution` choices.

    Newton's method on the penalised likelihood, with a step that never makes it worse; convex, so the end is the end.
    """
    if not choices:
        return prior.astype(np.float32)
    asked = _lay(choices)
    start = prior * asked.spread
    weights = start.copy()
    best = _likelihood(asked, weights) - caution / 2 * float(((weights - start) ** 2).sum())
    for _ in range(_STEPS):
        step = _newton_step(asked, weights, start=start, caution=caution)
        length = 1.0
        while length > _SHORTEST:
            tried = weights + length * step
            value = _likelihood(asked, tried) - caution / 2 * float(((tried - start) ** 2).sum())
            if value >= best:
                break
            length /= 2
        else:
            break
        weights, gained, best = tried, value - best, value
        if gained < _ENOUGH:
            break
    learnt: Floats = (weights / asked.spread).astype(np.float32)
    return learnt


@dataclass(frozen=True, slots=True)
class _Asked:
    """All choices one below the other: a step is then a few passes over one table, however many choices there are."""

    rows: np.ndarray  # (candidates of all choices, signals), centred by choice, in spreads
    starts: np.ndarray  # (choices,): where each begins
    owner: np.ndarray  # (candidates of all choices,): whose
    bought: np.ndarray  # (choices, signals): the mean of what was bought
    spread: np.ndarray  # (signals,)


def _lay(choices: Sequence[Choice]) -> _Asked:
    centred = [(signals - signals.mean(0)).astype(np.float64) for signals, _ in choices]
    spread = np.sqrt(np.mean([(block**2).mean(0) for block in centred], axis=0)) + 1e-6
    lengths = np.asarray([len(block) for block in centred])
    rows = np.concatenate(centred) / spread
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    target = np.concatenate([bought / bought.sum() for _, bought in choices])
    return _Asked(
        rows, starts, np.repeat(np.arange(len(lengths)), lengths),
        np.add.reduceat(rows * target[:, None], starts, axis=0), spread,
    )  # fmt: skip


def _likelihood(asked: _Asked, weights: np.ndarray) -> float:
    utility = asked.rows @ weights
    top = np.maximum.reduceat(utility, asked.starts)
    spread_out = np.add.reduceat(np.exp(utility - top[asked.owner]), asked.starts)
    return float((asked.bought @ weights - top - np.log(spread_out)).sum())


def _newton_step(asked: _Asked, weights: np.ndarray, *, start: np.ndarray, caution: float) -> np.ndarray:
    utility = asked.rows @ weights
    chance = np.exp(utility - np.maximum.reduceat(utility, asked.starts)[asked.owner])
    chance /= np.add.reduceat(chance, asked.starts)[asked.owner]
    weighed = asked.rows * chance[:, None]
    mean = np.add.reduceat(weighed, asked.starts, axis=0)
    slope = (asked.bought - mean).sum(0) - caution * (weights - start)
    curve = mean.T @ mean - asked.rows.T @ weighed - caution * np.eye(len(weights))
    step: np.ndarray = -np.linalg.solve(curve, slope)
    return step
