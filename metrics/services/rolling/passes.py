"""The night's pass and the day's: what is counted when."""

from datetime import date, datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from metrics.models import RolledDay
from metrics.services.rolling.days import roll_day
from metrics.services.rolling.late import redo_late_days

FIRST_REACH = timedelta(days=35)  # with nothing counted yet; `manage.py rollup` counts what lies before
# Counted again because its facts settle late: the evidence of posts and their 24 hours, who came back to the group,
# and, a week on, who registered.
SETTLING = (timedelta(days=2), timedelta(days=8))
_FOR_LATE_DAYS = 40 * 60  # seconds; a task ends after an hour
_DAY = timedelta(days=1)


def roll_night(*, at: datetime) -> list[date]:
    """Count all days that are over and not counted, those that settle, and those late facts reopened.

    Safe to repeat: a pass that was killed is caught up by the next. Returns the days counted for every store.
    """
    yesterday = timezone.localdate(at) - _DAY
    reached = RolledDay.objects.aggregate(last=Max("day"))["last"]
    start = yesterday - FIRST_REACH + _DAY if reached is None else reached + _DAY
    wanted = {start + n * _DAY for n in range(max(0, (yesterday - start).days + 1))}
    if reached is not None:
        settling = {yesterday + _DAY - back for back in SETTLING} | {yesterday}
        wanted |= settling & set(RolledDay.objects.filter(day__in=settling).values_list("day", flat=True))
    days = sorted(wanted)
    for day in days:
        roll_day(day=day, at=at)
    redo_late_days(at=at, seconds=_FOR_LATE_DAYS)
    return days


def roll_today(*, at: datetime) -> None:
    """Count today as far as it is; its thirty-day figures stay those of yesterday until the night."""
    roll_day(day=timezone.localdate(at), at=at)


def roll_history(*, first: date, at: datetime) -> list[date]:
    """Count today, what late facts reopened, and then every day back to `first` that is not counted; those days.

    For a chain that begins with a history: the newest days, which are looked at, come first.
    """
    roll_today(at=at)
    redo_late_days(at=at, seconds=_FOR_LATE_DAYS)
    yesterday = timezone.localdate(at) - _DAY
    counted = set(RolledDay.objects.filter(day__range=(first, yesterday)).values_list("day", flat=True))
    days = [yesterday - n * _DAY for n in range((yesterday - first).days + 1)]
    missing = [day for day in days if day not in counted]
    for day in missing:
        roll_day(day=day, at=at)
    return missing
