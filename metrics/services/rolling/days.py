"""Count one business day, or several, from the facts: the same facts give the same tallies, however often."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from metrics.models import RolledDay
from metrics.registry.components import Grain
from metrics.services.rolling import people_sql, posts_sql, sales_sql, stays_sql
from metrics.services.rolling.writing import MOVES, write
from metrics.services.slot_rolling import roll_slots

WINDOW = timedelta(days=30)
_SHORT_WINDOW = timedelta(days=7)  # what today's row needs beside yesterday's windows
_DAY = timedelta(days=1)


def roll_days(*, first: date, last: date, at: datetime) -> list[date]:
    """Count every store's days from one to another, each in a transaction of its own; the days, in order."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for day in days:
        roll_day(day=day, at=at)
    return days


@transaction.atomic
def roll_day(*, day: date, at: datetime, stores: Sequence[int] | None = None) -> None:
    """Count one day of these stores, or of all; a day that is not over is counted as far as it is.

    The last two days take their picture of members' value; an earlier day keeps the one it has. Two counts of one
    day come one after the other.
    """
    started = monotonic()
    today = timezone.localdate(at)
    facts = _facts(day=day, at=at, stores=stores, is_over=day < today)
    snapshot = day >= today - _DAY
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('metrics_tally'), %s)", [day.toordinal()])
        # Millions of people are grouped in memory, not by way of the disk.
        cursor.execute("SET LOCAL work_mem = '192MB'")
        _gather(cursor, facts, is_over=day < today, snapshot=snapshot)
        for grain in Grain:
            write(cursor, grain, facts, snapshot=snapshot)
        for name in _TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
    roll_slots(day=day, at=at)  # by region: a store counted alone changes its region's row
    if stores is None and day < today:
        RolledDay.objects.update_or_create(
            day=day, defaults={"rolled_at": at, "seconds": round(monotonic() - started, 3)}
        )


@transaction.atomic
def recount_staff(*, day: date, at: datetime) -> None:
    """Count one day of all colleagues anew and nothing else: WeCom's figures of them come after the night."""
    facts = _facts(day=day, at=at, stores=None, is_over=day < timezone.localdate(at))
    tables = ("tally_staff_post", "tally_staff_contact", "tally_staff_owner")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('metrics_tally'), %s)", [day.toordinal()])
        for statement in (posts_sql.OF_STAFF, sales_sql.CONTACTS, sales_sql.OWNERS):
            cursor.execute(statement, facts)
        write(cursor, Grain.STAFF, facts, snapshot=False)
        for name in tables:
            cursor.execute(f"DROP TABLE {name}")


def _facts(*, day: date, at: datetime, stores: Sequence[int] | None, is_over: bool) -> dict[str, Any]:
    since = datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
    until = since + _DAY
    return {
        "day": day, "since": since, "until": until, "at": min(at, until),
        "stores": None if stores is None else sorted(stores),
        "window_since": until - (WINDOW if is_over else _SHORT_WINDOW),
    }  # fmt: skip


def _gather(cursor: CursorWrapper, facts: dict[str, Any], *, is_over: bool, snapshot: bool) -> None:
    sums = ", ".join(f"sum(m.{name})::bigint AS {name}" for name in MOVES)
    for statement in (stays_sql.STAYS, people_sql.PEOPLE):
        cursor.execute(statement, facts)
    cursor.execute("ANALYZE tally_stay")
    cursor.execute("ANALYZE tally_person")
    for statement in (
        stays_sql.MOVES, stays_sql.PREFILL, people_sql.OF_GROUPS, people_sql.OF_STORES,
        people_sql.MOVES_OF_STORES.format(sums=sums), *(() if is_over else people_sql.CARRY),
        posts_sql.POSTS, posts_sql.OF_GROUPS, posts_sql.OF_STORES, posts_sql.OF_STAFF,
        posts_sql.RESULTS_OF_GROUPS, posts_sql.RESULTS_OF_STORES,
        sales_sql.RECEIPTS, sales_sql.OF_STORES, sales_sql.OF_CAMPAIGNS, sales_sql.CLAIMS,
        sales_sql.CLAIMS_OF_STORES, sales_sql.CLAIMS_OF_CAMPAIGNS, sales_sql.CLICKS, sales_sql.CODES,
        sales_sql.CODES_OF_STORES, sales_sql.CONTACTS, sales_sql.OWNERS, *((sales_sql.VALUES,) if snapshot else ()),
    ):  # fmt: skip
        cursor.execute(statement, facts)


_TABLES = (
    "tally_stay", "tally_moves", "tally_prefill", "tally_person", "tally_group_window", "tally_store_window",
    "tally_store_moves", "tally_post", "tally_group_post", "tally_store_post", "tally_staff_post",
    "tally_group_result", "tally_store_result", "tally_receipt", "tally_store_sale", "tally_campaign_sale",
    "tally_claim", "tally_store_claim", "tally_campaign_claim", "tally_store_click", "tally_code", "tally_store_code",
    "tally_staff_contact", "tally_staff_owner", "tally_store_value",
)  # fmt: skip
