"""The questions recommenders are compared on: whom, when, what may be recommended, and what was bought then.

Definitions as in the data's own notes. Labels such as "apple, other" are neither candidates nor answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending.crowd import YEAR
from tagging.recommending.facts import Bools, Catalogue, History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagging.evaluation.data import Purchases

REPEAT_DAYS = 28
QUARTER_DAYS = 90
FOLDS = 5
_QUARTER_STARTS = (1, 4, 7, 10)


@dataclass(frozen=True, slots=True)
class Query:
    """One household at one time."""

    household: int
    candidates: Bools
    bought: Bools


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known on the evening of `as_of`: of everybody for the crowd, of each household for itself."""

    history: History  # everybody's, to learn from
    own: History  # each household's, as far as it is known
    catalogue: Catalogue
    as_of: int
    horizon: int
    queries: list[Query]


@dataclass(frozen=True, slots=True)
class Task:
    """`repeats` where only what was bought before may be recommended, `shy` where fewer than a year's facts count."""

    name: str
    title: str
    repeats: bool = False


NEW = Task("new", "没买过的品种")
REPEAT = Task("repeat", "28 天内复购", repeats=True)
REPEAT_ALL = Task("repeat_all", "以后复购", repeats=True)
DISC90 = Task("disc90", "一年没买的品种")
COLD1, COLD2, COLD5, COLD10 = (Task(f"cold{lines}", f"只知道 {lines} 次购买") for lines in (1, 2, 5, 10))
UNSEEN = Task("unseen", "新上市品种")
TASKS = (NEW, REPEAT, REPEAT_ALL, DISC90, COLD1, COLD2, COLD5, COLD10, UNSEEN)
_LONG = {DISC90, COLD1, COLD2, COLD5, COLD10, UNSEEN}  # need years of seasons


def fits(task: Task, data: Purchases) -> bool:
    """Whether a data set is long enough for a task."""
    return task not in _LONG or data.cut > 2 * YEAR


def held_out_situations(task: Task, data: Purchases) -> list[Situation]:
    """The questions of the period after the cut."""
    return list(_situations(task, data, data.cut, data.last))


def training_situations(task: Task, data: Purchases) -> list[list[Situation]]:
    """The same questions asked inside the training period, in windows for leaving one out; never past the cut."""
    windows = [
        list(_situations(task, data, after, until))
        for after, until in _training_windows(task, data)
    ]  # fmt: skip
    return [window for window in windows if window]


def _training_windows(task: Task, data: Purchases) -> list[tuple[int, int]]:
    if task is REPEAT:
        starts = [data.cut - REPEAT_DAYS * back for back in range(1, 27)]
        return [(start, start + REPEAT_DAYS) for start in starts if start > data.cut // 4]
    length = data.last - data.cut
    shift = max(length // 3, QUARTER_DAYS if task in _LONG else length // 3)
    starts = [data.cut - length - shift * back for back in range(4)]
    return [(start, start + length) for start in starts if start > data.cut // 4]


def _situations(task: Task, data: Purchases, after: int, until: int) -> Iterator[Situation]:
    if task in {NEW, REPEAT, REPEAT_ALL}:
        end = min(after + REPEAT_DAYS, until) if task is REPEAT else until
        yield from _if_asked(_split(task, data, after, end))
    elif task is UNSEEN:
        yield from _launches(data, after, until)
    else:
        for as_of in _quarters(data, after, until):
            yield from _if_asked(_split(task, data, as_of, as_of + QUARTER_DAYS))


def _if_asked(situation: Situation) -> Iterator[Situation]:
    if situation.queries:
        yield situation


def _quarters(data: Purchases, after: int, until: int) -> list[int]:
    """The evenings before the quarters that begin after `after` and whose 90 days end by `until`."""
    first = date.fromordinal(data.starts.toordinal() + after)
    days = [
        date(year, month, 1).toordinal() - data.starts.toordinal() - 1
        for year in range(first.year, first.year + 10)
        for month in _QUARTER_STARTS
    ]
    return [day for day in days if day + 1 >= after and day + QUARTER_DAYS <= until]


def _split(task: Task, data: Purchases, as_of: int, until: int) -> Situation:
    history, size, offered = data.history, data.catalogue.size, data.catalogue.offered
    known = history.until(as_of)
    own = known
    before = known.table(size) > 0
    active = before.any(1)
    later = history.between(as_of, until)
    if task.name.startswith("cold"):
        own, later = _first_lines(later, int(task.name.removeprefix("cold")), as_of)
        before = own.table(size) > 0
        active = before.any(1)
    elif task is DISC90:
        before = known.between(as_of - YEAR, as_of).table(size) > 0
    bought = later.table(size) > 0
    allowed = (before if task.repeats else ~before) & offered
    queries = [
        Query(int(household), allowed[household], bought[household] & allowed[household])
        for household in np.flatnonzero(active & (bought & allowed).any(1))
    ]
    return Situation(known, own, data.catalogue, as_of, until - as_of, queries)


def _first_lines(later: History, lines: int, as_of: int) -> tuple[History, History]:
    """The first lines of each household after a day, as if bought that day; and what came after them."""
    order = np.lexsort((later.day, later.member))
    member, product, day = later.member[order], later.product[order], later.day[order]
    starts = np.searchsorted(member, np.arange(later.members))
    first = np.arange(len(member)) - starts[member] < lines
    own = History(member[first], product[first], np.full(int(first.sum()), as_of, np.int32), later.members)
    return own, History(member[~first], product[~first], day[~first], later.members)


def _launches(data: Purchases, after: int, until: int) -> Iterator[Situation]:
    """A fifth of the varieties at a time as on their launch day: nobody has ever bought them."""
    shuffled = np.random.default_rng(2026).permutation(np.flatnonzero(data.catalogue.offered))
    bought = data.history.between(after, until).table(data.catalogue.size) > 0
    for fold in np.array_split(shuffled, FOLDS):
        launched = np.zeros(data.catalogue.size, dtype=bool)
        launched[fold] = True
        known = data.history.until(after)
        known = known.where(~launched[known.product])
        active = known.table(data.catalogue.size).any(1)
        queries = [
            Query(int(household), launched, bought[household] & launched)
            for household in np.flatnonzero(active & (bought & launched).any(1))
        ]
        yield from _if_asked(Situation(known, known, data.catalogue, after, until - after, queries))


def without_taste(situation: Situation) -> Situation:
    """The same, were tastes not known."""
    blind = replace(situation.catalogue, taste=np.full_like(situation.catalogue.taste, np.nan))
    return replace(situation, catalogue=blind)
