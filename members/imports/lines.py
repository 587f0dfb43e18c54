"""Lines as they come out of a sales file, and receipts for those that have none or share one."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from members.imports.errors import RowRejected

# One line: store, receipt, line number or None, moment, product, quantity, unit, unit price, paid, payment, card, phone
Line = tuple[int, str, int | None, str, int, int, str, int, int, str, str, str]


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """An identity seen for the first time (or again, after the cache started afresh)."""

    key: str
    kind: str
    tail: str
    encrypted: bytes
    name: str


@dataclass(slots=True)
class Lines:
    """The readable lines of one batch, columnar; what else the batch told; and what could not be read."""

    rows: list[int] = field(default_factory=list)
    stores: list[int] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    moments: list[str] = field(default_factory=list)
    products: list[int] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    unit_prices: list[int] = field(default_factory=list)
    paid: list[int] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    identities: list[NewIdentity] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    rejected: list[tuple[int, RowRejected]] = field(default_factory=list)  # (index in the batch, why)


def receipt_of_day(receipt: str, moment: str) -> str:
    """A receipt number that counts from one every day, told apart by its business day."""
    return f"{moment[:10].replace('-', '')}-{receipt}"


def made_receipt(moment: str, member: str) -> str:
    """A receipt for a line without one: what one member bought at one moment belongs together."""
    digest = hashlib.blake2b(f"{moment}|{member}".encode(), digest_size=8).hexdigest()
    return f"~{moment[:10].replace('-', '')}-{digest}"


def refused_rows(columns: list[list[Any]], size: int) -> list[int]:
    """The rows that have a None in any column."""
    suspects = [column for column in columns if None in column]
    if not suspects:
        return []
    return [index for index, row in zip(range(size), zip(*suspects, strict=True), strict=True) if None in row]
