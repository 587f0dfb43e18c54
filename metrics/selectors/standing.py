"""How a store stands among its peers: median and place, small numbers pulled to the peers first."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from metrics.registry import METRICS, Direction, Metric, Unit
from metrics.selectors.peers import Spread, peers_of, shrunk, spread_of
from metrics.selectors.periods import Period
from metrics.selectors.reading import Reading, of_stores
from metrics.showing import written
from stores.models import Store

# What a store may be compared in whatever its size: shares, averages, and what comes in for each person or day.
COMPARED = (
    "on_time_rate", "join_rate", "quit_rate", "active_rate", "interest_rate", "repurchase_rate", "monthly_spend", "aov",
    "net_sales",
)  # fmt: skip
LEAST_PEERS = 5  # with fewer, a median would tell whose it is
_FAR = 0.1  # of the peers' median: what is nearer is no gap to work on


@dataclass(frozen=True, slots=True)
class Standing:
    """One metric of a store beside its peers'. `place` counts from the best, `gap` is how far behind the median.

    Without a `place` all of them differ by no more than chance would have them.
    """

    metric: Metric
    own: Reading
    middle: Reading  # the peers' median
    peers: int
    place: int | None
    gap: float
    is_thin: bool

    @property
    def is_behind(self) -> bool:
        return self.gap > _FAR

    @property
    def own_text(self) -> str:
        return written(self.metric, self.own)

    @property
    def median_text(self) -> str:
        return written(self.metric, self.middle)


def standings_of(store: Store, period: Period) -> list[Standing]:
    """The metrics in which the store and enough peers have figures, those furthest behind first.

    Of the peers only medians and counts leave here: whoever reads this may not see any one of them.
    """
    read = of_stores(COMPARED, period, peers_of(store, period.last))
    own = of_stores(COMPARED, period, Store.objects.filter(pk=store.pk)).get(store.pk, {})
    found = (_standing(METRICS[code], own.get(code), read) for code in COMPARED)
    return sorted((one for one in found if one is not None), key=lambda one: -one.gap)


def _standing(metric: Metric, own: Reading | None, read: Mapping[int, Mapping[str, Reading]]) -> Standing | None:
    if own is None or own.value is None:
        return None
    values = [one[metric.code].value for one in read.values()]
    known = [value for value in values if value is not None]
    # The store is one of its kind: left out, a figure far off all others would count as chance.
    spread = spread_of(metric.code, {0: {metric.code: own}, **read})
    if spread is None or len(known) < LEAST_PEERS:
        return None
    mine = _believed(metric, own, spread)
    theirs = [
        _believed(metric, one[metric.code], spread) for one in read.values() if one[metric.code].value is not None
    ]
    is_better = (lambda one: one < mine) if metric.direction is Direction.DOWN else (lambda one: one > mine)
    middle = median(known)
    behind = (mine - middle) if metric.direction is Direction.DOWN else (middle - mine)
    differs = spread.variance > 0 or metric.denominator is None
    return Standing(
        metric, own, Reading(middle, None), len(known), 1 + sum(map(is_better, theirs)) if differs else None,
        behind / abs(middle) if middle else 0.0, abs(mine - own.value) > _FAR * abs(own.value),
    )  # fmt: skip


def _believed(metric: Metric, reading: Reading, spread: Spread) -> float:
    """The value as far as its numbers bear it. A plain sum is what it is: it was counted, not sampled."""
    value = reading.value or 0.0
    if metric.denominator is None or reading.denominator is None:
        return value
    weight = float(reading.denominator)
    share = metric.unit is Unit.SHARE
    return shrunk(value, weight, spread.mean, spread.variance, unit_variance=None if share else spread.unit_variance)
