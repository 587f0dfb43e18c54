"""What publishing a draft would change: the coming week as it is planned now, beside what the draft says."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from communities.models import PlanVersion, Slot
from communities.precedence import BusinessDay
from communities.selectors.plan_cells import CellFacts, Scope, cell_facts, newest_published
from communities.selectors.planned import PlannedPost, business_day, plan_of, planned_posts
from communities.squares import Column

DAYS = 7


@dataclass(slots=True)
class CellChange:
    """One cell that is new, gone or different, and whom it reaches in the week."""

    before: CellFacts | None
    after: CellFacts | None
    store_ids: set[int] = field(default_factory=set)
    group_ids: set[int] = field(default_factory=set)

    @property
    def cell(self) -> CellFacts:
        """The one that says where: the new one, if there is one."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change of nothing")
        return found

    @property
    def kind(self) -> str:
        if self.before is None:
            return "新增"
        return "修改" if self.after else "删除"


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """The changes in the order of the grid, and the whole effect on the seven days from `first` on."""

    first: date
    last: date
    changes: list[CellChange]
    stores: int
    groups: int
    posts_before: int
    posts_after: int
    posts_changed: int


def cell_changes(before: Iterable[CellFacts], after: Iterable[CellFacts]) -> list[CellChange]:
    """The cells that differ, paired by square and scope, in the order of the grid."""

    def keyed(cells: Iterable[CellFacts]) -> dict[tuple[int, Column, Scope], CellFacts]:
        return {(cell.slot, cell.column, cell.scope): cell for cell in cells}

    old, new = keyed(before), keyed(after)
    keys = [key for key in {**old, **new} if not _same(old.get(key), new.get(key))]
    changes = [CellChange(before=old.get(key), after=new.get(key)) for key in keys]
    return sorted(changes, key=lambda change: (change.cell.column.sort_key, change.cell.slot, change.cell.rank))


def plan_diff(*, draft: PlanVersion, first: date) -> PlanDiff:
    """What becomes of the seven days from `first` on if the draft counts from then; queries do not grow with the chain.

    A post has changed where its wording, its being must-do, its wish or its hour has; a store's own post that stays
    has not.
    """
    published = newest_published()
    before = cell_facts(published.cells.all()) if published else []
    after = cell_facts(draft.cells.all())
    changes, reordered = cell_changes(before, after), _order(before, after) != _order(after, before)
    by_cell: dict[int, CellChange] = {}
    for change in changes:
        by_cell |= {cell.id: change for cell in (change.before, change.after) if cell}
    stores: set[int] = set()
    groups: set[int] = set()
    totals: dict[str, int] = defaultdict(int)
    for day in (first + timedelta(days=number) for number in range(DAYS)):
        old = {(post.group_id, post.slot_number): post for post in planned_posts(day=day)}
        new = old
        if reordered or plan_of(day) != published or _touches(changes, business_day(day)):
            new = {(post.group_id, post.slot_number): post for post in planned_posts(day=day, plan=draft)}
        totals["before"] += len(old)
        totals["after"] += len(new)
        if new is old:
            continue
        for key in old.keys() | new.keys():
            was, now = old.get(key), new.get(key)
            if _what(was) == _what(now):
                continue
            totals["changed"] += 1
            for post in (was, now):
                if post is None:
                    continue
                stores.add(post.store_id)
                groups.add(post.group_id)
                touched = by_cell.get(post.cell_id or 0)
                if touched is not None:
                    touched.store_ids.add(post.store_id)
                    touched.group_ids.add(post.group_id)
    return PlanDiff(
        first=first, last=first + timedelta(days=DAYS - 1), changes=changes, stores=len(stores), groups=len(groups),
        posts_before=totals["before"], posts_after=totals["after"], posts_changed=totals["changed"],
    )  # fmt: skip


def _order(cells: Iterable[CellFacts], others: Iterable[CellFacts]) -> list[tuple[object, ...]]:
    """The cells both versions have, by row: of equals the later counts, so one taken out and put back may win."""
    known = {(cell.slot, cell.column, cell.scope) for cell in others}
    keys = [(cell.slot, cell.column, cell.scope) for cell in sorted(cells, key=lambda cell: cell.id)]
    return [key for key in keys if key in known]


def _touches(changes: Iterable[CellChange], today: BusinessDay) -> bool:
    """Whether any change lies in a column this day uses; a day without one need not be planned twice."""
    columns = {change.cell.column for change in changes}
    return any(
        column.days_to_opening is not None or column.day == today.day or column.weekday == today.weekday
        for column in columns
    )


def slot_names() -> dict[int, Slot]:
    """The slots by number, those out of use too."""
    return {slot.number: slot for slot in Slot.objects.order_by("number")}


def _same(before: CellFacts | None, after: CellFacts | None) -> bool:
    return before is not None and after is not None and before.saying == after.saying


def _what(post: PlannedPost | None) -> tuple[object, ...] | None:
    return post and (post.version_id, post.must_do, post.wish, post.due_at, post.own_post_id)
