"""From a member's buying in numbers to her scores: percentiles, probability, worth, stage. Pure, many at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tagging.valuing.spend import SpendModel
from tagging.valuing.visits import VisitModel

Floats = npt.NDArray[np.float64]
STEPS = (0.2, 0.4, 0.6, 0.8)
_YEAR = 365 / 7  # weeks
_NEW_DAYS, _NEW_VISITS = 60, 3
_MATURE_VISITS = 6
_SLEEPING, _LOST = 0.5, 0.2
_ONCE_SLEEPING, _ONCE_LOST = 90, 180  # days: BG/NBD says nothing of who came once


@dataclass(frozen=True, slots=True)
class Buying:
    """Members in columns: days since the first and the last purchase, purchase days, and fen."""

    first_ago: Floats
    last_ago: Floats
    days: Floats
    year_days: Floats
    year_fen: Floats
    repeat_fen: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    recency: npt.NDArray[np.int64]
    frequency: npt.NDArray[np.int64]
    monetary: npt.NDArray[np.int64]
    alive: npt.NDArray[np.int64]  # percent
    expected: Floats
    ltv_fen: npt.NDArray[np.int64]
    stage: npt.NDArray[np.str_]


def cuts_of(buying: Buying) -> dict[str, list[float]]:
    """The percentiles that part these members in five."""
    columns = {"recency": buying.last_ago, "frequency": buying.year_days, "monetary": buying.year_fen}
    return {name: np.quantile(column, STEPS).round(2).tolist() for name, column in columns.items()}


def weeks_of(buying: Buying) -> tuple[Floats, Floats, Floats]:
    """Repeats, last and age as `VisitModel` wants them."""
    return buying.days - 1, (buying.first_ago - buying.last_ago) / 7, buying.first_ago / 7


def scored(buying: Buying, *, visits: VisitModel, spend: SpendModel, cuts: dict[str, Any]) -> Scores:
    """Everything at once; 5 is best. Who came once is judged by how long ago, since the model knows no better."""
    x, last, age = weeks_of(buying)
    alive = visits.alive(x, last, age)
    alive = np.where(x > 0, alive, np.clip(1 - buying.last_ago / (2 * _ONCE_SLEEPING), 0, 1))
    expected = visits.expected(x, last, age, weeks=_YEAR) * np.where(x > 0, 1.0, alive)
    paying = np.where(buying.repeat_fen > 0, x, 0)
    worth = expected * np.maximum(spend.expected(paying, np.maximum(buying.repeat_fen, 0)), 0)
    return Scores(
        recency=5 - np.searchsorted(cuts["recency"], buying.last_ago, side="left"),
        frequency=1 + np.searchsorted(cuts["frequency"], buying.year_days, side="left"),
        monetary=1 + np.searchsorted(cuts["monetary"], buying.year_fen, side="left"),
        alive=np.rint(alive * 100).astype(np.int64),
        expected=expected.round(1),
        ltv_fen=np.rint(worth).astype(np.int64),
        stage=_stages(buying, alive),
    )


def _stages(buying: Buying, alive: Floats) -> npt.NDArray[np.str_]:
    once, ago = buying.days <= 1, buying.last_ago
    lost = np.where(once, ago > _ONCE_LOST, alive < _LOST)
    sleeping = np.where(once, ago > _ONCE_SLEEPING, alive < _SLEEPING)
    new = (buying.first_ago <= _NEW_DAYS) & (buying.days <= _NEW_VISITS) | once
    mature = buying.days >= _MATURE_VISITS
    names = ["lost", "sleeping", "new", "mature"]
    return np.select([lost, sleeping, new, mature], names, default="growing").astype(np.str_)
