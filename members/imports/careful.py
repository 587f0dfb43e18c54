"""One row of a sales file by all the rules: what to do with a return, a missing amount, a mess."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from members.imports import cells, moments
from members.imports.catalogue import Catalogue
from members.imports.cells import Cached
from members.imports.errors import RowRejected
from members.imports.fields import FIELDS, Switches
from members.imports.identity_keys import IdentityKeys
from members.imports.lines import Line, made_receipt, receipt_of_day
from stores.sheets.errors import CellError

_LABELS = {field.key: field.label for field in FIELDS}

Value = TypeVar("Value")
Cells = Mapping[str, str]  # the cells of one row by field; a field the file does not have is empty


class CarefulReader:
    """Reads rows singly. `is_time` tells cells that hold only a time of day."""

    def __init__(
        self,
        *,
        switches: Switches,
        catalogue: Catalogue,
        keys: IdentityKeys,
        is_time: Cached[bool],
        latest: int,
        store: int | None,
    ) -> None:
        self._switches = switches
        self._catalogue = catalogue
        self._keys = keys
        self._is_time = is_time
        self._latest = latest
        self._default_store = store

    def read(self, row: Cells) -> Line:
        """One row by all the rules. :raises RowRejected: with the first thing that is wrong with it"""
        moment = _one("at", moments.parse, self._moment_cell(row))
        if moment > self._latest:
            raise RowRejected("交易时间：在将来", f"交易时间：在将来：{moments.text_of(moment)[:19]}")
        number = _one("line", cells.line_number, row["line"])
        quantity, price, paid = _amounts(row)
        payment = _one("payment", cells.payment, row["payment"])
        unit = _one("quantity", cells.unit, row["quantity"])
        member = _one("member", self._keys.key_of, row["member"])
        card = _one("card", self._keys.key_of, row["card"]) or member
        phone = self._keys.phones[row["phone"]] or member
        receipt = _one("receipt", cells.receipt, row["receipt"])
        product = self._product(row, unit=unit)
        store = self._store(row)
        if not receipt:
            receipt = made_receipt(moment, card or phone)
        elif self._switches.receipt_restarts_daily:
            receipt = receipt_of_day(receipt, moments.text_of(moment)[:10].replace("-", ""))
        return Line(store, receipt, number, moment, product, quantity, unit, price, paid, payment, card, phone)

    def _moment_cell(self, row: Cells) -> str:
        day, text = row["day"], row["at"]
        return f"{day.removesuffix(' 00:00:00')} {text}" if day and self._is_time[text] else (text or day)

    def _store(self, row: Cells) -> int:
        if self._default_store is not None:
            return self._default_store
        code = _one("store", cells.code, row["store"]) if row["store"].strip() else ""
        name = _one("store_name", cells.name, row["store_name"])
        return self._catalogue.store(code=code, name=name, create=self._switches.create_stores)

    def _product(self, row: Cells, *, unit: str) -> int:
        code = _one("product", cells.code, row["product"]) if row["product"].strip() else ""
        name = _one("product_name", cells.name, row["product_name"])
        category = _one("category", cells.name, row["category"])
        return self._catalogue.product(
            code=code, name=name, category=category, unit=unit, create=self._switches.create_products
        )


def _one(key: str, reader: Callable[[str], Value], text: str) -> Value:
    try:
        return reader(text)
    except CellError as error:
        raise RowRejected.of_cell(_LABELS[key], error) from None


def _amounts(row: Cells) -> tuple[int, int, int]:
    """Quantity, unit price and paid amount, with the signs a return has."""
    quantity = _one("quantity", cells.quantity, row["quantity"])
    price = _one("unit_price", cells.price, row["unit_price"])
    paid = _one("paid", cells.fen, row["paid"])
    if paid is None:
        if price == cells.NO_PRICE or quantity is None:
            raise RowRejected("实付金额：没有填，也不能由单价和数量算出")
        paid = cells.amount_of(quantity=quantity, unit_price_fen=price)
    if quantity is None:
        quantity = cells.QUANTITY_SCALE
    if paid < 0:
        return -abs(quantity), price, paid
    if cells.is_return(row["kind"]):
        return -abs(quantity), price, -paid
    if quantity < 0 < paid:
        raise RowRejected("数量为负而实付为正，互相矛盾")
    return quantity, price, paid
