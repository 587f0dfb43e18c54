"""Which cell of the plan counts for a group on a day: the rules alone, without the database.

A square is one slot of one day. Of the cells that fit a group there, one counts:

1. a cell for so many days before the store's opening, before one for a date, before one for a weekday;
2. a list of stores before a group kind before a store stage before the deeper region (`PlanCell`);
3. of equals the later row.

A cell with nothing in its rotation counts like any other and posts nothing: so HQ leaves a scope out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Place:
    """What the plan asks of a group; `days_to_opening` is None for a store that opened before the day."""

    store_id: int
    region: str
    stage: str
    group_kind: str
    days_to_opening: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A `PlanCell` as the rules see it; `stores` is None where none are listed, `region` a path or empty."""

    id: int
    slot: int
    weekday: int | None = None
    day: date | None = None
    days_to_opening: int | None = None
    must_do: bool = True
    wish: str = "auto"
    region: str = ""
    stage: str = ""
    group_kind: str = ""
    stores: frozenset[int] | None = None
    rotation: tuple[int, ...] = ()  # material versions, in turn

    @property
    def rank(self) -> tuple[int, bool, bool, bool, int, int]:
        """The higher counts."""
        kind_of_day = 2 if self.days_to_opening is not None else 1 if self.day is not None else 0
        listed, depth = self.stores is not None, self.region.count("/")
        return (kind_of_day, listed, bool(self.group_kind), bool(self.stage), depth, self.id)

    def fits(self, place: Place) -> bool:
        """Whether the scopes hold; the day is not looked at."""
        return (
            (self.stores is None or place.store_id in self.stores)
            and (not self.group_kind or self.group_kind == place.group_kind)
            and (not self.stage or self.stage == place.stage)
            and place.region.startswith(self.region)
        )


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A day as the calendar has it: the weekday whose cells it uses, and whether it posts at all."""

    day: date
    weekday: int
    is_silent: bool = False

    @classmethod
    def of(cls, day: date, *, as_weekday: int | None = None, is_silent: bool = False) -> Self:
        return cls(day, day.weekday() if as_weekday is None else as_weekday, is_silent)

    @property
    def turn(self) -> int:
        """Whose turn it is in a weekday's rotation: one further each week.

        A week-long holiday uses one weekday's cells day after day; there it is one further each day.
        """
        return (self.day.toordinal() - 1) // DAYS_A_WEEK + self.day.weekday() - self.weekday


class DayPlan:
    """The cells of one day, asked once per group; equal places cost one look."""

    def __init__(self, cells: Iterable[Cell], today: BusinessDay) -> None:
        self._today = today
        usable = [] if today.is_silent else [cell for cell in cells if self._is_of_today(cell)]
        self._cells = sorted(usable, key=lambda cell: cell.rank, reverse=True)
        self._counts_down = any(cell.days_to_opening is not None for cell in usable)
        self._lists: dict[int, list[int]] = defaultdict(list)
        for cell in usable:
            for store_id in cell.stores or ():
                self._lists[store_id].append(cell.id)
        self._known: dict[tuple[object, ...], Mapping[int, Cell]] = {}

    def winners(self, place: Place) -> Mapping[int, Cell]:
        """The cell that counts, by slot number; a slot without one is left out."""
        countdown = place.days_to_opening if self._counts_down else None
        listed = tuple(self._lists.get(place.store_id, ()))
        key = (place.region, place.stage, place.group_kind, countdown, listed)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(place)
        return found

    def version(self, cell: Cell) -> int | None:
        """The material version whose turn it is; None for a cell that posts nothing."""
        if not cell.rotation:
            return None
        turn = self._today.turn if cell.weekday is not None else 0
        return cell.rotation[turn % len(cell.rotation)]

    def _is_of_today(self, cell: Cell) -> bool:
        if cell.days_to_opening is not None:
            return True
        return cell.day == self._today.day if cell.day is not None else cell.weekday == self._today.weekday

    def _find(self, place: Place) -> dict[int, Cell]:
        found: dict[int, Cell] = {}
        for cell in self._cells:
            is_its_day = cell.days_to_opening is None or cell.days_to_opening == place.days_to_opening
            if is_its_day and cell.slot not in found and cell.fits(place):
                found[cell.slot] = cell
        return found
