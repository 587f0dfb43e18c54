"""Lines as they come out of a sales file, and receipts for those that have none or share one."""

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from members.imports import moments
from members.imports.errors import RowRejected
from members.imports.pgcopy import Integers

NOBODY = b""


class Line(NamedTuple):
    """One line. Its fields are named like the columns of `Lines`, which they can be written into.

    `moments` is a number of `members.imports.moments`, `quantities` are ten-thousandths, amounts fen; `cards` and
    `phones` are keys of `members.imports.identity_keys` or `NOBODY`.
    """

    stores: int
    receipts: str
    numbers: int
    moments: int
    products: int
    quantities: int
    units: str
    unit_prices: int
    paid: int
    payments: str
    cards: bytes
    phones: bytes


class NewIdentity(NamedTuple):
    """An identity seen for the first time (or again, after the cache started afresh)."""

    key: bytes
    kind: str
    tail: str
    encrypted: bytes
    name: str


@dataclass(slots=True)
class Lines:
    """The rows of one batch by column, and what else the batch told. A None among the texts wants a careful look."""

    rows: Integers
    stores: Integers
    receipts: list[str]
    numbers: Integers
    moments: Integers
    products: Integers
    quantities: Integers
    units: list[str]
    unit_prices: Integers
    paid: Integers
    payments: list[str]
    cards: list[bytes]
    phones: list[bytes]
    identities: list[NewIdentity] = field(default_factory=list)
    pairs: list[tuple[bytes, bytes]] = field(default_factory=list)
    rejected: list[tuple[int, RowRejected]] = field(default_factory=list)  # (index in the batch, why)

    def write(self, index: int, line: Line) -> None:
        """Put one line in the place of another."""
        for name, value in zip(Line._fields, line, strict=True):
            getattr(self, name)[index] = value

    def keep(self, wanted: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        """Drop all other rows."""
        indexes = np.flatnonzero(wanted).tolist()
        for name in ("rows", *Line._fields):
            column = getattr(self, name)
            kept = [column[index] for index in indexes] if isinstance(column, list) else column[wanted]
            setattr(self, name, kept)

    @property
    def members(self) -> list[bytes]:
        """Whoever bought, by card before phone."""
        if self.cards is self.phones:
            return self.cards
        return [card or phone for card, phone in zip(self.cards, self.phones, strict=True)]


def receipt_of_day(receipt: str, day: str) -> str:
    """A receipt number that counts from one every day, told apart by its business day (`20260105`)."""
    return f"{day}-{receipt}"


def made_receipt(moment: int, member: bytes) -> str:
    """A receipt for a line without one: what one member bought at one moment belongs together."""
    text = moments.text_of(moment)
    digest = hashlib.blake2b(f"{text}|{member.hex()}".encode(), digest_size=8).hexdigest()
    return f"~{text[:10].replace('-', '')}-{digest}"
