"""Count what posts brought: hourly for the days still under way, each night for those a late fact may have changed.

The rules stand in docs/decisions/0029-feedback.md, their SQL in `counting_sql`. A store's day is one transaction's
work with others of its shard, and is made anew as a whole, so that repeating it changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from communities.models import FeedbackDay
from communities.services.feedback import counting_sql as sql
from communities.services.feedback.prints import RETURNS, by_day, prints
from communities.services.feedback.summing import sum_day

UNDER_WAY = timedelta(days=1)  # posts of yesterday evening still bring something today
REOPENED = timedelta(days=35)  # how late a fact may come and still be counted
_SHARD = 200  # stores
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Attributed:
    """Of one run: days summed anew, and stores' days counted anew."""

    days: int
    stores: int


def attribute(*, at: datetime, reach_back: timedelta = UNDER_WAY) -> Attributed:
    """Count every store's day, from `reach_back` before today on, of which the facts are not those counted last."""
    today = timezone.localdate(at)
    return attribute_days(first=today - reach_back, last=today, at=at)


def attribute_days(*, first: date, last: date, at: datetime, everything: bool = False) -> Attributed:
    """The same for given business days; `everything` counts them anew although nothing seems to have changed."""
    found = prints(first=first, last=last)
    known = {
        (store, day): facts
        for store, day, facts in FeedbackDay.objects.filter(day__range=(first, last)).values_list(
            "store_id", "day", "facts"
        )
    }
    # A day whose posts were all taken back has no print any more, and is counted down to nothing.
    changed = {key for key in found.keys() | known.keys() if everything or found.get(key, "") != known.get(key, "")}
    days = by_day(changed)
    for day, stores in days.items():
        for start in range(0, len(stores), _SHARD):
            part = stores[start : start + _SHARD]
            _count(day=day, stores=part)
            _remember(day=day, facts={store: found.get((store, day), "") for store in part}, at=at)
        sum_day(day=day)
    return Attributed(len(days), len(changed))


@transaction.atomic
def _count(*, day: date, stores: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        # Two runs at once count the same: one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('communities_feedback'), %s)", [day.toordinal()])
        facts: dict[str, Any] = {"day": day, "stores": list(stores)}
        cursor.execute(sql.POSTS, facts)
        cursor.execute("ANALYZE feedback_post")
        cursor.execute(sql.WINDOW)
        facts["low"], facts["high"] = cursor.fetchone()
        if facts["high"] is not None:
            facts["back"] = facts["high"] + RETURNS
            for statement in (
                sql.PEOPLE, sql.RECOGNISE, sql.RESOLVE, sql.CLICKS, sql.ENTRIES, sql.SALES, sql.QUITS,
            ):  # fmt: skip
                cursor.execute(statement, facts)
        cursor.execute(sql.FORGET, facts)
        cursor.execute(sql.KEEP)
        cursor.execute("DROP TABLE feedback_post")


def _remember(*, day: date, facts: dict[int, str], at: datetime) -> None:
    FeedbackDay.objects.bulk_create(
        [FeedbackDay(store_id=store, day=day, facts=mark, counted_at=at) for store, mark in facts.items()],
        update_conflicts=True, unique_fields=["day", "store"], update_fields=["facts", "counted_at"],
        batch_size=_BATCH,
    )  # fmt: skip
