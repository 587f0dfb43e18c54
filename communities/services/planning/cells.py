"""Changing the draft's squares: a cell made, changed, taken out; a cell, a day or a slot copied."""

from collections.abc import Collection

from django.db import transaction

from communities.models import Material, PlanCell, PlanVersion
from communities.selectors.plan_cells import CellFacts, Saying, Scope, cell_facts, facts_of
from communities.services.planning.drafts import add_cell, locked_draft, write_parts
from communities.services.planning.errors import PlanChanged, PlanRefused
from communities.squares import Column

MOST_MATERIALS = 20


@transaction.atomic
def create_cell(*, draft: PlanVersion, slot: int, column: Column, scope: Scope, saying: Saying) -> PlanCell:
    """Put a cell into a square.

    :raises DraftGone:
    :raises PlanRefused: the square has a cell of this scope, or a material is not HQ's to plan
    """
    locked_draft(draft.pk)
    _check_materials(saying)
    _refuse_twin(draft.pk, slot=slot, column=column, scope=scope)
    return add_cell(version_id=draft.pk, slot=slot, column=column, scope=scope, saying=saying)


@transaction.atomic
def change_cell(*, cell: PlanCell, seen: str, scope: Scope, saying: Saying) -> PlanCell:
    """Change what a cell says and for whom; `seen` is its fingerprint when the editor was opened.

    :raises DraftGone:
    :raises PlanChanged: somebody changed or removed the cell since
    :raises PlanRefused: as `create_cell`
    """
    facts = _as_seen(cell, seen)
    _check_materials(saying)
    _refuse_twin(cell.version_id, slot=facts.slot, column=facts.column, scope=scope, but=cell.pk)
    PlanCell.objects.filter(pk=cell.pk).update(
        theme=saying.theme, wish=saying.wish, must_do=saying.must_do, region_id=scope.region_id, stage=scope.stage,
        group_kind=scope.group_kind, for_listed_stores=scope.store_ids is not None,
    )  # fmt: skip
    write_parts(cell=cell, scope=scope, saying=saying)
    cell.refresh_from_db()
    return cell


@transaction.atomic
def remove_cell(*, cell: PlanCell, seen: str) -> None:
    """Take a cell out of the draft. :raises DraftGone: :raises PlanChanged:"""
    _as_seen(cell, seen)
    cell.delete()


@transaction.atomic
def copy_cell(*, cell: PlanCell, seen: str, to: Collection[tuple[int, Column]]) -> int:
    """Put a cell into other squares too, in place of what has its scope there; how many squares changed.

    :raises DraftGone: :raises PlanChanged:
    """
    facts = _as_seen(cell, seen)
    targets = [(slot, column) for slot, column in to if (slot, column) != (facts.slot, facts.column)]
    for slot, column in targets:
        for twin in _square(cell.version_id, slot=slot, column=column):
            if twin.scope == facts.scope:
                PlanCell.objects.filter(pk=twin.id).delete()
        add_cell(version_id=cell.version_id, slot=slot, column=column, scope=facts.scope, saying=facts.saying)
    return len(targets)


@transaction.atomic
def copy_column(*, draft: PlanVersion, source: Column, to: Collection[Column]) -> int:
    """Make other days exactly like one day, all slots; what they held is gone. :raises DraftGone:"""
    locked_draft(draft.pk)
    cells = cell_facts(draft.cells.filter(**source.fields))
    targets = [column for column in to if column != source]
    for column in targets:
        draft.cells.filter(**column.fields).delete()
        for cell in _by_row(cells):
            add_cell(version_id=draft.pk, slot=cell.slot, column=column, scope=cell.scope, saying=cell.saying)
    return len(targets)


@transaction.atomic
def copy_slot(*, draft: PlanVersion, source: int, to: Collection[int]) -> int:
    """Make other slots exactly like one slot, on every weekday; what they held is gone. :raises DraftGone:"""
    locked_draft(draft.pk)
    weekly = draft.cells.filter(weekday__isnull=False)
    cells = cell_facts(weekly.filter(slot=source))
    targets = [slot for slot in to if slot != source]
    for slot in targets:
        weekly.filter(slot=slot).delete()
        for cell in _by_row(cells):
            add_cell(version_id=draft.pk, slot=slot, column=cell.column, scope=cell.scope, saying=cell.saying)
    return len(targets)


def _as_seen(cell: PlanCell, seen: str) -> CellFacts:
    """The cell under the draft's lock, as the editor saw it."""
    locked_draft(cell.version_id)
    try:
        facts = facts_of(cell.pk)
    except PlanCell.DoesNotExist:
        raise PlanChanged("这一格刚刚被别人删掉了") from None
    if facts.fingerprint != seen:
        raise PlanChanged("这一格刚刚被别人改过，没有保存")
    return facts


def _square(version_id: int, *, slot: int, column: Column) -> list[CellFacts]:
    return cell_facts(PlanCell.objects.filter(version=version_id, slot=slot, **column.fields))


def _refuse_twin(version_id: int, *, slot: int, column: Column, scope: Scope, but: int | None = None) -> None:
    for other in _square(version_id, slot=slot, column=column):
        if other.scope == scope and other.id != but:
            raise PlanRefused(f"这个时段已经有一条「{other.scope_words}」的安排，请直接修改那一条")


def _check_materials(saying: Saying) -> None:
    if len(saying.material_ids) > MOST_MATERIALS:
        raise PlanRefused(f"一格最多轮换 {MOST_MATERIALS} 个素材")
    usable = Material.objects.filter(
        pk__in=saying.material_ids, store=None, archived_at=None, current__isnull=False
    ).count()
    if usable != len(set(saying.material_ids)):
        raise PlanRefused("有素材已归档，或者不是总部的素材，请换一个")


def _by_row(cells: list[CellFacts]) -> list[CellFacts]:
    # Of equals the later row counts, so rows are copied in their order.
    return sorted(cells, key=lambda cell: cell.id)
