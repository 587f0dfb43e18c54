"""The chain in parts: its regions, its city tiers, the hours of its day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, Sum, Value, When

from communities.models import PostTask, Slot
from communities.selectors.measures import EXPECTED, counted
from metrics.models import SlotTally
from metrics.selectors.periods import Period
from metrics.selectors.reading import Readings, of_parts
from stores.models import Region, Staff, Store
from stores.selectors import regions_for


def regions_below(user: Staff, region: Region | None) -> list[Region]:
    """The regions to set side by side: those right below the one asked for, or below where this person stands."""
    mine = regions_for(user)
    if region is not None:
        return list(mine.filter(parent=region).order_by("name", "pk"))
    if user.region is not None:
        return list(mine.filter(parent=user.region).order_by("name", "pk"))
    tops = list(mine.filter(parent=None).order_by("name", "pk"))
    if len(tops) > 1:
        return tops
    # A chain under one root would have one line.
    return [below for top in tops for below in regions_below(user, top)] or tops


def of_regions(
    codes: Iterable[str], period: Period, stores: QuerySet[Store], regions: Sequence[Region]
) -> dict[int, Readings]:
    """Each region's readings with all below it; what lies in none of them is left out."""
    if not regions:
        return {}
    below = [When(store__region__path__startswith=region.path, then=Value(region.pk)) for region in regions]
    parts = of_parts(codes, period, stores, part=Case(*below, default=None, output_field=IntegerField()))
    return {part: readings for part, readings in parts.items() if part is not None}


def of_tiers(codes: Iterable[str], period: Period, stores: QuerySet[Store]) -> dict[int, Readings]:
    """Each city tier's readings."""
    return of_parts(codes, period, stores, part=F("store__city_tier"))


@dataclass(frozen=True, slots=True)
class SlotShare:
    """How a slot was kept: on time of what was to be out."""

    on_time: int
    expected: int

    @property
    def percent(self) -> int | None:
        """In whole percent, never rounded up to a hundred or down to nought; None where nothing was to be out."""
        if not self.expected:
            return None
        rounded = round(100 * self.on_time / self.expected)
        return min(max(rounded, 1), 99) if 0 < self.on_time < self.expected else rounded


def slots() -> list[Slot]:
    """The hours in use, in order."""
    return list(Slot.objects.filter(is_active=True).order_by("at", "number"))


def slots_by_day(period: Period, regions: QuerySet[Region]) -> dict[tuple[date, int], SlotShare]:
    """On-time share by (day, slot) in these regions."""
    return _shares(_slot_rows(period, regions).values_list("day", "slot_id"))


def slots_by_region(
    period: Period, regions: QuerySet[Region], parts: Sequence[Region]
) -> dict[tuple[int, int], SlotShare]:
    """On-time share by (region, slot), each of the parts with all below it."""
    if not parts:
        return {}
    below = [When(region__path__startswith=part.path, then=Value(part.pk)) for part in parts]
    rows = _slot_rows(period, regions).annotate(part=Case(*below, default=None, output_field=IntegerField()))
    return _shares(rows.exclude(part=None).values_list("part", "slot_id"))


def slots_of_store(store: Store, period: Period, *, at: datetime) -> dict[tuple[date, int], SlotShare]:
    """On-time share by (day, slot) in one store, counted off its posts."""
    measures = counted(at=at)
    rows: Any = (
        PostTask.objects.filter(store=store, day__range=(period.first, period.last))
        .exclude(state=PostTask.State.WITHDRAWN)
        .order_by()
        .values("day", "slot_id")
        .annotate(**{name: measures[name] for name in EXPECTED})
    )
    return {
        (row["day"], row["slot_id"]): SlotShare(row["on_time"], sum(row[name] for name in EXPECTED)) for row in rows
    }


def _slot_rows(period: Period, regions: QuerySet[Region]) -> QuerySet[SlotTally]:
    return SlotTally.objects.filter(day__range=(period.first, period.last), region__in=regions).order_by()


def _shares(rows: QuerySet[Any, tuple[Any, ...]]) -> dict[tuple[Any, int], SlotShare]:
    summed = rows.annotate(kept=Sum("on_time"), wanted=Sum("expected"))
    return {(part, slot): SlotShare(kept, wanted) for part, slot, kept, wanted in summed}
