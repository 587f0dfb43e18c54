"""Monthly partitions of the purchase table."""

from collections.abc import Iterable
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


@transaction.atomic
def ensure_partitions(*, months: Iterable[date]) -> None:
    """Make sure each month (any day of it, Asia/Shanghai) has its partition; safe to repeat and to race."""
    wanted = sorted({month.replace(day=1) for month in months})
    with connection.cursor() as cursor:
        for month in wanted:
            name = partition_name(month)
            cursor.execute("SELECT to_regclass(%s)", [name])
            if cursor.fetchone()[0] is not None:
                continue
            # Two imports may want the same new month; the second waits here and then finds it.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('members_purchase_partitions'))")
            cursor.execute("SELECT to_regclass(%s)", [name])
            if cursor.fetchone()[0] is not None:
                continue
            start = _month_start(month.year, month.month)
            end = _month_start(month.year + month.month // 12, month.month % 12 + 1)
            # Attaching a ready table blocks no reader; CREATE … PARTITION OF would.
            cursor.execute(
                sql.SQL(
                    "CREATE TABLE {name} (LIKE members_purchase INCLUDING DEFAULTS INCLUDING CONSTRAINTS);"
                    "ALTER TABLE members_purchase ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})"
                ).format(
                    name=sql.Identifier(name), start=sql.Literal(start.isoformat()), end=sql.Literal(end.isoformat())
                )
            )
