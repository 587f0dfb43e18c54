"""Spreadsheets for people: streamed, and no cell of them can run as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is written with as many decimals as it has on the page."""

    value: Decimal
    decimals: int

    def __str__(self) -> str:
        return f"{self.value:.{self.decimals}f}"

    @property
    def pattern(self) -> str:
        """How a spreadsheet is told to show it."""
        return "#,##0" + (f".{'0' * self.decimals}" if self.decimals else "")


Cell = str | int | float | Decimal | datetime | date | bool | Figure | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One more sheet of a workbook, such as what the columns of the first mean."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()


ZONE = ZoneInfo("Asia/Shanghai")
ROWS_PER_SHEET = 1_000_000  # Excel ends at 1,048,576
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST_CELL = 32_767
_HEADER_FONT = Font(bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="12A150")


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before `= + - @`, tab and line end.

    (OWASP, CSV injection.) Control characters, which xlsx forbids, are left out.
    """
    text = ILLEGAL_CHARACTERS_RE.sub("", text)[: _LONGEST_CELL - 1]
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _written(value: Cell) -> Cell:
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, Figure):
        return str(value)
    if isinstance(value, datetime):
        # Spreadsheets know no time zones: the wall clock of the business day is what is meant.
        return value.astimezone(ZONE).replace(tzinfo=None) if value.tzinfo else value
    return value


def write_xlsx(
    target: Path | BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str = "数据",
    widths: Sequence[int] = (),
    more: Iterable[Sheet] = (),
) -> int:
    """Write a workbook, row by row, and return how many rows; beyond a million they go on in further sheets.

    :param more: sheets behind these, whose rows are not counted
    """
    book = Workbook(write_only=True)
    written = 0
    sheet = None
    for row in rows:
        if sheet is None or written % ROWS_PER_SHEET == 0:
            sheet = _new_sheet(
                book, columns, title if written == 0 else f"{title}{written // ROWS_PER_SHEET + 1}", widths
            )
        sheet.append([_cell(sheet, value) for value in row])
        written += 1
    if sheet is None:
        _new_sheet(book, columns, title, widths)
    for other in more:
        sheet = _new_sheet(book, other.columns, other.title, other.widths)
        for row in other.rows:
            sheet.append([_cell(sheet, value) for value in row])
    book.save(target)
    return written


def _cell(sheet: Any, value: Cell) -> Any:
    if not isinstance(value, Figure):
        return _written(value)
    cell = WriteOnlyCell(sheet, value=float(round(value.value, value.decimals)))
    cell.number_format = value.pattern
    return cell


def _new_sheet(book: Workbook, columns: Sequence[str], title: str, widths: Sequence[int]) -> Any:
    sheet: Any = book.create_sheet(title[:31])
    for index, name in enumerate(columns):
        width = widths[index] if index < len(widths) else min(40, max(10, 2 * len(name) + 4))
        sheet.column_dimensions[get_column_letter(index + 1)].width = width
    sheet.freeze_panes = "A2"
    header = []
    for name in columns:
        cell = WriteOnlyCell(sheet, value=safe_text(name))
        cell.font, cell.fill = _HEADER_FONT, _HEADER_FILL
        header.append(cell)
    sheet.append(header)
    return sheet


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A CSV as a stream of text pieces for a `StreamingHttpResponse`; begins with the mark Excel needs for UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([safe_text(name) for name in columns])
    for row in rows:
        writer.writerow([_written(value) for value in row])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_csv(target: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a CSV file (UTF-8 with its mark) and return how many rows."""
    count = 0

    def counted() -> Iterator[Sequence[Cell]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with target.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(csv_lines(columns, counted()))
    return count


def write_rejected(
    target: Path | BinaryIO, header: Sequence[str], rows: Iterable[tuple[int, Sequence[str], str]]
) -> int:
    """The rows an import refused, as they stood in the file, behind 原文件行号 and 未导入原因; returns how many.

    Neither name is one an import knows, so the corrected file can be uploaded as it is.
    """
    columns = ["原文件行号", "未导入原因", *(name or f"第 {index} 列" for index, name in enumerate(header, start=1))]
    return write_xlsx(
        target,
        columns,
        ([number, reason, *cells] for number, cells, reason in rows),
        title="未导入的行",
        widths=[12, 44],
    )
