"""Stores with days behind them, as the tests of alerts, goals and the league need them."""

from datetime import date, datetime, timedelta

from members.services.partitions import BUSINESS_ZONE
from metrics.models import StoreTally
from tests.factories import StoreFactory

MONDAY = date(2026, 3, 2)


def at(day: date, hour: int = 7, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BUSINESS_ZONE)


def days_of(store, *, last: date, count: int, **figures) -> None:
    """`count` equal days of a store that end with `last`."""
    StoreTally.objects.bulk_create(
        StoreTally(store=store, day=last - timedelta(days=n), **figures) for n in range(count)
    )


def peers(count: int, *, last: date, days: int, **figures) -> list:
    """Stores of one band whose days are all alike."""
    stores = StoreFactory.create_batch(count)
    for store in stores:
        days_of(store, last=last, count=days, **figures)
    return stores
