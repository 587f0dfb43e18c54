"""How far the roll-up is, and whether it agrees with the facts."""

from dataclasses import dataclass
from datetime import date, datetime

from metrics.models import DirtyDay, RolledDay, TallyDifference
from metrics.registry.components import LABELS


@dataclass(frozen=True, slots=True)
class TalliesState:
    """The newest day counted for every store, what waits to be counted again, and the last comparison."""

    day: date | None
    rolled_at: datetime | None
    seconds: float
    waiting: int
    checked_at: datetime | None
    compared: int
    differences: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference as people read it."""

    row: TallyDifference
    label: str


def tallies_state() -> TalliesState:
    """Four queries, whatever the size."""
    newest = RolledDay.objects.order_by("-day").first()
    checked = RolledDay.objects.exclude(checked_at=None).order_by("-checked_at", "-day").first()
    return TalliesState(
        day=newest.day if newest else None,
        rolled_at=newest.rolled_at if newest else None,
        seconds=newest.seconds if newest else 0,
        waiting=DirtyDay.objects.count(),
        checked_at=checked.checked_at if checked else None,
        compared=checked.compared if checked else 0,
        differences=TallyDifference.objects.count(),
    )


def tally_differences(*, limit: int) -> list[Difference]:
    """What the comparisons found, the newest day first."""
    rows = TallyDifference.objects.select_related("store").order_by("-day", "store__code", "component")[:limit]
    return [Difference(row, LABELS.get(row.component, row.component)) for row in rows]
