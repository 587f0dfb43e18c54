"""A pasted list as read: entries with their doubts, and what was no entry."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Goods:
    """What may be asked for: the item's key and every name people use for it."""

    key: str
    names: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Want:
    key: str
    quantity: int


@dataclass(slots=True)
class Line:
    """One entry. `number` is the list's own, 0 where it had none; `raw` the line as pasted."""

    raw: str
    number: int = 0
    name: str = ""
    wants: list[Want] = field(default_factory=list)
    note: str = ""
    cancelled: bool = False
    doubts: list[str] = field(default_factory=list)

    @property
    def sure(self) -> bool:
        return not self.doubts

    def doubt(self, why: str) -> None:
        if why not in self.doubts:
            self.doubts.append(why)


@dataclass(frozen=True, slots=True)
class Pasted:
    """The entries in order, and the lines that are none (heading, talk, blank numbers)."""

    lines: list[Line]
    ignored: list[str]
