"""From the cells of a sales file to lines of purchases, a batch of columns at a time.

Most rows of an export are plain: every cell readable, nothing negative, nothing missing. Those are read a column at
a time. A row with any cell that is not plain (a return, an empty amount, a mess) is read singly by `_careful`, which
alone knows the rules for them.
"""

from collections.abc import Callable, Sequence
from itertools import compress, repeat
from typing import Any, TypeVar

from members import identities, purchase_lines
from members.imports import cells
from members.imports.catalogue import Catalogue
from members.imports.cells import Cached
from members.imports.errors import RowRejected
from members.imports.fields import FIELDS, Switches
from members.imports.lines import Line, Lines, NewIdentity, made_receipt, receipt_of_day, refused_rows
from stores.sheets.errors import CellError
from stores.sheets.reading import SheetBatch

_LABELS = {field.key: field.label for field in FIELDS}
_MAX_PAIRS_SEEN = 50_000
_MAX_KEYS_CACHED = 50_000
_RUN = 4_000
_TAIL = 4

Value = TypeVar("Value")


class LineReader:
    """Reads batch after batch of one file. `latest` is the text of the moment after which a sale lies in the future."""

    def __init__(
        self,
        *,
        mapping: dict[str, int],
        switches: Switches,
        catalogue: Catalogue,
        latest: str,
        store: int | None = None,
    ) -> None:
        self._mapping = mapping
        self._switches = switches
        self._catalogue = catalogue
        self._latest = latest
        self._default_store = store
        self.scientific_receipt = ""  # an example of one, if the file has any
        self._fresh: dict[str, tuple[str, str]] = {}
        self._pairs_seen: set[tuple[str, str]] = set()
        self._columns: list[list[str]] = []
        self._plain: dict[str, Cached[Any]] = {
            "store": Cached(catalogue.known_store),
            # Receipts and moments come in runs: a small cache catches nearly all there is to catch.
            "receipt": Cached(self._receipt, limit=_RUN),
            "line": Cached(cells.line_number),
            "at": Cached(lambda text: cells.unless(cells.moment(text), lambda moment: moment > latest), limit=_RUN),
            "product": Cached(catalogue.known_product),
            "quantity": Cached(lambda text: cells.unless_negative(cells.quantity(text))),
            "unit": Cached(cells.unit),
            "unit_price": Cached(cells.price),
            "paid": Cached(lambda text: cells.unless_negative(cells.fen(text))),
            "payment": Cached(cells.payment),
            "kind": Cached(lambda text: None if cells.is_return(text) else ""),
        }
        self._member_key = Cached(self._key_of, limit=_MAX_KEYS_CACHED)
        self._phone_key = Cached(lambda text: self._key_of(text, phones_only=True), limit=_MAX_KEYS_CACHED)
        self._is_time = Cached(cells.is_time_only)

    def read(self, batch: SheetBatch) -> Lines:
        """The lines of a batch."""
        size = len(batch.row_numbers)
        self._columns = batch.columns
        self._fresh = {}
        columns = self._plain_columns(size)
        lines = Lines()
        careful: list[tuple[int, Line]] = []
        plain = [True] * size
        for index in refused_rows(columns, size):
            plain[index] = False
            try:
                careful.append((index, self._careful(index)))
            except RowRejected as refusal:
                lines.rejected.append((index, refusal))
        rows = batch.row_numbers
        if not all(plain):
            columns = [list(compress(column, plain)) for column in columns]
            rows = [*compress(rows, plain), *(rows[index] for index, _ in careful)]
            for position, column in enumerate(columns):
                column.extend(line[position] for _, line in careful)
        self._fill(lines, rows, columns, names=self._names(plain, [index for index, _ in careful]))
        return lines

    def _cells(self, key: str, size: int) -> Sequence[str]:
        position = self._mapping.get(key)
        return self._columns[position] if position is not None else [""] * size

    def _read_column(self, key: str, size: int, *, absent: Any, source: str = "") -> list[Any]:
        """A column through its reader; without such a column in the file, `absent` throughout."""
        position = self._mapping.get(source or key)
        if position is None:
            return [absent] * size
        return list(map(self._plain[key].__getitem__, self._columns[position]))

    def _plain_columns(self, size: int) -> list[list[Any]]:
        """The columns of `Line` in its order; None where a row wants care."""
        kinds = self._read_column("kind", size, absent="")
        moments = list(map(self._plain["at"].__getitem__, self._moment_cells(size)))
        if None in kinds:
            moments = [moment if kind is not None else None for moment, kind in zip(moments, kinds, strict=True)]
        receipts = self._read_column("receipt", size, absent=None)
        if self._switches.receipt_restarts_daily:
            receipts = [
                None if receipt is None or moment is None else receipt_of_day(receipt, moment)
                for receipt, moment in zip(receipts, moments, strict=True)
            ]
        cards, phones = self._identity_columns(size)
        return [
            self._read_column("store", size, absent=self._default_store, source=self._either("store", "store_name")),
            receipts,
            self._read_column("line", size, absent=0),
            moments,
            self._read_column("product", size, absent=None, source=self._either("product", "product_name")),
            self._read_column("quantity", size, absent=cells.QUANTITY_SCALE),
            self._read_column("unit", size, absent="", source="quantity"),
            self._read_column("unit_price", size, absent=cells.NO_PRICE),
            self._read_column("paid", size, absent=None),
            self._read_column("payment", size, absent=""),
            cards,
            phones,
        ]

    def _either(self, code: str, name: str) -> str:
        return code if code in self._mapping else name

    def _moment_cells(self, size: int) -> Sequence[str]:
        """The moment of each row as text, put together where day and time of day stand in two columns."""
        days = self._cells("day", size)
        if "at" not in self._mapping:
            return days
        moments = self._cells("at", size)
        if "day" not in self._mapping:
            return moments
        # A midnight behind the day is how a spreadsheet writes a date without a time.
        return [
            f"{day.removesuffix(' 00:00:00')} {text}" if self._is_time[text] else (text or day)
            for day, text in zip(days, moments, strict=True)
        ]

    def _identity_columns(self, size: int) -> tuple[list[Any], list[Any]]:
        """The keys of card and phone of each row; "" for nobody, None where a cell is refused."""
        absent = [""] * size
        keys = {
            key: list(map(reader.__getitem__, self._columns[self._mapping[key]])) if key in self._mapping else absent
            for key, reader in (("card", self._member_key), ("member", self._member_key), ("phone", self._phone_key))
        }
        if "member" not in self._mapping:
            return keys["card"], keys["phone"]
        cards = [card or member for card, member in zip(keys["card"], keys["member"], strict=True)]
        phones = [phone or member for phone, member in zip(keys["phone"], keys["member"], strict=True)]
        return cards, phones

    def _key_of(self, text: str, *, phones_only: bool = False) -> str:
        """The hash under which whoever a cell names is found, noted as new; "" for nobody."""
        named = cells.identity(text, phones_only=phones_only)
        if named is None:
            return ""
        key = cells.identity_key(*named)
        self._fresh[key] = named
        return key

    def _receipt(self, text: str) -> str | None:
        if "." in text and not self.scientific_receipt and cells.is_scientific(text):
            self.scientific_receipt = text.strip()
        return cells.receipt(text) or None

    def _names(self, plain: list[bool], careful: list[int]) -> list[str]:
        position = self._mapping.get("member_name")
        if position is None:
            return []
        column = self._columns[position]
        return [*compress(column, plain), *(column[index] for index in careful)]

    def _fill(self, lines: Lines, rows: list[int], columns: list[list[Any]], *, names: list[str]) -> None:
        (
            lines.stores, lines.receipts, numbers, lines.moments, lines.products, lines.quantities, lines.units,
            lines.unit_prices, lines.paid, lines.payments, cards, phones,
        ) = columns  # fmt: skip
        lines.rows = rows
        lines.members = [card or phone for card, phone in zip(cards, phones, strict=True)]
        lines.numbers = self._numbered(lines, numbers)
        lines.pairs = self._new_pairs(cards, phones)
        said = {key: name for key, name in zip(lines.members, names or repeat(""), strict=False) if key and name}
        lines.identities = [
            NewIdentity(
                key,
                kind,
                value[-_TAIL:],
                identities.encrypt(value),
                cells.person_name(said[key]) if key in said else "",
            )
            for key, (kind, value) in self._fresh.items()
        ]

    def _numbered(self, lines: Lines, numbers: list[int | None]) -> list[int]:
        """The receipt's own line numbers where it has them, else numbers made from the content."""
        if "line" in self._mapping and None not in numbers:
            return [number for number in numbers if number is not None]
        content: list[int] = purchase_lines.content_lines(
            products=lines.products, quantities=lines.quantities, unit_prices=lines.unit_prices, paid=lines.paid
        ).tolist()
        if "line" not in self._mapping:
            return content
        return [made if own is None else own for own, made in zip(numbers, content, strict=True)]

    def _new_pairs(self, cards: list[str], phones: list[str]) -> list[tuple[str, str]]:
        if not ("phone" in self._mapping or {"card", "member"} <= self._mapping.keys()):
            return []
        new = set(zip(cards, phones, strict=True)) - self._pairs_seen
        if len(self._pairs_seen) > _MAX_PAIRS_SEEN:
            self._pairs_seen.clear()
        self._pairs_seen |= new
        return [(card, phone) for card, phone in new if card and phone and card != phone]

    def _cell(self, key: str, index: int) -> str:
        position = self._mapping.get(key)
        return self._columns[position][index] if position is not None else ""

    def _careful(self, index: int) -> Line:
        """One row by all the rules. :raises RowRejected: with the first thing that is wrong with it"""
        moment = self._one("at", cells.moment, self._moment_cell(index))
        if moment > self._latest:
            raise RowRejected("交易时间：在将来", f"交易时间：在将来：{moment[:19]}")
        number = self._one("line", cells.line_number, self._cell("line", index))
        amounts = self._amounts(index)
        payment = self._one("payment", cells.payment, self._cell("payment", index))
        unit = self._one("quantity", cells.unit, self._cell("quantity", index))
        member = self._one("member", self._key_of, self._cell("member", index))
        card = self._one("card", self._key_of, self._cell("card", index)) or member
        phone = self._phone_key[self._cell("phone", index)] or member
        receipt = self._one("receipt", cells.receipt, self._cell("receipt", index))
        product = self._product(index, unit=unit)
        store = self._store(index)
        if not receipt:
            receipt = made_receipt(moment, card or phone)
        elif self._switches.receipt_restarts_daily:
            receipt = receipt_of_day(receipt, moment)
        quantity, price, paid = amounts
        return (store, receipt, number, moment, product, quantity, unit, price, paid, payment, card, phone)

    def _one(self, key: str, reader: Callable[[str], Value], text: str) -> Value:
        try:
            return reader(text)
        except CellError as error:
            raise RowRejected.of_cell(_LABELS[key], error) from None

    def _moment_cell(self, index: int) -> str:
        day, text = self._cell("day", index), self._cell("at", index)
        return f"{day.removesuffix(' 00:00:00')} {text}" if day and self._is_time[text] else (text or day)

    def _store(self, index: int) -> int:
        if "store" not in self._mapping and "store_name" not in self._mapping and self._default_store is not None:
            return self._default_store
        text = self._cell("store", index)
        code = self._one("store", cells.code, text) if text.strip() else ""
        name = self._one("store_name", cells.name, self._cell("store_name", index))
        store = self._catalogue.store(code=code, name=name, create=self._switches.create_stores)
        self._plain["store"].pop(text, None)
        return store

    def _product(self, index: int, *, unit: str) -> int:
        text = self._cell("product", index)
        code = self._one("product", cells.code, text) if text.strip() else ""
        name = self._one("product_name", cells.name, self._cell("product_name", index))
        category = self._one("category", cells.name, self._cell("category", index))
        product = self._catalogue.product(
            code=code, name=name, category=category, unit=unit, create=self._switches.create_products
        )
        self._plain["product"].pop(text, None)  # it may be known now
        return product

    def _amounts(self, index: int) -> tuple[int, int, int]:
        """Quantity, unit price and paid amount, with the signs a return has."""
        quantity = self._one("quantity", cells.quantity, self._cell("quantity", index))
        price = self._one("unit_price", cells.price, self._cell("unit_price", index))
        paid = self._one("paid", cells.fen, self._cell("paid", index))
        if paid is None:
            if price == cells.NO_PRICE or quantity is None:
                raise RowRejected("实付金额：没有填，也不能由单价和数量算出")
            paid = cells.amount_of(quantity=quantity, unit_price_fen=price)
        if quantity is None:
            quantity = cells.QUANTITY_SCALE
        if paid < 0:
            return -abs(quantity), price, paid
        if cells.is_return(self._cell("kind", index)):
            return -abs(quantity), price, -paid
        if quantity < 0 < paid:
            raise RowRejected("数量为负而实付为正，互相矛盾")
        return quantity, price, paid
