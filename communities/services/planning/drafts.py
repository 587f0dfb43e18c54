"""The one draft: begun from what is published, or from an older version; thrown away; its cells written."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from communities.models import CellMaterial, PlanCell, PlanVersion
from communities.selectors.plan_cells import CellFacts, Saying, Scope, cell_facts, newest_published, the_draft
from communities.services.planning.errors import DraftGone, PlanRefused
from communities.squares import Column
from stores.models import Staff


def start_draft(*, by: Staff, at: datetime) -> PlanVersion:
    """The draft, begun with the cells of the newest published plan if there is none yet; safe to repeat."""
    return the_draft() or _begin(cells_of=newest_published(), reverts=None, by=by, at=at)


def revert_to(*, version: PlanVersion, by: Staff, at: datetime) -> PlanVersion:
    """A draft that brings back an older version's cells; it still has to be looked at and published.

    :raises PlanRefused: a draft is being worked on, or the version was never published
    """
    if version.published_at is None:
        raise PlanRefused("这个版本还没有发布过")
    if the_draft():
        raise PlanRefused("还有一份草稿没有处理：先发布或丢弃它，再恢复旧版本")
    draft = _begin(cells_of=version, reverts=version, by=by, at=at)
    if draft.reverts_id != version.pk:
        raise PlanRefused("刚刚有人开始了一份草稿，请刷新后再看")
    return draft


@transaction.atomic
def discard_draft(*, draft: PlanVersion) -> None:
    """Throw the draft away, cells and all. :raises DraftGone:"""
    locked_draft(draft.pk).delete()


def locked_draft(draft_id: int) -> PlanVersion:
    """The draft, locked: whoever changes or publishes it waits for the others. :raises DraftGone:"""
    draft = PlanVersion.objects.select_for_update().filter(pk=draft_id, published_at=None).first()
    if draft is None:
        raise DraftGone
    return draft


def add_cell(*, version_id: int, slot: int, column: Column, scope: Scope, saying: Saying) -> PlanCell:
    """Write a cell with its stores and rotation."""
    cell = PlanCell.objects.create(
        version_id=version_id, slot_id=slot, theme=saying.theme, wish=saying.wish, must_do=saying.must_do,
        **_scope_fields(scope), **column.fields,
    )  # fmt: skip
    if scope.store_ids:
        cell.stores.add(*scope.store_ids)
    _write_rotation(cell, saying)
    return cell


def write_parts(*, cell: PlanCell, scope: Scope, saying: Saying) -> None:
    """Make a cell's stores and rotation what they should be."""
    cell.stores.set(scope.store_ids or ())
    cell.rotation.all().delete()
    _write_rotation(cell, saying)


def _write_rotation(cell: PlanCell, saying: Saying) -> None:
    CellMaterial.objects.bulk_create(
        CellMaterial(cell=cell, material_id=material_id, position=position)
        for position, material_id in enumerate(saying.material_ids)
    )


def _scope_fields(scope: Scope) -> dict[str, object]:
    return {
        "region_id": scope.region_id, "stage": scope.stage, "group_kind": scope.group_kind,
        "for_listed_stores": scope.store_ids is not None,
    }  # fmt: skip


def _begin(*, cells_of: PlanVersion | None, reverts: PlanVersion | None, by: Staff, at: datetime) -> PlanVersion:
    try:
        with transaction.atomic():
            last = PlanVersion.objects.aggregate(last=Max("number"))["last"] or 0
            draft = PlanVersion.objects.create(number=last + 1, made_by=by, made_at=at, reverts=reverts)
            if cells_of is not None:
                _copy(cell_facts(cells_of.cells.all()), to=draft)
    except IntegrityError:
        # Somebody else began at the same moment: there is one draft, and it is theirs.
        draft = the_draft()  # type: ignore[assignment]
        if draft is None:
            raise
    return draft


def _copy(cells: Iterable[CellFacts], *, to: PlanVersion) -> None:
    # In the order of the rows: of equals the later one counts.
    for cell in sorted(cells, key=lambda cell: cell.id):
        add_cell(version_id=to.pk, slot=cell.slot, column=cell.column, scope=cell.scope, saying=cell.saying)
