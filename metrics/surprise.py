"""How much better than expected something was, and how sure that is: empirical Bayes over many like it.

Among hundreds of posts the best one looks splendid by luck alone. So each ratio of observed to expected is pulled to
the ordinary by as much as chance could have made it (docs/decisions/0033-alerts-and-goals.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

_Z90 = 1.644854  # a 90 % interval
_FEWEST = 5  # subjects, below which nothing can be said of how much subjects differ
_UNKNOWN_SPREAD = 0.04  # then: a fifth either way


@dataclass(frozen=True, slots=True)
class Unit:
    """One post of one store, one campaign in one store, one week of a store: what came, and what was to come."""

    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class Record:
    """All units of a subject. `scatter` is Σ(o − r·e)², r being the subject's own ratio."""

    observed: float
    expected: float
    units: int
    scatter: float

    @classmethod
    def of(cls, units: Sequence[Unit]) -> "Record":
        observed, expected = sum(unit.observed for unit in units), sum(unit.expected for unit in units)
        ratio = observed / expected if expected else 0.0
        scatter = sum((unit.observed - ratio * unit.expected) ** 2 for unit in units)
        return cls(observed, expected, len(units), scatter)

    @property
    def ratio(self) -> float:
        return self.observed / self.expected if self.expected else 1.0

    def __add__(self, other: "Record") -> "Record":
        return Record(
            self.observed + other.observed, self.expected + other.expected, self.units + other.units,
            self.scatter + other.scatter,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lift:
    """Observed over expected as far as it is to be believed, with its 90 % interval."""

    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True)
class Ordinary:
    """What subjects of a kind are like: their mean ratio, how they truly differ, and a unit's noise per expected."""

    mean: float
    spread: float  # variance between subjects
    noise: float  # variance of a ratio is noise / expected

    def lift(self, record: Record) -> Lift:
        """The subject's ratio relative to the ordinary one, pulled to it as far as chance could have made it."""
        variance = self.noise / record.expected if record.expected > 0 else float("inf")
        trust = self.spread / (self.spread + variance) if variance < float("inf") else 0.0
        point = (trust * record.ratio + (1 - trust) * self.mean) / self.mean
        half = _Z90 * sqrt(self.spread * (1 - trust)) / self.mean
        return Lift(max(0.0, point - half), point, point + half)


def ordinary(records: Iterable[Record]) -> Ordinary:
    """Learn it from all subjects by moments; a subject with one unit tells of the spread, not of the noise."""
    known = [record for record in records if record.expected > 0]
    observed, expected = sum(record.observed for record in known), sum(record.expected for record in known)
    mean = observed / expected if observed and expected else 1.0
    noise = _noise(known, mean)
    if len(known) < _FEWEST:
        return Ordinary(mean, _UNKNOWN_SPREAD * mean**2, noise)
    # Each squared distance holds the subject's own chance; what is left over is how much subjects differ.
    apart = sum(record.expected * (record.ratio - mean) ** 2 for record in known) / expected
    chance = sum(noise for _ in known) / expected
    return Ordinary(mean, max(apart - chance, 0.0001 * mean**2), noise)


def _noise(known: Sequence[Record], mean: float) -> float:
    """The variance a unit has per expected: at least that of counts, which is their mean."""
    repeated = [record for record in known if record.units > 1]
    # A subject's own ratio takes one unit's worth of the scatter away.
    weight = sum(record.expected * (record.units - 1) / record.units for record in repeated)
    pooled = sum(record.scatter for record in repeated) / weight if weight else 0.0
    return max(pooled, mean)
