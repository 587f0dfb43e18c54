"""The same list pasted again, longer: what is new, what changed, what was taken back; everything else stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaigns.pasting.lines import Line


@dataclass(frozen=True, slots=True)
class Known:
    """An entry taken from an earlier paste: its key here, and the line it came from."""

    key: int
    line: Line


@dataclass(slots=True)
class Changes:
    """`amended` and `cancelled` name the known entry; nothing is ever removed because a line is missing now."""

    added: list[Line] = field(default_factory=list)
    amended: list[tuple[Known, Line]] = field(default_factory=list)
    cancelled: list[Known] = field(default_factory=list)
    unchanged: list[Known] = field(default_factory=list)


def compare(known: Sequence[Known], lines: Sequence[Line]) -> Changes:
    """Match lines to known entries: first those equal as written, then by number and name, then by name alone.

    A person who stands in the list twice is matched in order. A line whose number is known under another name is new:
    WeChat renumbers when somebody deletes hers.
    """
    changes = Changes()
    left = list(known)
    rest = [line for line in lines if not _settle(line, left, changes, _same_text)]
    rest = [line for line in rest if not _settle(line, left, changes, _same_place)]
    rest = [line for line in rest if not _settle(line, left, changes, _same_name)]
    changes.added = [line for line in rest if not line.cancelled]
    return changes


def _settle(line: Line, left: list[Known], changes: Changes, same: _Same) -> bool:
    found = next((each for each in left if same(each.line, line)), None)
    if found is None:
        return False
    left.remove(found)
    if line.cancelled:
        changes.cancelled.append(found)
    elif (found.line.wants, found.line.note) == (line.wants, line.note):
        changes.unchanged.append(found)
    else:
        changes.amended.append((found, line))
    return True


def _same_text(before: Line, now: Line) -> bool:
    return before.raw.strip() == now.raw.strip()


def _same_place(before: Line, now: Line) -> bool:
    return bool(now.number) and before.number == now.number and before.name == now.name


def _same_name(before: Line, now: Line) -> bool:
    return bool(now.name) and before.name == now.name


if TYPE_CHECKING:
    from collections.abc import Callable

    _Same = Callable[[Line, Line], bool]
