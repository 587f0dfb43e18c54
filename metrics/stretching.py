"""跳一跳够得着: what a store could reach next month, and where this one will end, from what was before.

Pure arithmetic (docs/decisions/0033-alerts-and-goals.md); the higher a figure the better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt
from statistics import fmean

STEP = 0.25  # of the way to the peers' upper quartile
LEAST, MOST = 0.02, 0.20  # of its own level: a goal asks for something, and not for the moon
_LATEST_FIRST = (3, 2, 1)  # how much the last three months weigh
_Z80 = 1.281552  # an 80 % interval


@dataclass(frozen=True, slots=True)
class Stretch:
    """A goal and what it was made of: `level` is the store's own, pulled to its peers as far as it is small."""

    target: float
    level: float
    upper: float
    trust: float


def stretch(
    history: Sequence[float | None], *, weight: float, peers: Sequence[float], half_trust: float,
    ceiling: float | None = None,
) -> Stretch | None:  # fmt: skip
    """A goal from the last months' figures, latest first, and the peers' latest; None where nothing is known.

    `weight` is how much stands behind the store's own figure (posts, orders, members); at `half_trust` it counts as
    much as its peers' middle. A share has a `ceiling` of 1.
    """
    found = _level(history, weight=weight, peers=peers, half_trust=half_trust)
    if found is None:
        return None
    level, upper, trust = found
    wish = level + STEP * max(0.0, upper - level)
    target = min(max(wish, level * (1 + LEAST)), level * (1 + MOST)) if level > 0 else wish
    if ceiling is not None:
        # Who is nearly perfect is asked to stay so.
        target = min(target, max(level, ceiling - (ceiling - level) / 2))
    return Stretch(target, level, upper, trust)


def stretch_growth(
    history: Sequence[float | None], *, weight: float, peers: Sequence[float], half_trust: float
) -> Stretch | None:  # fmt: skip
    """The same of a month-on-month growth, for what only grows by its own measure (members, sales).

    A small store's own growth is mostly luck, so it is its peers' that counts; its size stays its own.
    """
    found = _level(history, weight=weight, peers=peers, half_trust=half_trust)
    if found is None:
        return None
    level, upper, trust = found
    target = min(max(level + STEP * max(0.0, upper - level), LEAST), MOST)
    return Stretch(target, level, upper, trust)


def _level(
    history: Sequence[float | None], *, weight: float, peers: Sequence[float], half_trust: float
) -> tuple[float, float, float] | None:  # fmt: skip
    """Where a store stands, pulled to its peers' middle; their upper quartile; and how far its own was trusted."""
    known = [(value, w) for value, w in zip(history, _LATEST_FIRST, strict=False) if value is not None]
    if not known and not peers:
        return None
    middle = quantile(peers, 0.5) if peers else 0.0
    own = sum(value * w for value, w in known) / sum(w for _, w in known) if known else middle
    trust = weight / (weight + half_trust) if known and peers else float(bool(known))
    level = trust * own + (1 - trust) * middle
    return level, quantile(peers, 0.75) if peers else level, trust


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of them lies, straight between neighbours. `values` are not empty."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a month will end, between the bounds of an 80 % interval."""

    low: float
    point: float
    high: float


def forecast_sum(days: Sequence[tuple[date, float]], *, through: date, last: date) -> Forecast:
    """The sum of a month that ends with `last`, of which the days up to `through` are known.

    `days` reach back before the month: each remaining day is expected to be like its weekday has been, and weekdays
    seen seldom like all days. Of a month that is over nothing is guessed.
    """
    first = last.replace(day=1)
    done = sum(value for day, value in days if first <= day <= through)
    rest = _days_after(through, last)
    pattern, scatter = _pattern([(day, value) for day, value in days if day <= through])
    point = done + sum(max(0.0, pattern[day.weekday()]) for day in rest)
    half = _half_width(scatter, len(rest), len(days))
    return Forecast(max(done, point - half), point, point + half) if rest else Forecast(done, done, done)


def forecast_share(days: Sequence[tuple[date, float, float]], *, through: date, last: date) -> Forecast | None:
    """The same of a share: (day, numerator, denominator); None where the month will have no denominator."""
    above = forecast_sum([(day, n) for day, n, _ in days], through=through, last=last)
    below = forecast_sum([(day, d) for day, _, d in days], through=through, last=last)
    if below.point <= 0:
        return None
    known = [(n, d) for day, n, d in days if day <= through]
    whole = sum(d for _, d in known)
    usual = sum(n for n, _ in known) / whole if whole else 0.0
    scatter = sqrt(fmean([(n - usual * d) ** 2 for n, d in known])) if known else 0.0
    point = above.point / below.point
    half = _half_width(scatter, len(_days_after(through, last)), len(known)) / below.point
    return Forecast(max(0.0, point - half), point, point + half)


def forecast_level(levels: Sequence[tuple[date, float]], *, through: date, last: date) -> Forecast | None:
    """Where a standing figure (members) will be on `last` if it goes on as it lately went; None without a figure."""
    known = [value for day, value in sorted(levels) if day <= through]
    if not known:
        return None
    rest = len(_days_after(through, last))
    steps = [after - before for before, after in pairwise(known)]
    drift = fmean(steps) if steps else 0.0
    scatter = sqrt(fmean([(step - drift) ** 2 for step in steps])) if steps else 0.0
    point = known[-1] + drift * rest
    half = _half_width(scatter, rest, len(steps))
    return Forecast(max(0.0, point - half), max(0.0, point), point + half)


def _days_after(through: date, last: date) -> list[date]:
    return [through + timedelta(days=n) for n in range(1, (last - through).days + 1)]


def _pattern(days: Sequence[tuple[date, float]]) -> tuple[list[float], float]:
    """What each weekday brings, Monday first, pulled to the whole by two days' worth; and how much days scatter."""
    if not days:
        return [0.0] * 7, 0.0
    mean = fmean(value for _, value in days)
    pattern = []
    for weekday in range(7):
        mine = [value for day, value in days if day.weekday() == weekday]
        pattern.append((sum(mine) + 2 * mean) / (len(mine) + 2))
    scatter = sqrt(fmean((value - pattern[day.weekday()]) ** 2 for day, value in days))
    return pattern, scatter


def _half_width(scatter: float, rest: int, seen: int) -> float:
    """Of the interval of a sum over `rest` days, whose mean was learnt from `seen` of them."""
    return _Z80 * scatter * sqrt(rest + rest * rest / seen) if rest and seen else 0.0
