"""One face for every spreadsheet a store may send: open it, look at its head, stream its rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from stores.sheets.columns import Field
from stores.sheets.csv_rows import CsvRows
from stores.sheets.encodings import kind_of
from stores.sheets.errors import SheetError
from stores.sheets.rows import HEADER_WITHIN, RowFilter, SheetBatch
from stores.sheets.rows import find_header as _find_header
from stores.sheets.xlsx_rows import XlsxRows

__all__ = ["Sheet", "SheetBatch", "SheetError", "open_sheet"]

_HEAD = HEADER_WITHIN + 100
_STEP = 250


class Sheet:
    """An open spreadsheet, read once from the front; memory stays bounded whatever its size.

    `header_row` is 1-based; `expected_rows` an estimate for progress bars; `skipped` counts title, blank, header
    and total rows set aside so far; `sheets` are the names of a workbook's sheets.
    """

    def __init__(self, source: CsvRows | XlsxRows, *, name: str, fields: Sequence[Field]) -> None:
        self.name = name
        self.kind = source.kind
        self.encoding = source.encoding
        self.delimiter = source.delimiter
        self.sheet = source.sheet
        self.sheets = source.sheets
        self.expected_rows = source.expected_rows
        self._source = source
        first = source.taken
        head = source.take(_HEAD)
        at = _find_header(head, fields)
        if at is None:
            raise SheetError("没有找到表头，文件里没有文字", file=name)
        header = head[at]
        while source.kind == "xlsx" and header and not header[-1].strip():
            header = header[:-1]
        self.header = tuple(cell.strip() for cell in header)
        self.header_row = first + at + 1
        self._head = head[at + 1 :]
        self._head_odd, self._head_padded = source.odd, source.padded
        self._filter = RowFilter(self.header, file=name, titles=head[:at])
        if source.taken == first + len(head) and len(head) < _HEAD and not self._peek():
            raise SheetError("表头下面没有数据行", file=name, row=self.header_row)

    @property
    def skipped(self) -> dict[str, int]:
        """How many rows were set aside so far, by why."""
        return dict(self._filter.skipped)

    def preview(self, count: int) -> list[list[str]]:
        """The first data rows, without taking them from `batches`."""
        batch = self._peek_batch()
        return [list(row) for row in zip(*(column[:count] for column in batch.columns), strict=True)]

    def _peek_batch(self) -> SheetBatch:
        aside = RowFilter(self.header, file=self.name)
        rows = [list(row) for row in self._head]
        return aside.batch(rows, self.header_row + 1, odd=self._head_odd, padded=self._head_padded)

    def _peek(self) -> bool:
        batch = self._peek_batch()
        return bool(batch.row_numbers or batch.broken)

    def batches(self, size: int = 20_000) -> Iterator[SheetBatch]:
        """The data rows in batches of about `size`, once.

        :raises SheetError: the file stops being readable, holds a formula, or has no data row at all
        """
        found = False
        batch = SheetBatch.empty(len(self.header))
        for part in self._parts():
            batch.extend(part)
            if len(batch) + len(batch.broken) >= size:
                found = True
                yield batch
                batch = SheetBatch.empty(len(self.header))
        if len(batch) + len(batch.broken):
            yield batch
        elif not found:
            raise SheetError("表头下面没有数据行", file=self.name, row=self.header_row)

    def _parts(self) -> Iterator[SheetBatch]:
        """The rows in small batches."""
        number = self.header_row + 1
        rows, odd, padded = self._head, self._head_odd, self._head_padded
        while rows:
            yield self._filter.batch(rows, number, odd=odd, padded=padded)
            number += len(rows)
            while columns := self._source.take_columns(len(self.header)):
                numbers = list(range(number, number + len(columns[0])))
                yield self._filter.batch_of_columns(columns, numbers, odd=self._source.odd, padded=self._source.padded)
                number += len(numbers)
            # Row by row a batch is many small lists, which the garbage collector visits again and again: they are
            # turned into columns while they are few (measured: half the time of turning 20,000 at once).
            rows = self._source.take(_STEP)
            odd, padded = self._source.odd, self._source.padded

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_sheet(
    path: Path | str, *, name: str | None = None, sheet: str | None = None, fields: Sequence[Field] = ()
) -> Sheet:
    """Open a CSV (also gzipped), TSV or XLSX file, told apart by content.

    `name` is what messages call the file, `fields` the names a header may be known by, `sheet` one sheet of a workbook.

    :raises SheetError: it cannot be read as a table, or has no data
    """
    path = Path(path)
    name = name or path.name
    source: CsvRows | XlsxRows
    if kind_of(path, name=name) == "xlsx":
        source = XlsxRows(path, name=name, fields=fields, sheet=sheet)
    elif sheet:
        raise SheetError(f"这是文本表格，没有工作表「{sheet}」", file=name)
    else:
        source = CsvRows(path, name=name, fields=fields)
    try:
        return Sheet(source, name=name, fields=fields)
    except BaseException:
        source.close()
        raise
