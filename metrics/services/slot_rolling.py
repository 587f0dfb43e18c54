"""Counting the posts of a day by region and slot."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from communities.models import PostTask
from communities.selectors.measures import EXPECTED, counted
from metrics.models import SlotTally


@transaction.atomic
def roll_slots(*, day: date, at: datetime) -> None:
    """Count a day anew, as things stand at this moment; safe to repeat, one count of a day after the other."""
    measures = counted(at=at)
    rows: Any = (
        PostTask.objects.filter(day=day)
        .exclude(state=PostTask.State.WITHDRAWN)
        .order_by()
        .values("store__region_id", "slot_id")
        .annotate(**{name: measures[name] for name in EXPECTED})
    )
    SlotTally.objects.filter(day=day).delete()
    SlotTally.objects.bulk_create([
        SlotTally(
            region_id=row["store__region_id"], slot_id=row["slot_id"], day=day,
            expected=sum(row[name] for name in EXPECTED), on_time=row["on_time"],
        )
        for row in rows
    ])  # fmt: skip
