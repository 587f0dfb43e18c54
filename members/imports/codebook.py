"""Which store or product a file means by a code or a name."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class CodeBook:
    """The known rows of one table, looked up by code, by code without its leading zeros, and by name.

    The last two only answer where exactly one row fits: a spreadsheet ate the zeros of `00123`, but between
    `0123` and `123` nobody can choose.
    """

    ids: dict[str, int] = field(default_factory=dict)
    _by_stripped: dict[str, int | None] = field(default_factory=dict)
    _by_name: dict[str, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[int, str, str]]) -> "CodeBook":
        """From (id, code, name) rows."""
        book = cls()
        for pk, code, name in rows:
            book.add(pk, code, name)
        return book

    def add(self, pk: int, code: str, name: str) -> None:
        """One more known row."""
        self.ids[code] = pk
        stripped = code.lstrip("0")
        self._by_stripped[stripped] = None if stripped in self._by_stripped else pk
        if name:
            self._by_name[name] = None if name in self._by_name else pk

    def find(self, text: str) -> int | None:
        """The row of a code (exact, or with zeros lost or added) or of a name; None where none or several fit."""
        known = self.ids.get(text)
        if known is None:
            known = self._by_stripped.get(text.lstrip("0"))
        return known if known is not None else self._by_name.get(text)
