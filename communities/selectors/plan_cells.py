"""The cells of a version as HQ sees and changes them; constant queries for any number of cells."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from communities.models import CellMaterial, CustomerGroup, PlanCell, PlanVersion, Theme
from communities.squares import Column
from stores.models import Store

_SIGNS = 16  # hexadecimal, of a fingerprint


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a cell is; `store_ids` is None where no stores are listed. Two scopes are equal or they differ."""

    region_id: int | None = None
    stage: str = ""
    group_kind: str = ""
    store_ids: tuple[int, ...] | None = None

    def words(self, *, region: str) -> str:
        """`全部门店`, or what narrows it: `杭州市 · 开业门店 · 超级用户群 · 指定 3 家店`."""
        parts = [
            f"指定 {len(self.store_ids):,} 家店" if self.store_ids is not None else "",
            f"{CustomerGroup.Kind(self.group_kind).label}群" if self.group_kind else "",
            f"{Store.Stage(self.stage).label}门店" if self.stage else "",
            region,
        ]
        return " · ".join(part for part in parts if part) or "全部门店"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a cell says: theme, materials in turn, channel wish, must-do or not."""

    theme: str
    material_ids: tuple[int, ...]
    must_do: bool = True
    wish: str = PlanCell.Wish.AUTO


@dataclass(frozen=True, slots=True)
class CellFacts:
    """One cell, complete. `rank` sorts the more specific first, as the rules do within a square."""

    id: int
    slot: int
    column: Column
    scope: Scope
    saying: Saying
    region_name: str
    region_depth: int
    material_names: tuple[str, ...]
    archived: frozenset[int]  # of the materials: they no longer go out

    @property
    def rank(self) -> tuple[bool, bool, bool, int, int]:
        scope = self.scope
        return (scope.store_ids is None, not scope.group_kind, not scope.stage, -self.region_depth, -self.id)

    @property
    def fingerprint(self) -> str:
        """Differs when anything of the cell does; what an editor remembers having seen."""
        return _sign((self.slot, self.column, self.scope, self.saying))

    @property
    def theme_label(self) -> str:
        return Theme(self.saying.theme).label

    @property
    def wish_label(self) -> str:
        """Empty for the ordinary wish, which needs no word."""
        is_auto = self.saying.wish == PlanCell.Wish.AUTO
        return "" if is_auto else str(PlanCell.Wish(self.saying.wish).label)

    @property
    def scope_words(self) -> str:
        return self.scope.words(region=self.region_name)

    @property
    def is_for_everyone(self) -> bool:
        return self.scope == Scope()

    @property
    def live_names(self) -> list[str]:
        """The names of the materials that go out, in turn."""
        pairs = zip(self.saying.material_ids, self.material_names, strict=True)
        return [name for material_id, name in pairs if material_id not in self.archived]


def cell_facts(cells: QuerySet[PlanCell]) -> list[CellFacts]:
    """The cells in the order in which they count within a square; three queries."""
    rows = list(cells.select_related("region").order_by("pk"))
    ids = [row.pk for row in rows]
    stores: dict[int, list[int]] = defaultdict(list)
    listed = PlanCell.stores.through.objects.filter(plancell__in=ids).order_by("store_id")
    for cell_id, store_id in listed.values_list("plancell_id", "store_id"):
        stores[cell_id].append(store_id)
    turns: dict[int, list[CellMaterial]] = defaultdict(list)
    for turn in CellMaterial.objects.filter(cell__in=ids).select_related("material").order_by("position"):
        turns[turn.cell_id].append(turn)
    facts = [
        CellFacts(
            id=row.pk, slot=row.slot_id, column=Column.of(row),
            scope=Scope(
                region_id=row.region_id, stage=row.stage, group_kind=row.group_kind,
                store_ids=tuple(stores[row.pk]) if row.for_listed_stores else None,
            ),
            saying=Saying(
                theme=row.theme, material_ids=tuple(turn.material_id for turn in turns[row.pk]), must_do=row.must_do,
                wish=row.wish,
            ),
            region_name=row.region.name if row.region else "",
            region_depth=row.region.path.count("/") if row.region else 0,
            material_names=tuple(turn.material.name for turn in turns[row.pk]),
            archived=frozenset(
                turn.material_id
                for turn in turns[row.pk]
                if turn.material.archived_at is not None or turn.material.current_id is None
            ),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(facts, key=lambda cell: cell.rank)


def facts_of(cell_id: int) -> CellFacts:
    """One cell; :raises PlanCell.DoesNotExist:"""
    found = cell_facts(PlanCell.objects.filter(pk=cell_id))
    if not found:
        raise PlanCell.DoesNotExist
    return found[0]


def the_draft() -> PlanVersion | None:
    """The version being worked on, if there is one."""
    return PlanVersion.objects.filter(published_at=None).select_related("made_by", "reverts").first()


def newest_published() -> PlanVersion | None:
    """What a draft begins with: published last, whether or not it is valid already."""
    published = PlanVersion.objects.filter(published_at__isnull=False).select_related("published_by", "reverts")
    return published.order_by("-published_at", "-number").first()


def fingerprint(cells: Iterable[CellFacts]) -> str:
    """Of a whole version: differs when any cell does, whatever its rows are called."""
    return _sign(sorted(repr((cell.slot, cell.column, cell.scope, cell.saying)) for cell in cells))


def _sign(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:_SIGNS]
