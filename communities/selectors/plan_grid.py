"""The grid of a version as the page shows it: weekdays, special dates, the countdown, each by slot."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from communities.models import CalendarDay, Material, PlanVersion, Slot
from communities.selectors.plan_cells import CellFacts, cell_facts, fingerprint, newest_published
from communities.selectors.plan_diff import cell_changes
from communities.squares import WEEK, Column

MOST_FOUND = 30  # materials offered at a time


@dataclass(frozen=True, slots=True)
class Square:
    """One slot of one column; its cells in the order in which they count."""

    slot: Slot
    column: Column
    cells: Sequence[CellFacts]


@dataclass(frozen=True, slots=True)
class Head:
    """A column with what the calendar says of it."""

    column: Column
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A table of its own: the week, the special dates, the countdown."""

    key: str
    heads: Sequence[Head]
    rows: Sequence[tuple[Slot, Sequence[Square]]]


@dataclass(frozen=True, slots=True)
class Grid:
    """Everything on the page; `changed` are the draft's cells that differ from what is published."""

    plan: PlanVersion
    sections: Sequence[Section]
    cells: Sequence[CellFacts]
    changed: frozenset[int]
    fingerprint: str


def plan_grid(plan: PlanVersion, *, today: date, more: Collection[Column] = ()) -> Grid:
    """The grid of a version; `more` adds columns that have no cells yet. Dates gone by are left out."""
    cells = cell_facts(plan.cells.all())
    slots = list(Slot.objects.filter(is_active=True).order_by("number"))
    columns = {cell.column for cell in cells} | set(more)
    dates = sorted({c for c in columns if c.day is not None and c.day >= today}, key=lambda c: c.sort_key)
    countdown = sorted({c for c in columns if c.days_to_opening is not None}, key=lambda c: c.sort_key)
    notes = dict(CalendarDay.objects.filter(day__in=[c.day for c in dates]).values_list("day", "name"))
    squares: dict[tuple[int, Column], list[CellFacts]] = defaultdict(list)
    for cell in cells:
        squares[cell.slot, cell.column].append(cell)

    def section(key: str, of: Sequence[Column]) -> Section:
        rows = [
            (slot, [Square(slot, column, squares.get((slot.number, column), ())) for column in of]) for slot in slots
        ]
        return Section(key, [Head(column, notes.get(column.day, "") if column.day else "") for column in of], rows)

    return Grid(
        plan=plan, sections=[section("week", WEEK), section("dates", dates), section("countdown", countdown)],
        cells=cells, changed=_changed(plan, cells), fingerprint=fingerprint(cells),
    )  # fmt: skip


def slots_in_order() -> list[Slot]:
    """All slots, those out of use too."""
    return list(Slot.objects.order_by("number"))


def materials_to_plan(*, text: str = "", theme: str = "") -> list[Material]:
    """HQ's materials that can be put into a cell, of the theme first; `text` is looked for in their names."""
    found = Material.objects.filter(store=None, archived_at=None, current__isnull=False).select_related("current")
    if text.strip():
        found = found.filter(name__icontains=text.strip())
    newest = found.order_by("-pk")[: 10 * MOST_FOUND]
    return sorted(newest, key=lambda material: material.theme != theme)[:MOST_FOUND]


def _changed(plan: PlanVersion, cells: Sequence[CellFacts]) -> frozenset[int]:
    published = None if plan.published_at else newest_published()
    if published is None:
        return frozenset()
    changes = cell_changes(cell_facts(published.cells.all()), cells)
    return frozenset(change.after.id for change in changes if change.after)
