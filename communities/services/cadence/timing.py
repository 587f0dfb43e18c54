"""When a slot's work may happen: the release before its hour, the quiet hours, and who writes a store's day."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.utils import timezone

QUIET_FROM, QUIET_UNTIL = time(21), time(9)  # Shanghai; nothing is sent to anybody in between
_EARLIEST = timedelta(minutes=15)  # before the slot's hour
_SPREAD = 600  # seconds: the last go out five minutes before the hour
_BUCKETS = 16
_LOCK = 0x5107  # the class of our advisory locks


def is_quiet(at: datetime) -> bool:
    local = timezone.localtime(at).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def release_at(*, due_at: datetime, owner: str, slot_number: int) -> datetime:
    """When an owner's posts of a slot are released: 15 to 5 minutes before, the same in every run.

    WeCom asks to keep off the minutes :00 and :30 (wecom.md §3.13), where every other company sends.
    """
    day = timezone.localtime(due_at).date()
    seed = hashlib.sha256(f"{owner}|{day}|{slot_number}".encode()).digest()
    moment = due_at - _EARLIEST + timedelta(seconds=int.from_bytes(seed[:4], "big") % _SPREAD)
    opens = datetime.combine(day, QUIET_UNTIL, tzinfo=timezone.get_default_timezone())
    if moment <= opens + timedelta(minutes=1) and due_at >= opens:
        moment = opens + timedelta(seconds=60 + seed[4] % 120)
    if timezone.localtime(moment).minute in {0, 30}:
        moment += timedelta(minutes=1)
    return moment


def next_morning(day: date, *, owner: str) -> datetime:
    """A quarter of an hour after the quiet hours of the following day, spread over ten minutes."""
    morning = datetime.combine(day + timedelta(days=1), QUIET_UNTIL, tzinfo=timezone.get_default_timezone())
    seed = hashlib.sha256(owner.encode()).digest()
    return morning + timedelta(minutes=5, seconds=int.from_bytes(seed[:2], "big") % _SPREAD)


@contextmanager
def store_days(store_ids: Collection[int]) -> Iterator[None]:
    """A transaction in which nobody else materialises, weighs channels for or releases these stores' posts.

    Stores share sixteen locks, taken in order: a chain of any size needs no more, and shards that hold whole buckets
    (`shards`) never wait for each other.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            for bucket in sorted({store_id % _BUCKETS for store_id in store_ids}):
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, bucket])
        yield


def shards(store_ids: Collection[int]) -> list[list[int]]:
    """Stores in the parts that may be worked on at the same time."""
    parts: dict[int, list[int]] = {}
    for store_id in sorted(store_ids):
        parts.setdefault(store_id % _BUCKETS, []).append(store_id)
    return list(parts.values())
