"""From the cells of a sales file to lines of purchases, a batch of columns at a time.

Most rows of an export are plain: every cell readable, nothing negative, nothing missing. Those are read a column at
a time. A row with any cell that is not plain (a return, an empty amount, a mess) is read once more, singly, by
`members.imports.careful`, which alone knows the rules for them.
"""

import gc
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from members import purchase_lines
from members.imports import cells, identity_keys, moments
from members.imports.careful import CarefulReader
from members.imports.catalogue import Catalogue
from members.imports.cells import NO_LINE, NO_PRICE, REFUSED, Cached
from members.imports.errors import RowRejected
from members.imports.fields import Switches
from members.imports.identity_keys import IdentityKeys
from members.imports.lines import NOBODY, Lines, receipt_of_day
from members.imports.pgcopy import Integers
from stores.sheets.reading import SheetBatch

# Receipts and moments come in runs: a small cache catches nearly all there is to catch. Amounts do repeat.
_RUN, _AMOUNTS = 4_000, 60_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage once in some batches: what a batch leaves behind is in no cycle, and each full collection
    visits all the process holds (measured: an eighth of the time of reading).
    """
    usual = gc.get_threshold()
    gc.set_threshold(50_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class LineReader:
    """Reads batch after batch of one file. A sale after `latest` (`members.imports.moments`) lies in the future."""

    def __init__(
        self,
        *,
        mapping: dict[str, int],
        switches: Switches,
        catalogue: Catalogue,
        latest: int,
        store: int | None = None,
    ) -> None:
        self._mapping = mapping
        self._switches = switches
        self._latest = latest
        self._store_key = "store" if "store" in mapping else "store_name"
        self._product_key = "product" if "product" in mapping else "product_name"
        self._default_store = None if mapping.keys() & {"store", "store_name"} else store
        self.scientific_receipt = ""  # an example of one, if the file has any
        self._columns: list[list[str]] = []
        self._keys = IdentityKeys()
        self._is_time = Cached(cells.is_time_only, refused=False)
        self._careful = CarefulReader(
            switches=switches, catalogue=catalogue, keys=self._keys, is_time=self._is_time,
            latest=latest, store=self._default_store,
        )  # fmt: skip
        self._numbers: dict[str, Cached[int]] = {
            "store": Cached(catalogue.known_store, refused=REFUSED),
            "line": Cached(cells.line_number, refused=REFUSED),
            "at": Cached(moments.parse, refused=REFUSED, limit=_RUN),
            "product": Cached(catalogue.known_product, refused=REFUSED),
            "quantity": Cached(
                lambda text: cells.unless_negative(cells.quantity(text)), refused=REFUSED, limit=_AMOUNTS
            ),
            "unit_price": Cached(cells.price, refused=REFUSED),
            "paid": Cached(lambda text: cells.unless_negative(cells.fen(text)), refused=REFUSED, limit=_AMOUNTS),
            "kind": Cached(lambda text: None if cells.is_return(text) else 0, refused=REFUSED),
        }
        self._texts: dict[str, Cached[str | None]] = {
            "receipt": Cached(self._receipt, refused=None, limit=_RUN),
            "unit": Cached(cells.unit, refused=None, limit=_AMOUNTS),
            "payment": Cached(cells.payment, refused=None),
        }

    def read(self, batch: SheetBatch) -> Lines:
        """The lines of a batch."""
        self._columns = batch.columns
        lines = self._plain(np.array(batch.row_numbers, np.int64))
        readable = np.ones(len(lines.rows), bool)
        for index in self._not_plain(lines).tolist():
            row = self._row(index)
            try:
                lines.write(index, self._careful.read(row))
            except RowRejected as refusal:
                lines.rejected.append((index, refusal.with_traceback(None)))  # its frames hold the whole batch
                readable[index] = False
            # A store or product that was unknown may have been created.
            self._numbers["store"].pop(row[self._store_key], None)
            self._numbers["product"].pop(row[self._product_key], None)
        if lines.rejected:
            lines.keep(readable)
        self._number(lines)
        names = self._cells("member_name") if "member_name" in self._mapping else []
        lines.identities = self._keys.take_new(
            lines.members, [name for name, kept in zip(names, readable, strict=True) if kept] if names else []
        )
        lines.pairs = self._keys.take_pairs(lines.cards, lines.phones)
        return lines

    def _plain(self, rows: Integers) -> Lines:
        """The rows as their columns read; `_not_plain` tells which of them want care."""
        size = len(rows)
        at = self._moments(size)
        cards, phones = self._people(size)
        return Lines(
            rows=rows,
            stores=self._integers(self._store_key, size, self._default_store or REFUSED, "store"),
            receipts=self._receipts(at),
            numbers=self._integers("line", size, NO_LINE),
            moments=at,
            products=self._integers(self._product_key, size, REFUSED, "product"),
            quantities=self._integers("quantity", size, cells.QUANTITY_SCALE),
            units=self._strings("quantity", size, "", "unit"),
            unit_prices=self._integers("unit_price", size, NO_PRICE),
            paid=self._integers("paid", size, REFUSED),
            payments=self._strings("payment", size, ""),
            cards=cards,
            phones=phones,
        )

    def _not_plain(self, lines: Lines) -> Integers:
        """The indexes of rows that a column could not read."""
        refused = self._integers("kind", len(lines.rows), 0) == REFUSED
        for numbers in (
            lines.stores, lines.numbers, lines.moments, lines.products, lines.quantities, lines.unit_prices, lines.paid,
        ):  # fmt: skip
            refused |= numbers == REFUSED
        marked: tuple[tuple[list[Any], object], ...] = (
            (lines.receipts, None), (lines.units, None), (lines.payments, None),
            (lines.cards, identity_keys.REFUSED), (lines.phones, identity_keys.REFUSED),
        )  # fmt: skip
        for values, mark in marked:
            if mark in values:
                refused |= np.fromiter((value == mark for value in values), bool, len(values))
        return np.flatnonzero(refused)

    def _cells(self, key: str) -> list[str]:
        return self._columns[self._mapping[key]]

    def _row(self, index: int) -> defaultdict[str, str]:
        return defaultdict(str, {key: self._columns[place][index] for key, place in self._mapping.items()})

    def _integers(self, key: str, size: int, absent: int, reader: str = "") -> Integers:
        """A column through its reader; without such a column in the file, `absent` throughout."""
        if key not in self._mapping:
            return np.full(size, absent, np.int64)
        return np.fromiter(map(self._numbers[reader or key].__getitem__, self._cells(key)), np.int64, size)

    def _strings(self, key: str, size: int, absent: str, reader: str = "") -> list[Any]:
        if key not in self._mapping:
            return [absent] * size
        return list(map(self._texts[reader or key].__getitem__, self._cells(key)))

    def _moments(self, size: int) -> Integers:
        column = self._moment_cells()
        numbers = moments.parse_plain(column) if size else None
        if numbers is None:
            numbers = np.fromiter(map(self._numbers["at"].__getitem__, column), np.int64, size)
        return np.where(numbers > self._latest, REFUSED, numbers)

    def _moment_cells(self) -> list[str]:
        """The moment of each row as text, put together where day and time of day stand in two columns."""
        if "at" not in self._mapping:
            return self._cells("day")
        if "day" not in self._mapping:
            return self._cells("at")
        # A midnight behind the day is how a spreadsheet writes a date without a time.
        return [
            f"{day.removesuffix(' 00:00:00')} {text}" if self._is_time[text] else (text or day)
            for day, text in zip(self._cells("day"), self._cells("at"), strict=True)
        ]

    def _people(self, size: int) -> tuple[list[bytes], list[bytes]]:
        given: dict[str, list[str]] = {
            key: self._cells(key) for key in ("card", "member", "phone") if key in self._mapping
        }
        if not given:
            nobody = [NOBODY] * size
            return nobody, nobody
        return self._keys.columns(given)

    def _receipts(self, at: Integers) -> list[Any]:
        """The receipt of each row; None where it is missing or not plain."""
        if "receipt" not in self._mapping:
            return [None] * len(at)
        written = self._cells("receipt")
        plain = cells.are_plain(written, limit=cells.MAX_RECEIPT)
        receipts: list[Any] = written[:] if plain else list(map(self._texts["receipt"].__getitem__, written))
        if self._switches.receipt_restarts_daily:
            readable = np.where(at == REFUSED, 0, at)
            return [
                receipt and receipt_of_day(receipt, day)
                for receipt, day in zip(receipts, moments.days_of(readable), strict=True)
            ]
        return receipts

    def _receipt(self, text: str) -> str | None:
        if "." in text and not self.scientific_receipt and cells.is_scientific(text):
            self.scientific_receipt = text.strip()
        return cells.receipt(text) or None

    def _number(self, lines: Lines) -> None:
        """Give lines without a number of their own one made from their content."""
        if NO_LINE in lines.numbers:
            content = purchase_lines.content_lines(
                products=lines.products, quantities=lines.quantities, unit_prices=lines.unit_prices, paid=lines.paid
            )
            lines.numbers = np.where(lines.numbers == NO_LINE, content, lines.numbers)
