"""What can be said of a rate, and how surely: sums over units, and the intervals they give.

A unit is what one store was sent of one material in one slot: people of a shop behave alike, so a thousand of them in
one shop say less than a thousand in ten. The intervals know that: variances come from unit to unit, not from person
to person (the ratio estimator of a cluster sample).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

MEASURES = ("clicks", "entries", "buyers", "sales_fen", "quits")
COLUMNS = (
    "units", "posts", "people", "people_people",
    *(column for name in MEASURES for column in (name, f"{name}_{name}", f"{name}_people")),
)  # fmt: skip
FEWEST_UNITS, FEWEST_PEOPLE = 8, 500  # below either there is a number, but nothing to conclude
_Z = 1.959964  # 95 %


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate between its 95 % bounds; of a share of people in 0–1, of sales in fen per 100 people."""

    low: float
    point: float
    high: float


class Sums:
    """Sums over units by `COLUMNS`; they add up."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, float] | None = None) -> None:
        self._values = {name: (values or {}).get(name) or 0 for name in COLUMNS}

    @classmethod
    def of_unit(cls, *, posts: int, people: int, measures: Mapping[str, int]) -> "Sums":
        values: dict[str, float] = {
            "units": 1, "posts": posts, "people": people, "people_people": float(people) ** 2,
        }  # fmt: skip
        for name in MEASURES:
            count = measures[name]
            values |= {name: count, f"{name}_{name}": float(count) ** 2, f"{name}_people": float(count) * people}
        return cls(values)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __add__(self, other: "Sums") -> "Sums":
        return Sums({name: self[name] + other[name] for name in COLUMNS})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sums) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Sums({self._values})"

    @property
    def values(self) -> dict[str, float]:
        return dict(self._values)

    @property
    def is_thin(self) -> bool:
        """样本太少: the point may be looked at, an interval would pretend."""
        return self["units"] < FEWEST_UNITS or self["people"] < FEWEST_PEOPLE

    def ratio(self, name: str) -> float:
        """Per person reached; 0 where nobody was."""
        return self[name] / self["people"] if self["people"] else 0.0

    def variance(self, name: str) -> float | None:
        """Of the ratio, from unit to unit; None with fewer than two units."""
        units, people = self["units"], self["people"]
        if units < 2 or not people:  # noqa: PLR2004 -- one unit has no spread
            return None
        ratio = self.ratio(name)
        scatter = self[f"{name}_{name}"] - 2 * ratio * self[f"{name}_people"] + ratio**2 * self["people_people"]
        return max(0.0, scatter) * units / (units - 1) / people**2

    def share(self, name: str) -> Interval | None:
        """The share of people who did it: Wilson's interval on the people it is worth, None where it is thin.

        Persons are worth what is left after Kish's design effect: how much more units differ than chance would have
        it. One person in two groups counts in both, so a share stays below one but for clicks forwarded elsewhere.
        """
        if self.is_thin:
            return None
        share, worth = min(self.ratio(name), 1.0), self["people"]
        by_chance = share * (1 - share) / worth
        spread = self.variance(name)
        if by_chance > 0 and spread is not None:
            worth /= max(1.0, spread / by_chance)
        return wilson(share, worth)

    def per_hundred(self, name: str) -> Interval | None:
        """An amount per 100 people: a gamma interval, for sales are never negative and skewed; None where thin."""
        spread = self.variance(name)
        if self.is_thin or spread is None:
            return None
        return gamma_interval(100 * self.ratio(name), 1e4 * spread)


def total(parts: Iterable[Sums]) -> Sums:
    """The sum of them all."""
    whole = Sums()
    for part in parts:
        whole += part
    return whole


def wilson(share: float, n: float, *, z: float = _Z) -> Interval:
    """Wilson's score interval of a share seen in `n` people; it holds at 0 and 1 too."""
    if n <= 0:
        return Interval(0.0, share, 1.0)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, min(share, middle - half)), share, min(1.0, max(share, middle + half)))


def gamma_interval(mean: float, variance: float, *, z: float = _Z) -> Interval:
    """The interval of a gamma with these moments, by Wilson and Hilferty's cube root; a sure zero where all is zero."""
    if mean <= 0 or variance <= 0:
        return Interval(mean, mean, mean)
    shape = mean * mean / variance
    low, high = (mean * max(0.0, 1 - 1 / (9 * shape) + sign * z / (3 * sqrt(shape))) ** 3 for sign in (-1, 1))
    return Interval(min(low, mean), mean, max(high, mean))
