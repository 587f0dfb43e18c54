"""Days that were counted, written down as the roll-up would."""

from datetime import date, datetime
from itertools import product

from metrics.models import RolledDay, StoreTally
from stores.models import Store

NOW = datetime.fromisoformat("2026-03-10T09:30:00+08:00")  # a Tuesday
TODAY = date(2026, 3, 10)
YESTERDAY = date(2026, 3, 9)


def tally(store: Store, day: date, **components: int) -> StoreTally:
    """One store's day; the day counts as rolled."""
    RolledDay.objects.get_or_create(day=day, defaults={"rolled_at": NOW, "seconds": 1.0})
    return StoreTally.objects.create(store=store, day=day, **components)


def tallies(stores: list[Store], days: list[date], **components: int) -> None:
    """The same counted in each store on each day."""
    for store, day in product(stores, days):
        tally(store, day, **components)
