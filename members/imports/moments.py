"""Moments as the number PostgreSQL stores: microseconds since 2000-01-01 UTC."""

from datetime import datetime, timedelta

import numpy as np

from members.imports.pgcopy import Integers
from stores.sheets.cells import FIRST_YEAR, LAST_YEAR, ZONE, parse_moment

# The epoch on a wall clock in Asia/Shanghai, which is eight hours ahead in all the years a file may name.
_EPOCH = datetime(2000, 1, 1, 8)  # noqa: DTZ001 -- a wall clock, see above
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_LENGTH = len("2026-01-05 09:03:00")
_MARKS, _SIGNS = (4, 7, 10, 13, 16), np.frombuffer(b"-- ::", np.uint8)
_DIGITS = [place for place in range(_LENGTH) if place not in _MARKS]
_ZERO, _NINE = ord("0"), 9
_FIRST, _END = np.datetime64(f"{FIRST_YEAR}-01-01", "s"), np.datetime64(f"{LAST_YEAR + 1}-01-01", "s")
_EPOCH_64 = np.datetime64(_EPOCH, "s")


def number_of(moment: datetime) -> int:
    """The number of an aware moment."""
    return (moment.astimezone(ZONE).replace(tzinfo=None) - _EPOCH) // _MICROSECOND


def text_of(number: int) -> str:
    """The moment as a wall clock in Asia/Shanghai shows it: `2026-01-05 09:03:00+08`."""
    return (_EPOCH + number * _MICROSECOND).isoformat(" ") + "+08"


def parse(text: str) -> int:
    """The number of a cell. :raises CellError:"""
    if len(text) == _LENGTH and text[4] == text[7] == "-" and text[10] == " " and text.isascii():
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass  # `parse_moment` knows why
        else:
            if moment.tzinfo is None and FIRST_YEAR <= moment.year <= LAST_YEAR:
                return (moment - _EPOCH) // _MICROSECOND
    return number_of(parse_moment(text))


def parse_plain(column: list[str]) -> Integers | None:
    """The numbers of a column if every cell is written as `2026-01-05 09:03:00` and possible, else None."""
    if set(map(len, column)) != {_LENGTH}:
        return None
    text = "".join(column)
    if not text.isascii():
        return None
    octets = np.frombuffer(text.encode(), np.uint8).reshape(-1, _LENGTH)
    if (octets[:, _MARKS] != _SIGNS).any() or (octets[:, _DIGITS] - _ZERO > _NINE).any():
        return None
    try:
        clock = octets.view(f"S{_LENGTH}").ravel().astype("M8[s]")
    except ValueError:
        return None
    if clock.min() < _FIRST or clock.max() >= _END:
        return None
    seconds: Integers = (clock - _EPOCH_64).astype(np.int64)
    return seconds * _SECOND


def days_of(numbers: Integers) -> list[str]:
    """The business day of each number: `20260105`."""
    clock = _EPOCH_64 + (numbers // _SECOND).astype("m8[s]")
    return np.char.replace(clock.astype("M8[D]").astype(str), "-", "").tolist()  # type: ignore[no-any-return]


def months_of(numbers: Integers) -> set[str]:
    """The business months among the numbers: `2026-01`."""
    clock = _EPOCH_64 + (numbers // _SECOND).astype("m8[s]")
    return set(np.unique(clock.astype("M8[M]")).astype(str).tolist())
