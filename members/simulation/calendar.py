"""The days of the simulated period, and how lively each is for everyone."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# 春节 and 中秋 by the lunar calendar; fruit is bought as a present in the days before.
_FESTIVALS = (
    date(2022, 2, 1), date(2022, 9, 10), date(2023, 1, 22), date(2023, 9, 29), date(2024, 2, 10), date(2024, 9, 17),
    date(2025, 1, 29), date(2025, 10, 6), date(2026, 2, 17), date(2026, 9, 25), date(2027, 2, 6), date(2027, 9, 15),
    date(2028, 1, 26), date(2028, 10, 3), date(2029, 2, 13), date(2029, 9, 22), date(2030, 2, 3), date(2030, 9, 12),
)  # fmt: skip
_FESTIVAL_LIFT = 1.5
_FESTIVAL_RUN_UP = 10  # days
_AFTER_FESTIVAL = 0.75
# The warmer the month, the more fruit.
_MONTH_LIFT = (0.98, 0.92, 0.95, 1.0, 1.05, 1.1, 1.12, 1.1, 1.04, 1.0, 0.92, 0.94)


@dataclass(frozen=True, slots=True)
class Period:
    """`[start, until]`, both business days of Asia/Shanghai, with arrays over its days."""

    start: date
    until: date
    weekday: Ints  # Monday = 0
    month: Ints  # January = 0
    week: Ints  # running number of the week in the period
    lift: Floats

    @property
    def days(self) -> int:
        return len(self.weekday)

    def offset(self, day: date) -> int:
        """Days from the start, clipped to `[0, days]`: the first day on which something dated `day` holds."""
        return min(max((day - self.start).days, 0), self.days)


def period_of(*, until: date, months: int) -> Period:
    """The `months` months that end with `until`."""
    year, month = divmod(until.year * 12 + until.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    start = date(year, month + 1, min(until.day, last)) + timedelta(days=1)
    days = [start + timedelta(days=i) for i in range((until - start).days + 1)]
    lift = np.array([_MONTH_LIFT[day.month - 1] for day in days])
    for festival in _FESTIVALS:
        feast = (festival - start).days
        lift[max(feast - _FESTIVAL_RUN_UP, 0) : max(feast, 0)] *= _FESTIVAL_LIFT
        lift[max(feast, 0) : max(feast + 5, 0)] *= _AFTER_FESTIVAL
    return Period(
        start=start, until=until, lift=lift,
        weekday=np.array([day.weekday() for day in days]),
        month=np.array([day.month - 1 for day in days]),
        week=np.array([(i + start.weekday()) // 7 for i in range(len(days))]),
    )  # fmt: skip
