"""Monthly partitions of the purchase table."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from psycopg import sql

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")


def _month_start(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=BUSINESS_ZONE)


def partition_name(month: date) -> str:
    """The table that holds a month's purchases."""
    return f"members_purchase_{month:%Y_%m}"


def month_range(month: date) -> tuple[datetime, datetime]:
    """From the first moment of a month to the first of the next."""
    return (
        _month_start(month.year, month.month),
        _month_start(month.year + month.month // 12, month.month % 12 + 1),
    )


@transaction.atomic
def ensure_partitions(*, months: Iterable[date]) -> None:
    """Make sure each month (any day of it, Asia/Shanghai) has its partition; safe to repeat and to race."""
    with connection.cursor() as cursor:
        for month in missing_months(months=months):
            cursor.execute(_create(month))
            cursor.execute(_attach(month, to="members_purchase"))


def missing_months(*, months: Iterable[date]) -> list[date]:
    """The first days of those months that have no partition; nobody else makes one until the transaction ends."""
    wanted = sorted({month.replace(day=1) for month in months})
    missing = _without_table(wanted)
    if not missing:
        return []
    with connection.cursor() as cursor:
        # Two imports may want the same new month; the second waits here and then finds it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('members_purchase_partitions'))")
    return _without_table(missing)


def _without_table(months: Iterable[date]) -> list[date]:
    missing = []
    with connection.cursor() as cursor:
        for month in months:
            cursor.execute("SELECT to_regclass(%s)", [partition_name(month)])
            if cursor.fetchone()[0] is None:
                missing.append(month)
    return missing


@contextmanager
def new_partitions(*, months: Iterable[date]) -> Iterator[str]:
    """New months that are filled before they become part of the table: yields the name of a table to insert into.

    It takes rows of these months only. Its partitions have no index yet; joining `members_purchase` builds theirs in
    one go, several times faster than row by row. The months must come from `missing_months`, in one transaction.
    """
    months = list(months)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE members_purchase_new (LIKE members_purchase) PARTITION BY RANGE (bought_at)")
        # Whoever watches the purchases by a trigger watches these.
        cursor.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger "
            "WHERE tgrelid = 'members_purchase'::regclass AND NOT tgisinternal"
        )
        for (watch,) in cursor.fetchall():
            cursor.execute(re.sub(r" ON (\w+\.)?members_purchase ", " ON members_purchase_new ", watch, count=1))
        for month in months:
            cursor.execute(_create(month))
            cursor.execute(_attach(month, to="members_purchase_new"))
        yield "members_purchase_new"
        for month in months:
            name = sql.Identifier(partition_name(month))
            cursor.execute(sql.SQL("ALTER TABLE members_purchase_new DETACH PARTITION {}").format(name))
            cursor.execute(_attach(month, to="members_purchase"))
        cursor.execute("DROP TABLE members_purchase_new")


def _create(month: date) -> sql.Composed:
    return sql.SQL("CREATE TABLE {} (LIKE members_purchase INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(
        sql.Identifier(partition_name(month))
    )


def _attach(month: date, *, to: str) -> sql.Composed:
    """Attaching a ready table blocks no reader; CREATE … PARTITION OF would."""
    start, end = month_range(month)
    return sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
        sql.Identifier(to), sql.Identifier(partition_name(month)),
        sql.Literal(start.isoformat()), sql.Literal(end.isoformat()),
    )  # fmt: skip
