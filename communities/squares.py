"""A place of the grid: one slot of one kind of day, and how it is written in an address and said to people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

WEEKDAYS = "一二三四五六日"
MOST_DAYS_TO_OPENING = 90
_WRITTEN = re.compile(r"w(?P<weekday>[0-6])|d(?P<day>\d{4}-\d{2}-\d{2})|o(?P<days>\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """A weekday, a date or a number of days before the opening: exactly one of them is set."""

    weekday: int | None = None
    day: date | None = None
    days_to_opening: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `w0` (Monday), `d2026-12-24` or `o3`; :raises ValueError: anything else."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise ValueError(f"no column of the plan: {text!r}")
        if match["weekday"]:
            return cls(weekday=int(match["weekday"]))
        if match["day"]:
            return cls(day=date.fromisoformat(match["day"]))
        if int(match["days"]) > MOST_DAYS_TO_OPENING:
            raise ValueError("too far from the opening")
        return cls(days_to_opening=int(match["days"]))

    @classmethod
    def of(cls, cell: Any) -> Self:
        """The column of a `PlanCell`, or of whatever has its three fields."""
        return cls(weekday=cell.weekday, day=cell.day, days_to_opening=cell.days_to_opening)

    @property
    def fields(self) -> Mapping[str, Any]:
        return {"weekday": self.weekday, "day": self.day, "days_to_opening": self.days_to_opening}

    @property
    def code(self) -> str:
        if self.weekday is not None:
            return f"w{self.weekday}"
        return f"d{self.day}" if self.day is not None else f"o{self.days_to_opening}"

    @property
    def label(self) -> str:
        """`周一`, `12月24日 周四`, `开业前 3 天`, `开业当天`."""
        if self.weekday is not None:
            return f"周{WEEKDAYS[self.weekday]}"
        if self.day is not None:
            return f"{self.day.month}月{self.day.day}日 周{WEEKDAYS[self.day.weekday()]}"
        return f"开业前 {self.days_to_opening} 天" if self.days_to_opening else "开业当天"

    @property
    def sort_key(self) -> tuple[int, int]:
        """Weekdays, then dates in order, then the countdown towards the opening."""
        if self.weekday is not None:
            return (0, self.weekday)
        return (1, self.day.toordinal()) if self.day is not None else (2, -(self.days_to_opening or 0))


WEEK = tuple(Column(weekday=number) for number in range(7))
