"""Sum a day's results by material, cell, slot and kind of proof, with what intervals need."""

from collections import defaultdict
from datetime import date

from django.db import connection, transaction

from communities.estimates import COLUMNS, Sums
from communities.models import MaterialDay, PostResult
from communities.selectors.results import UnitKey, units


@transaction.atomic
def sum_day(*, day: date) -> int:
    """Make the sums of a day anew from its results; how many rows there are. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('communities_feedback'), %s)", [day.toordinal()])
    sums: dict[UnitKey, Sums] = defaultdict(Sums)
    for key, unit in units(PostResult.objects.filter(day=day)):
        sums[key] += unit
    MaterialDay.objects.filter(day=day).delete()
    rows = [
        MaterialDay(
            day=day, material_id=key.material, cell_id=key.cell, slot_id=key.slot, evidence=key.evidence,
            **{name: one[name] for name in COLUMNS},
        )
        for key, one in sums.items()
    ]  # fmt: skip
    return len(MaterialDay.objects.bulk_create(rows))
