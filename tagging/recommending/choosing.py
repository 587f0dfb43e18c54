"""Learning how much each signal counts: a conditional logit over what members chose before."""

from __future__ import annotations

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
    centred = [(signals - signals.mean(0)).astype(np.float64) for signals, _ in choices]
    spread = np.sqrt(np.mean([(block**2).mean(0) for block in centred], axis=0)) + 1e-6
    blocks = [block / spread for block in centred]
    targets = [bought / bought.sum() for _, bought in choices]
    start = prior * spread
    weights = start.copy()
    best = _likelihood(blocks, targets, weights) - caution / 2 * float(((weights - start) ** 2).sum())
    for _ in range(_STEPS):
        step = _newton_step(blocks, targets, weights, start=start, caution=caution)
        length = 1.0
        while length > _SHORTEST:
            tried = weights + length * step
            value = _likelihood(blocks, targets, tried) - caution / 2 * float(((tried - start) ** 2).sum())
            if value >= best:
                break
            length /= 2
        else:
            break
        weights, gained, best = tried, value - best, value
        if gained < _ENOUGH:
            break
    learnt: Floats = (weights / spread).astype(np.float32)
    return learnt


def _likelihood(blocks: Sequence[Floats], targets: Sequence[Floats], weights: Floats) -> float:
    total = 0.0
    for block, target in zip(blocks, targets, strict=True):
        utility = block @ weights
        top = utility.max()
        total += float(target @ utility - top - np.log(np.exp(utility - top).sum()))
    return total


def _newton_step(
    blocks: Sequence[Floats], targets: Sequence[Floats], weights: Floats, *, start: Floats, caution: float
) -> Floats:
    slope = -caution * (weights - start)
    curve = -caution * np.eye(len(weights))
    for block, target in zip(blocks, targets, strict=True):
        utility = block @ weights
        chance = np.exp(utility - utility.max())
        chance /= chance.sum()
        mean = chance @ block
        slope += target @ block - mean
        curve -= (block * chance[:, None]).T @ block - np.outer(mean, mean)
    step: Floats = -np.linalg.solve(curve, slope)
    return step
