"""What posts brought, for the pages: by material, by cell, by slot; kinds of proof always apart."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Sum

from communities.estimates import COLUMNS, Sums, total
from communities.models import Material, MaterialDay, PlanCell, PostResult, PostTask
from communities.selectors.plan_cells import CellFacts, cell_facts
from communities.selectors.results import units
from stores.models import Staff
from stores.selectors import stores_for

Keys = tuple[str, ...]
SumsByKey = dict[tuple[int | None, ...], Sums]
SORTS = {
    "people": "people", "clicks": "clicks", "entries": "entries", "buyers": "buyers", "sales": "sales_fen",
    "quits": "quits",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """Business days, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Reading:
    """The results of one material, cell or slot by one kind of proof."""

    evidence: int
    sums: Sums
    material: Material | None = None

    @property
    def proof(self) -> str:
        return str(PostTask.Evidence(self.evidence).label)


def sums_by(keys: Keys, *, period: Period, **only: Any) -> SumsByKey:
    """The whole chain's results by some of material, cell, slot and evidence; one query."""
    rows = MaterialDay.objects.filter(day__range=(period.first, period.last), **only).order_by()
    columns = {f"sum_{name}": Sum(name) for name in COLUMNS}
    names = [_column(key) for key in keys]
    return {
        tuple(row[name] for name in names): Sums({name: row[f"sum_{name}"] for name in COLUMNS})
        for row in rows.values(*names).annotate(**columns)
    }


def sums_for(user: Staff, keys: Keys, *, period: Period, **only: Any) -> SumsByKey:
    """The same as far as this person sees: HQ the chain, others their stores; three queries at most."""
    if user.is_hq:
        return sums_by(keys, period=period, **only)
    mine = list(stores_for(user).values_list("pk", flat=True))
    results = PostResult.objects.filter(store__in=mine, day__range=(period.first, period.last), **only)
    found: SumsByKey = defaultdict(Sums)
    for key, unit in units(results):
        found[tuple(getattr(key, name) for name in keys)] += unit
    return dict(found)


def of_material(user: Staff, material: Material, *, period: Period) -> list[Reading]:
    """What a material brought in the stores this person sees, the best proven first."""
    return _readings(sums_for(user, ("evidence",), period=period, material=material.pk))


def of_cell(user: Staff, facts: CellFacts, *, period: Period) -> list[Reading]:
    """What a cell brought, whichever version of the plan it stood in: the same square, for the same stores."""
    twins = [
        one.id
        for one in cell_facts(PlanCell.objects.filter(slot=facts.slot, **facts.column.fields))
        if one.scope == facts.scope
    ]
    return _readings(sums_for(user, ("evidence",), period=period, cell__in=twins))


def of_materials(
    *, period: Period, theme: str = "", slot: int | None = None, sort: str = "-sales"
) -> list[list[Reading]]:
    """Each material posted in a period with its readings by proof, in the order asked for; two queries."""
    only: dict[str, Any] = {"slot": slot} if slot is not None else {}
    if theme:
        only["material__theme"] = theme
    sums = sums_by(("material", "evidence"), period=period, **only)
    materials = Material.objects.select_related("store").in_bulk({key[0] for key in sums})
    by_material: dict[int, list[Reading]] = defaultdict(list)
    for (material_id, evidence), one in sums.items():
        if material_id is not None and evidence is not None:
            by_material[material_id].append(Reading(evidence, one, materials[material_id]))
    groups = [sorted(readings, key=lambda one: -one.evidence) for _, readings in sorted(by_material.items())]
    name = sort.removeprefix("-")
    measure = SORTS.get(name, "sales_fen")

    def place(group: list[Reading]) -> tuple[bool, float]:
        # By its best proven reading that says anything; what says nothing stands last, whichever way it is sorted.
        leading = next((one for one in group if not one.sums.is_thin), group[0])
        value = leading.sums["people"] if measure == "people" else leading.sums.ratio(measure)
        return leading.sums.is_thin, -value if sort.startswith("-") else value

    return sorted(groups, key=place)


def whole(groups: Collection[list[Reading]]) -> list[Reading]:
    """All materials together, by proof."""
    by_proof: dict[int, list[Sums]] = defaultdict(list)
    for group in groups:
        for one in group:
            by_proof[one.evidence].append(one.sums)
    return [Reading(evidence, total(parts)) for evidence, parts in sorted(by_proof.items(), reverse=True)]


def _readings(sums: SumsByKey) -> list[Reading]:
    found = [Reading(int(key[0] or 0), one) for key, one in sums.items()]
    return sorted(found, key=lambda one: -one.evidence)


def _column(key: str) -> str:
    return key if key == "evidence" else f"{key}_id"
