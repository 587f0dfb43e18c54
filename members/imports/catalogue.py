"""The stores and products a file may name, and those it is allowed to bring along."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db import connection

from members.imports import cells
from members.imports.codebook import CodeBook
from members.imports.errors import RowRejected
from stores.models import Product, Store
from stores.services.regions import unsorted_region
from stores.sheets.errors import SheetError

_BY_WEIGHT = frozenset(("kg", "g", "斤", "公斤", "千克", "克", "两", "市斤"))
_MAX_STORE_NAME = 64
_TABLES = {Store: "stores_store", Product: "stores_product"}


@dataclass(frozen=True, slots=True)
class _NewStore:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class _NewProduct:
    code: str
    name: str
    category: str
    unit: str


_New = TypeVar("_New", _NewStore, _NewProduct)


class Catalogue:
    """Stores and products by code and name. What is new gets its id at once and its row in `write_new`.

    `before_query` is called before the database is asked for ids.
    """

    def __init__(self, *, before_query: Callable[[], None], only_stores: frozenset[int] | None = None) -> None:
        self._stores = CodeBook.of(Store.objects.values_list("pk", "code", "name").iterator())
        self._products = CodeBook.of(Product.objects.values_list("pk", "code", "name").iterator())
        self._only_stores = only_stores
        self._store_ids, self._product_ids = _reserved_ids(Store, before_query), _reserved_ids(Product, before_query)
        self._new_stores: dict[int, _NewStore] = {}
        self._new_products: dict[int, _NewProduct] = {}

    def known_store(self, text: str) -> int | None:
        """The store of a cell, if it is known and may be written. :raises CellError: the cell is no code or name"""
        found = _find(cells.code(text), self._stores, self._new_stores)
        return found if found is not None and self._may_write(found) else None

    def known_product(self, text: str) -> int | None:
        """The product of a cell, if it is known. :raises CellError: the cell is no code or name"""
        return _find(cells.code(text), self._products, self._new_products)

    def store(self, *, code: str, name: str, create: bool) -> int:
        """The store a row means. :raises RowRejected:"""
        if not code and not name:
            raise RowRejected("门店：没有填")
        code = code or name  # a column called 门店 may hold either
        found = _find(code, self._stores, self._new_stores)
        if found is None and len(code) <= cells.MAX_CODE and create and self._only_stores is None:
            found = next(self._store_ids)
            self._new_stores[found] = _NewStore(code, (name or code)[:_MAX_STORE_NAME])
            self._stores.add(found, code, name)
        if found is None:
            raise RowRejected("门店：没有这个门店", f"门店：没有这个门店：{code}")
        if not self._may_write(found):
            raise RowRejected("门店：不是可以导入的门店", f"门店：不是可以导入的门店：{code}")
        return found

    def _may_write(self, store: int) -> bool:
        return self._only_stores is None or store in self._only_stores

    def product(self, *, code: str, name: str, category: str, unit: str, create: bool) -> int:
        """The product a row means. :raises RowRejected:"""
        if not code and not name:
            raise RowRejected("商品：没有填")
        code = code or name
        found = _find(code, self._products, self._new_products)
        if found is None and len(code) <= cells.MAX_CODE and create:
            found = next(self._product_ids)
            by_weight = unit in _BY_WEIGHT
            self._new_products[found] = _NewProduct(
                code, name or code, category[:32], Product.Unit.JIN if by_weight else Product.Unit.PORTION
            )
            self._products.add(found, code, name)
        if found is None:
            raise RowRejected("商品：没有这个商品", f"商品：没有这个商品：{code}")
        return found

    def write_new(self) -> None:
        """Insert what was new. :raises SheetError: someone else created one of these codes meanwhile"""
        if self._new_stores:
            region = unsorted_region()
            rows = self._new_stores.items()
            Store.objects.bulk_create(
                [Store(pk=pk, code=new.code, name=new.name, region=region) for pk, new in rows], ignore_conflicts=True
            )
            _refuse_lost(Store, set(self._new_stores), "门店")
        if self._new_products:
            Product.objects.bulk_create(
                [
                    Product(pk=pk, code=new.code, name=new.name, category=new.category, unit=new.unit)
                    for pk, new in self._new_products.items()
                ],
                ignore_conflicts=True,
            )
            _refuse_lost(Product, set(self._new_products), "商品")


def _find(code: str, book: CodeBook, new: dict[int, _New]) -> int | None:
    """The row of a code. What this file brings along gets the longest spelling of its code: which of its rows a
    spreadsheet ate the zeros of must not matter.
    """
    found = book.find(code)
    if found in new:
        known = new[found]
        if len(code) > len(known.code) and code.isdigit() and code.lstrip("0") == known.code.lstrip("0"):
            new[found] = replace(known, code=code)
            book.ids[code] = found
    return found


def _reserved_ids(model: type[Store] | type[Product], before_query: Callable[[], None]) -> Iterator[int]:
    """Ids from the table's sequence, some hundreds at a time: lines can be written before their product."""
    while True:
        before_query()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, 200)", [_TABLES[model]]
            )
            rows = cursor.fetchall()
        for (pk,) in rows:
            yield int(pk)


def _refuse_lost(model: type[Store] | type[Product], ids: set[int], what: str) -> None:
    if model.objects.filter(pk__in=ids).count() != len(ids):
        raise SheetError(f"导入期间有人建立了相同编码的{what}，请重新导入")
