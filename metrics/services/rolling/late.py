"""Which days late facts have opened again, and counting them anew.

Triggers note a store and day per late fact (`DirtyDay`). A late purchase, click or entry changes the windows of the
thirty days that hold it; a late stay changes how many are in the group on every day since.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from time import monotonic

from django.db import transaction
from django.utils import timezone

from metrics.models import DirtyDay, RolledDay
from metrics.services.rolling.days import WINDOW, roll_day

HORIZON = timedelta(days=400)  # how far back anybody reads (`selectors.periods.LONGEST`)
_WINDOWED = frozenset({DirtyDay.Cause.PURCHASE, DirtyDay.Cause.CLICK, DirtyDay.Cause.ENTRY})
_DAY = timedelta(days=1)
_BATCH = 10_000


def redo_late_days(*, at: datetime, seconds: float) -> dict[date, int]:
    """Count every reopened day of its stores anew, the newest first; how many stores of each day.

    Days never counted are left to the first count. After so many seconds it leaves off and notes the rest, so that a
    year imported at once is worked off night by night. A fact that comes meanwhile stays noted.
    """
    until = monotonic() + seconds
    noted = list(DirtyDay.objects.order_by("pk").values_list("pk", "store_id", "day", "cause"))
    marks = {(store, day, cause) for _, store, day, cause in noted}
    reopened = _reopened(marks, yesterday=timezone.localdate(at) - _DAY)
    done: dict[date, int] = {}
    for day in sorted(reopened, reverse=True):
        if monotonic() >= until:
            break
        roll_day(day=day, at=at, stores=sorted(reopened[day]))
        done[day] = len(reopened[day])
    rest = {day: stores for day, stores in reopened.items() if day not in done}
    _settle([pk for pk, *_ in noted], rest=rest, at=at)
    return done


def _reopened(marks: Iterable[tuple[int, date, str]], *, yesterday: date) -> dict[date, set[int]]:
    """The store-days to count, by day: each mark with as many days after it as it reaches."""
    counted = set(RolledDay.objects.filter(day__gt=yesterday - HORIZON).values_list("day", flat=True))
    spans: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for store, day, cause in marks:
        if cause == DirtyDay.Cause.STAY:
            last = yesterday
        elif cause in _WINDOWED:
            last = min(day + WINDOW - _DAY, yesterday)
        else:
            last = day
        spans[store].append((day, last))
    found: dict[date, set[int]] = defaultdict(set)
    for store, ranges in spans.items():
        reached = yesterday - HORIZON  # each day of a store once, however many marks cover it
        for first, last in sorted(ranges):
            day = max(first, reached + _DAY)
            while day <= last:
                if day in counted:
                    found[day].add(store)
                day += _DAY
            reached = max(reached, last)
    return found


@transaction.atomic
def _settle(noted: list[int], *, rest: dict[date, set[int]], at: datetime) -> None:
    for start in range(0, len(noted), _BATCH):
        DirtyDay.objects.filter(pk__in=noted[start : start + _BATCH]).delete()
    DirtyDay.objects.bulk_create(
        (
            DirtyDay(store_id=store, day=day, cause=DirtyDay.Cause.REST, noted_at=at)
            for day, stores in sorted(rest.items())
            for store in sorted(stores)
        ),
        batch_size=_BATCH,
    )
