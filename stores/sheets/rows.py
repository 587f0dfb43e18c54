"""Which rows of a sheet are data: finds the header, sets aside titles, blanks, repeated headers and totals."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Self

from stores.sheets.columns import Field, match_columns, normalise
from stores.sheets.errors import SheetError

HEADER_WITHIN = 30
_KNOWN_HEADER = 2  # names that must be recognised before a row is believed to be a header
_TOTAL = re.compile(
    r".{0,40}?(?:[小合总累共]\s*计)\s*"
    r"(?:[:：(（\[【].*|[\])）】〕]|(?:共\s*)?[\d,.\s]*[笔行条单张件元]?|数量|金额)",
    re.DOTALL,
)
_EMPTY = frozenset(("", "-", "--", "—", "——", "/", "*"))  # what stands in a total's cells that mean nothing
_NOTE = re.compile(
    r"\s*(?:制表|打印|导出|审核|复核|统计时间|查询时间|单位|备注|说明|注[:：]|第\s*\d+\s*页|共\s*[\d,]+\s*[条行页笔]|[-=—*_]{3,})"
)
_NUMERIC = re.compile(r"[\d\s.,:/¥￥%+\-年月日]*")
_LITERAL = re.compile(r'="(.*)"', re.DOTALL)
_SWALLOWED_LINES = 5
_DELIMITING = re.compile(r"[,\t;|]")


@dataclass(slots=True)
class SheetBatch:
    """A stretch of data rows, by column.

    `row_numbers` are 1-based rows of the file; `columns` holds one list per header column, all of one length.
    `broken` are rows that cannot be laid under the header at all: (row number, cells, reason).
    """

    row_numbers: list[int]
    columns: list[list[str]]
    broken: list[tuple[int, list[str], str]] = field(default_factory=list)

    @classmethod
    def empty(cls, width: int) -> Self:
        """A batch of no rows."""
        return cls([], [[] for _ in range(width)])

    def extend(self, other: "SheetBatch") -> None:
        """Append the rows of another batch of the same sheet."""
        self.row_numbers += other.row_numbers
        self.broken += other.broken
        for column, more in zip(self.columns, other.columns, strict=True):
            column.extend(more)

    def __len__(self) -> int:
        return len(self.row_numbers)


def find_header(rows: Sequence[Sequence[str]], fields: Sequence[Field]) -> int | None:
    """The index of the header row: where most known names stand, else where most distinct words stand."""
    best, best_known, best_words, wordy = None, 0, 0, None
    for index, row in enumerate(rows[:HEADER_WITHIN]):
        known = len(match_columns(row, fields))
        if known > best_known:
            best, best_known = index, known
        words = len({cell.strip() for cell in row if cell.strip() and not _NUMERIC.fullmatch(cell.strip())})
        if words > best_words:
            wordy, best_words = index, words
    if best is not None and (best_known >= _KNOWN_HEADER or len(fields) < _KNOWN_HEADER):
        return best
    return wordy


def _has_swallowed(row: Sequence[str], width: int) -> bool:
    """Whether a row too short for the header lost its end, and perhaps further rows, inside a quote never closed."""
    last = row[-1]
    lines = last.count("\n")
    return lines >= _SWALLOWED_LINES or (lines > 0 and len(_DELIMITING.findall(last)) >= width - len(row))


class RowFilter:
    """Splits rows below a header into data and the rest, counted in `skipped` (title, blank, header, total)."""

    def __init__(self, header: Sequence[str], *, file: str, titles: Sequence[Sequence[str]] = ()) -> None:
        self.header = tuple(header)
        self.width = len(header)
        self.skipped: Counter[str] = Counter(title=0, blank=0, header=0, total=0)
        self._file = file
        self._titles: set[str] = set()
        self._header_cells = {normalise(cell) for cell in header if cell.strip()}
        self._landmark = next((i for i, cell in enumerate(header) if cell.strip()), 0)
        self._filled = [0] * self.width  # data rows seen beside totals, and how many of them fill each column
        self._seen = 0
        for row in titles:
            filled = [cell.strip() for cell in row if cell.strip()]
            self.skipped["title" if filled else "blank"] += 1
            if len(filled) == 1:
                self._titles.add(filled[0])

    def batch(self, rows: list[list[str]], first_number: int, *, odd: bool, padded: bool) -> SheetBatch:
        """The data among `rows`, the first of which is row `first_number` of the file.

        `odd` and `padded` are the reader's word on whether the slow looks are needed.

        :raises SheetError: a cell holds a formula
        """
        numbers = list(range(first_number, first_number + len(rows)))
        broken: list[tuple[int, list[str], str]] = []
        if set(map(len, rows)) != {self.width}:
            rows, numbers, broken = self._level(rows, numbers)
        columns = list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in self.header]
        batch = self.batch_of_columns(columns, numbers, odd=odd, padded=padded)
        batch.broken = broken
        return batch

    def batch_of_columns(self, columns: list[list[str]], numbers: list[int], *, odd: bool, padded: bool) -> SheetBatch:
        """As `batch`, of rows that stand by column and have their `numbers` in the file."""
        if padded:
            columns = [list(map(str.strip, column)) for column in columns]
        if odd:
            columns = [self._plain(column, numbers, index) for index, column in enumerate(columns)]
        drop = self._thin_rows(columns) | self._repeated_headers(columns)
        if odd:
            drop |= self._totals(columns, drop)
        if drop:
            keep = [index not in drop for index in range(len(numbers))]
            numbers = list(compress(numbers, keep))
            columns = [list(compress(column, keep)) for column in columns]
        return SheetBatch(row_numbers=numbers, columns=columns)

    def _level(
        self, rows: list[list[str]], numbers: list[int]
    ) -> tuple[list[list[str]], list[int], list[tuple[int, list[str], str]]]:
        """Bring rows to the header's width; what does not fit is broken."""
        width = self.width
        level: list[list[str]] = []
        kept: list[int] = []
        broken = []
        for number, row in zip(numbers, rows, strict=True):
            if len(row) < width:
                if not any(map(str.strip, row)):
                    self.skipped["blank"] += 1
                    continue
                if row and _has_swallowed(row, width):
                    broken.append((number, row, "引号没有成对，后面的行被并进了这一行"))
                    continue
                row = row + [""] * (width - len(row))  # noqa: PLW2901 -- exporters leave out empty cells at the end
            elif len(row) > width:
                if any(map(str.strip, row[width:])):
                    broken.append((number, row, f"比表头多出 {len(row) - width} 格"))
                    continue
                row = row[:width]  # noqa: PLW2901 -- the cells beyond the header are empty
            level.append(row)
            kept.append(number)
        return level, kept, broken

    def _plain(self, column: list[str], numbers: list[int], index: int) -> list[str]:
        """The column with `="00123"` read as 00123; any other formula stops the import.

        A spreadsheet would run it, and what it stands for is not in the file.
        """
        for position, cell in enumerate(column):
            if cell.startswith("="):
                literal = _LITERAL.fullmatch(cell)
                if literal is None and not cell.strip("=-"):
                    continue  # a ruled line
                if literal is None:
                    name = self.header[index].strip() or f"第 {index + 1} 列"
                    raise SheetError(
                        f"这一格是公式（{cell[:30]}），没有算好的结果；请改成数值或文字后重新导入",
                        file=self._file, row=numbers[position], column=name,
                    )  # fmt: skip
                column[position] = literal[1].replace('""', '"')
        return column

    def _thin_rows(self, columns: list[list[str]]) -> set[int]:
        """Rows with no cell filled, or only one that is a title or a note.

        Such a row is empty in one of the two columns that are fullest, so a clean file is not searched.
        """
        fullest = sorted(columns, key=lambda column: column.count(""))[:2]
        candidates = {i for column in fullest if "" in column for i, cell in enumerate(column) if not cell}
        drop = set()
        for index in candidates:
            filled = [cell for column in columns if (cell := column[index].strip())]
            if not filled:
                self.skipped["blank"] += 1
                drop.add(index)
            elif len(filled) == 1 and self.width > 2 and (filled[0] in self._titles or _NOTE.match(filled[0])):  # noqa: PLR2004 -- with two columns one cell is half a row
                self.skipped["title"] += 1
                drop.add(index)
        return drop

    def _repeated_headers(self, columns: list[list[str]]) -> set[int]:
        landmark = self.header[self._landmark]
        column = columns[self._landmark]
        if landmark not in column and landmark.strip() not in column:
            return set()
        drop = set()
        for index, cell in enumerate(column):
            if cell.strip() == landmark.strip():
                filled = {normalise(other[index]) for other in columns if other[index].strip()}
                if filled and filled <= self._header_cells:
                    drop.add(index)
        self.skipped["header"] += len(drop)
        return drop

    def _totals(self, columns: list[list[str]], dropped: set[int]) -> set[int]:
        labelled = {
            index
            for column in columns
            for index, cell in enumerate(column)
            if "计" in cell and index not in dropped and _TOTAL.fullmatch(cell.strip())
        }
        if not labelled:
            return labelled
        for index in range(len(columns[0])):
            if index not in labelled and index not in dropped:
                self._seen += 1
                for position, column in enumerate(columns):
                    self._filled[position] += bool(column[index])
        drop = {index for index in labelled if self._is_total([column[index].strip() for column in columns])}
        self.skipped["total"] += len(drop)
        return drop

    def _is_total(self, row: Sequence[str]) -> bool:
        """Whether a row with the label of a total is one.

        Then the label stands in front, or a column that most rows fill is empty. Else it is a sale, of a product or
        with a remark that happens to be so called.
        """
        if _TOTAL.fullmatch(next(filter(None, row))):
            return True
        return any(cell in _EMPTY and 2 * filled >= self._seen for cell, filled in zip(row, self._filled, strict=True))
