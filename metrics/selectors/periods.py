"""From one business day to another, both included."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST = 400  # days: a year and the month to compare it with
_WEEK = 7


class BadPeriod(ValueError):
    """These two days are no period; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Period:
    """Business days (Asia/Shanghai) from `first` to `last`."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def days(self) -> Iterator[date]:
        """Each day, in order."""
        return (self.first + timedelta(days=n) for n in range(len(self)))

    def before(self) -> "Period":
        """The period to compare with: as long, over by its beginning, and with the same weekdays."""
        weeks = -(-len(self) // _WEEK)
        back = timedelta(days=weeks * _WEEK)
        return Period(self.first - back, self.last - back)

    def __str__(self) -> str:
        return f"{self.first} 至 {self.last}"


def period(first: date, last: date, *, today: date) -> Period:
    """The period from one day to another. :raises BadPeriod: reversed, in the future, or longer than 400 days"""
    if last < first:
        raise BadPeriod("结束日期早于开始日期")
    if last > today:
        raise BadPeriod("结束日期还没到")
    made = Period(first, last)
    if len(made) > LONGEST:
        raise BadPeriod(f"最长只能看 {LONGEST} 天")
    return made
