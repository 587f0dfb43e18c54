"""Rows of a text file, streamed: bytes → strict text → lines → cells, all of it at the speed of C."""

import csv
import io
import re
import zlib
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from stores.sheets.columns import Field, match_columns
from stores.sheets.encodings import encoding_of, open_bytes, unpacked_size
from stores.sheets.errors import SheetError

DELIMITERS = (",", "\t", ";", "|")
_CHUNK = 1 << 18
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 60
_LONGEST_LINE = 1 << 24
_MOST_UNPACKED = 400  # times the packed size; an honest export packs 5 to 40 times smaller
_RATIO_MATTERS_ABOVE = 64 << 20
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class CsvRows:
    """The rows of a delimited text file, taken from the front.

    `odd` tells whether the text behind the rows last taken may hold what needs a closer look: a 计 of 合计, an `=`;
    `padded` whether it has space around cells. A clean file pays nothing for either.

    :raises SheetError: here or in `take`, naming the row at which the file stops being readable
    """

    kind = "csv"
    sheet = ""
    sheets: tuple[str, ...] = ()

    def __init__(self, path: Path, *, name: str, fields: Sequence[Field] = ()) -> None:
        self.name = name
        self.encoding = encoding_of(path, name=name)
        self.taken = 0
        self.odd = self.padded = False
        self._newest_odd = self._newest_padded = False
        self._lines = 0
        sample, lines_per_byte = self._sample(path)
        named = _SEPARATOR_LINE.fullmatch(sample.split("\n", 1)[0])
        self.delimiter = named[1] if named else _delimiter_of(sample, fields)
        self.expected_rows = max(1, round(unpacked_size(path) * lines_per_byte))
        d = self.delimiter
        self._blanks = ("\u3000", "\xa0", *(() if d == "\t" else "\t"))
        self._padding = (f" {d}", f"{d} ", " \n", "\n ")
        self._decoder = getincrementaldecoder(self.encoding)("strict")
        self._stream = open_bytes(path)
        self._unpacked = 0
        self._allowed = max(_RATIO_MATTERS_ABOVE, _MOST_UNPACKED * path.stat().st_size)
        self._chunks = self._read_chunks()
        self._held: str | None = None  # a chunk that was looked at and left to the reader
        self._chunk, self._lines_of_chunk = "", io.StringIO()
        self._by_columns = False
        self._may_be_plain = True
        self._reader = csv.reader(chain.from_iterable(self._feed()), delimiter=d)
        if named:
            self.take(1)

    def take(self, count: int) -> list[list[str]]:
        """Up to `count` rows; fewer at the end of the file and, once columns were asked for, before a new chunk."""
        if self._by_columns and self._may_be_plain:
            lines = self._chunk.count("\n", self._lines_of_chunk.tell())
            count = min(count, lines or count)
        self.odd, self.padded = self._newest_odd, self._newest_padded
        rows: list[list[str]] = []
        try:
            rows.extend(islice(self._reader, count))  # keeps what it has when the reader raises
        except csv.Error as error:
            raise SheetError(
                "这一行的引号没有成对，后面的内容都被并进了一格，请改正后重新导出",
                file=self.name,
                row=self.taken + len(rows) + 1,
            ) from error
        self.taken += len(rows)
        return rows

    def take_columns(self, width: int) -> list[list[str]] | None:
        """The next chunk by column, `take` without its cost, if rows of `width` cells without quotes are all it has.

        None: not at the start of a chunk, or a chunk for `take`.
        """
        self._by_columns = True
        if not self._may_be_plain or self._lines_of_chunk.tell() < len(self._chunk):
            return None
        self._held = self._next_chunk()
        text = self._held.replace("\r\n", "\n")
        self._may_be_plain = '"' not in text and "\r" not in text
        if not (text and self._may_be_plain):
            return None
        if not text.endswith("\n"):
            text += "\n"
        # Each line end becomes a cell of its own: the rows are even if it comes back at every last place.
        rows, step = text.count("\n"), width + 1
        cells = text.replace("\n", f"{self.delimiter}\n{self.delimiter}").split(self.delimiter)
        if len(cells) != rows * step + 1 or cells[width::step] != ["\n"] * rows:
            return None
        self._held = None
        self.odd, self.padded = self._newest_odd, self._newest_padded
        self.taken += rows
        return [cells[place:-1:step] for place in range(width)]

    def close(self) -> None:
        self._stream.close()

    def _sample(self, path: Path) -> tuple[str, float]:
        with open_bytes(path) as stream:
            raw = stream.read(_SAMPLE)
        text = raw.decode(self.encoding, "replace").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
        return text, (text.count("\n") + (not text.endswith("\n"))) / max(1, len(raw))

    def _feed(self) -> Iterator[io.StringIO]:
        """Chunks for the csv reader; a StringIO splits lines as it wants (CR, LF, CRLF, and nothing else)."""
        while text := self._next_chunk():
            self._chunk, self._lines_of_chunk = text, io.StringIO(text, newline="")
            yield self._lines_of_chunk

    def _next_chunk(self) -> str:
        text, self._held = self._held or next(self._chunks, ""), None
        return text

    def _read_chunks(self) -> Iterator[str]:
        """Whole lines, a chunk at a time."""
        tail = ""
        while True:
            text, last = self._decode()
            self._lines += text.count("\n")
            text = tail + (
                text if "\0" not in text and "\x1a" not in text else text.replace("\0", "").replace("\x1a", "")
            )
            # A CR at the very end may be the first half of a CRLF.
            cut = len(text) if last else max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
            tail = text[cut:]
            if len(tail) > _LONGEST_LINE:
                raise SheetError("有一行长得不像表格", file=self.name, row=self._lines + 1)
            text = text[:cut]
            if text:
                self._newest_odd = "计" in text or "=" in text
                self._newest_padded = self._may_hold_padding(text)
                self.odd |= self._newest_odd
                self.padded |= self._newest_padded
                yield text
            if last:
                return

    def _may_hold_padding(self, text: str) -> bool:
        """Whether a cell of a chunk may begin or end with a blank; cells of other chunks need no stripping."""
        if '"' in text or any(blank in text for blank in self._blanks):
            return True
        # One blank a row is usual (date, time), so the places beside a delimiter or a line's end decide.
        return " " in text and (
            " " in (text[0], text[-1])
            or any(mark in text for mark in self._padding)
            or ("\r" in text and (" \r" in text or "\r " in text))
        )

    def _decode(self) -> tuple[str, bool]:
        try:
            raw = self._stream.read(_CHUNK)
            self._unpacked += len(raw)
            if self._unpacked > self._allowed:
                raise SheetError("压缩文件解压后大得不正常，为安全起见不再读下去；请解压后再导入", file=self.name)
            return self._decoder.decode(raw, final=not raw), not raw
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(self.encoding, "replace").count("\n")
            shown = {"gb18030": "GBK", "utf-8-sig": "UTF-8"}.get(self.encoding, self.encoding.upper())
            raise SheetError(
                f"文字编码在这里坏了（文件是 {shown}，这一行不是），请重新导出",
                file=self.name,
                row=self._lines + before + 1,
            ) from error
        except (OSError, EOFError, zlib.error) as error:
            raise SheetError("读到一半读不下去了，文件可能没有传完整", file=self.name, row=self._lines + 1) from error


def _delimiter_of(sample: str, fields: Sequence[Field]) -> str:
    """The delimiter under which a header is known, else the one that cuts most rows into the same number of cells."""

    def score(delimiter: str) -> tuple[int, int, int]:
        try:
            rows = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _SAMPLE_ROWS))
        except csv.Error:
            rows = []
        known = max((len(match_columns(row, fields)) for row in rows), default=0)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        width, times = widths.most_common(1)[0] if widths else (0, 0)
        return known, times, width

    return max(DELIMITERS, key=score)
