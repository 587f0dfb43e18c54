"""Rows of an xlsx, streamed through openpyxl, after its zip directory has been found harmless."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from stores.sheets.columns import Field, match_columns
from stores.sheets.errors import SheetError

MAX_FILE = 200 * 2**20
MAX_UNPACKED = 2 * 2**30
MAX_SHARED_STRINGS = 128 * 2**20
MAX_ENTRIES = 2000
MAX_RATIO = 250  # an honest sheet packs 10 to 60 times smaller
_RATIO_MATTERS_ABOVE = 20 * 2**20
MAX_COLUMNS = 500
HEAD = 30
_EXACT_FLOAT = 1e15
_DAMAGED = (
    zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError, OSError,
    OverflowError, DefusedXmlException, NotImplementedError, RuntimeError, zlib.error,
)  # fmt: skip


def check_archive(path: Path, *, name: str) -> None:
    """Refuse a zip that is no workbook or would unpack to something monstrous; reads only its directory.

    :raises SheetError: with what to do about it
    """
    if path.stat().st_size > MAX_FILE:
        raise SheetError(f"Excel 文件超过 {MAX_FILE // 2**20} MB，请拆成几个文件，或另存为 CSV", file=name)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SheetError("Excel 文件损坏，打不开；请重新导出，或另存为 CSV", file=name) from error
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names or not any(entry.startswith("xl/") for entry in names):
        raise SheetError("这是压缩包，不是 Excel 文件；请解压后上传里面的表格", file=name)
    unpacked = sum(entry.file_size for entry in entries)
    strings = sum(entry.file_size for entry in entries if entry.filename.endswith("sharedStrings.xml"))
    swollen = any(
        entry.file_size > _RATIO_MATTERS_ABOVE and entry.file_size > MAX_RATIO * max(1, entry.compress_size)
        for entry in entries
    )
    if swollen or unpacked > MAX_UNPACKED or strings > MAX_SHARED_STRINGS or len(entries) > MAX_ENTRIES:
        raise SheetError("这个 Excel 文件解压后大得不正常，为安全起见不予打开；请另存为 CSV 后再导入", file=name)


class _Parser(WorkSheetParser):
    """openpyxl's parser, but a formula whose result was never stored shows as the formula, not as nothing."""

    def parse_cell(self, element: Element) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and (formula := element.find(FORMULA_TAG)) is not None:
            cell["value"] = f"={formula.text or ''}"
        return cell


class XlsxRows:
    """The rows of one sheet of a workbook, taken from the front; the same face as `CsvRows`.

    Without `sheet` it is the visible sheet whose header is known best, else the first one that holds anything.

    :raises SheetError: the archive is dangerous or damaged, or there is no such sheet
    """

    kind = "xlsx"
    encoding = ""
    delimiter = ""
    odd = padded = True

    def __init__(self, path: Path, *, name: str, fields: Sequence[Field] = (), sheet: str | None = None) -> None:
        check_archive(path, name=name)
        self.name = name
        self.taken = 0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles and extensions that do not concern us
                self._book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except _DAMAGED as error:
            raise SheetError("Excel 文件损坏，打不开；请重新导出，或另存为 CSV", file=name) from error
        try:
            worksheets: list[ReadOnlyWorksheet] = [
                ws for ws in self._book.worksheets if isinstance(ws, ReadOnlyWorksheet)
            ]
            visible = [ws for ws in worksheets if ws.sheet_state == "visible"] or worksheets
            self.sheets = tuple(ws.title for ws in visible)
            chosen = self._choose(worksheets if sheet else visible, fields, sheet)
            self.sheet = str(chosen.title)
            self.expected_rows = min(max(1, chosen.max_row or 1), 2**20)
            self._rows = self._iterate(chosen)
        except BaseException:
            self.close()
            raise

    def take(self, count: int) -> list[list[str]]:
        """Up to `count` rows, fewer only at the end of the sheet."""
        rows: list[list[str]] = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rows.extend(islice(self._rows, count))
        except _DAMAGED as error:
            raise SheetError(
                "Excel 文件在这里损坏，读不下去了；请重新导出", file=self.name, row=self.taken + len(rows) + 1
            ) from error
        self.taken += len(rows)
        return rows

    def take_columns(self, width: int) -> None:
        """No rows are cheaper by column here."""

    def close(self) -> None:
        self._book.close()

    def _choose(
        self, worksheets: Sequence[ReadOnlyWorksheet], fields: Sequence[Field], sheet: str | None
    ) -> ReadOnlyWorksheet:
        if sheet:
            for candidate in worksheets:
                if candidate.title.strip() == sheet.strip():
                    return candidate
            there = "、".join(f"「{title}」" for title in self.sheets)
            raise SheetError(f"没有工作表「{sheet}」，文件里有：{there}", file=self.name)
        best, best_score = None, (0, False)
        for candidate in worksheets:
            self._rows, self.taken = self._iterate(candidate), 0
            head = self.take(HEAD)
            score = (max((len(match_columns(row, fields)) for row in head), default=0), any(map(any, head)))
            if best is None or score > best_score:
                best, best_score = candidate, score
        self.taken = 0
        if best is None or best_score == (0, False):
            raise SheetError("Excel 文件里没有内容", file=self.name)
        return best

    def _iterate(self, worksheet: Any) -> Iterator[list[str]]:
        """Rows by their real numbers: rows the file leaves out are blank, whatever its `dimension` claims.

        openpyxl has no public way to read rows as they are, so this goes where `ReadOnlyWorksheet` itself goes.
        """
        book: Any = self._book
        expected = 1
        with book._archive.open(worksheet._worksheet_path) as source:  # noqa: SLF001 -- see above
            parser = _Parser(
                source, worksheet._shared_strings, data_only=True, epoch=book.epoch,  # noqa: SLF001 -- see above
                date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,  # noqa: SLF001 -- see above
            )  # fmt: skip
            for number, cells in parser.parse():
                for _ in range(min(number, 2**20) - expected):
                    yield []
                expected = max(expected, number + 1)  # row numbers that run backwards fill no gap twice
                row = [""] * min(max((cell["column"] for cell in cells), default=0), MAX_COLUMNS)
                for cell in cells:
                    if cell["value"] is not None and cell["column"] <= MAX_COLUMNS:
                        row[cell["column"] - 1] = as_text(cell["value"])
                yield row


def as_text(value: object) -> str:
    """A cell as the text a person sees, without the noise of binary floats: 12.299999999999999 → 12.3."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return format(value, ".0f" if value.is_integer() and abs(value) < _EXACT_FLOAT else ".15g")
    if isinstance(value, datetime):
        # A float of days is never exactly on the second.
        return (value + timedelta(microseconds=500_000)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
