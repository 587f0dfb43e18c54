"""Count the days that are over, store by store, so that a month need not be counted post by post."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from communities.models import PostTask, StoreDay
from communities.selectors.execution import rolled_until
from communities.selectors.measures import MEASURES, Tally, counted

_SETTLING = timedelta(days=2)  # WeCom is asked once more the morning after, and a day is made up until midnight
_BATCH = 5_000
_COLUMNS = ", ".join(MEASURES)
_SUM_MONTH = f"""
    INSERT INTO communities_storemonth (store_id, month, {_COLUMNS})
    SELECT store_id, %(month)s, {", ".join(f"sum({name})" for name in MEASURES)} FROM communities_storeday
    WHERE day >= %(month)s AND day < %(month)s + interval '1 month' GROUP BY store_id
    ON CONFLICT (month, store_id) DO UPDATE SET ({_COLUMNS}) = ({", ".join(f"EXCLUDED.{name}" for name in MEASURES)})
"""  # noqa: S608 -- the columns are our own


def roll_up(*, at: datetime) -> list[date]:
    """Count every day that is over and not counted, and again those that may still change; the days, in order.

    Safe to repeat. Days are taken up in order, so all before the newest one counted are counted too.
    """
    yesterday = timezone.localdate(at) - timedelta(days=1)
    reached = rolled_until()
    start = PostTask.objects.aggregate(first=Min("day"))["first"] if reached is None else reached - _SETTLING
    days = []
    while start is not None and start <= yesterday:
        roll_up_day(day=start, at=at)
        days.append(start)
        start += timedelta(days=1)
    return days


@transaction.atomic
def roll_up_day(*, day: date, at: datetime) -> None:
    """Count one day anew, and with it the sum of its month."""
    rows = PostTask.objects.filter(day=day).order_by().values("store_id").annotate(**counted(at=at))
    StoreDay.objects.bulk_create(
        (StoreDay(store_id=row["store_id"], day=day, **Tally.of(row)) for row in rows),
        update_conflicts=True, unique_fields=["day", "store"], update_fields=list(MEASURES), batch_size=_BATCH,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SUM_MONTH, {"month": day.replace(day=1)})
