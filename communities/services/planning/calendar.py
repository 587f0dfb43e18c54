"""The calendar: public holidays and make-up workdays from a kept library, and what HQ sets by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import chinese_calendar
from django.db import transaction
from django.utils import timezone

from communities.models import CalendarDay
from communities.services.planning.effects import remake_posts
from communities.services.planning.errors import PlanRefused
from stores.models import Staff
from stores.services.auditing import audit

_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_MONDAY = 0


class YearUnknown(PlanRefused):
    """The library does not hold the year yet: the State Council announces each year late in the one before."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"日历库里还没有 {year} 年的放假安排（国务院一般在前一年 11 月公布）。"
            f"公布后升级日历库即可导入；急用的日子可以先手工添加"
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """How many days came in, and how many were there already and stayed as HQ had them."""

    added: int
    kept: int


@transaction.atomic
def import_year(*, year: int, by: Staff, at: datetime) -> Imported:
    """Bring in a year's holidays and make-up workdays; days that are there already are left alone.

    :raises YearUnknown: nothing is guessed
    """
    days = list(official_days(year))
    present = set(CalendarDay.objects.filter(day__year=year).values_list("day", flat=True))
    fresh = [day for day in days if day.day not in present]
    CalendarDay.objects.bulk_create(fresh, ignore_conflicts=True)
    for day in fresh:
        if day.day >= timezone.localdate(at):
            remake_posts(first=day.day, last=day.day, at=at)
    audit(actor=by, action="calendar.imported", at=at, target=f"year:{year}", detail={"added": len(fresh)})
    return Imported(added=len(fresh), kept=len(days) - len(fresh))


def official_days(year: int) -> Iterator[CalendarDay]:
    """The year's holidays and make-up workdays, not saved; :raises YearUnknown:

    A holiday goes by Saturday's cells and a make-up workday by those of the workday next to it.
    """
    day = date(year, 1, 1)
    while day.year == year:
        try:
            is_free, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:  # how chinese_calendar says that the State Council has not announced this year yet
            raise YearUnknown(year) from None
        if name is not None:  # an ordinary weekend has no name
            label = chinese_calendar.Holiday(name).chinese
            weekday = day.weekday()
            if is_free:
                kind, as_weekday = CalendarDay.Kind.HOLIDAY, _SATURDAY if weekday < _SATURDAY else None
            else:
                kind, label = CalendarDay.Kind.MAKEUP, f"{label}调休"
                as_weekday = {_SATURDAY: _FRIDAY, _SUNDAY: _MONDAY}.get(weekday)
            yield CalendarDay(day=day, kind=kind, name=label, as_weekday=as_weekday)
        day += timedelta(days=1)


def is_known(year: int) -> bool:
    """Whether the library holds the year."""
    try:
        next(official_days(year), None)
    except YearUnknown:
        return False
    return True


@transaction.atomic
def save_day(
    *, day: date, kind: str, name: str, as_weekday: int | None, is_silent: bool, by: Staff, at: datetime
) -> CalendarDay:
    """Say how a day goes; one entry a day. :raises PlanRefused: a day gone by"""
    _refuse_past(day, at)
    entry, _ = CalendarDay.objects.update_or_create(
        day=day, defaults={"kind": kind, "name": name, "as_weekday": as_weekday, "is_silent": is_silent}
    )
    remake_posts(first=day, last=day, at=at)
    audit(
        actor=by, action="calendar.saved", at=at, target=f"day:{day}",
        detail={"kind": kind, "name": name, "as_weekday": as_weekday, "is_silent": is_silent},
    )  # fmt: skip
    return entry


@transaction.atomic
def remove_day(*, entry: CalendarDay, by: Staff, at: datetime) -> None:
    """Let a day go by its weekday again. :raises PlanRefused: a day gone by"""
    _refuse_past(entry.day, at)
    remake_posts(first=entry.day, last=entry.day, at=at)
    audit(actor=by, action="calendar.removed", at=at, target=f"day:{entry.day}", detail={"name": entry.name})
    entry.delete()


def _refuse_past(day: date, at: datetime) -> None:
    if day < timezone.localdate(at):
        raise PlanRefused("过去的日子不能再改")
