"""The temporary tables an import is gathered in before it is applied."""

from array import array
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import numpy as np
from django.db import connection
from psycopg.copy import QueuedLibpqWriter

from members.imports import moments, pgcopy
from members.imports.lines import Lines
from members.imports.pgcopy import Integers
from members.purchase_lines import mix

NOBODY = "00000000-0000-0000-0000-000000000000"  # whoever bought without saying who
# Kept in the session's own memory and files, without a log, and gone with the transaction. In `import_line`, which is
# filled by binary COPY, `cells.NO_PRICE` and NOBODY stand for a NULL, and the texts are padded with blanks.
TABLES = """
DROP TABLE IF EXISTS import_line, import_identity, import_pair;
CREATE TEMP TABLE import_line (
    row_no int, store_id bigint, line bigint, bought_at timestamptz, product_id bigint, unit_price_fen bigint,
    paid_fen bigint, quantity numeric, who uuid, receipt bpchar, unit bpchar, payment bpchar
) ON COMMIT DROP;
CREATE TEMP TABLE import_identity (hash uuid, kind text, tail text, encrypted bytea, name text) ON COMMIT DROP;
CREATE TEMP TABLE import_pair (card uuid, phone uuid) ON COMMIT DROP;
"""
_STRETCH, _PARTS = 200_000, 16  # what is looked at together, so that copies stay small
_COPY_ESCAPES = str.maketrans({"\\": "\\\\"})


class Staging:
    """Fills the tables by COPY, and remembers which lines may repeat one another.

    The server takes in one batch while the next is being read, so the connection is free for anything else only
    after `settle`; leaving the context settles, or gives up the batch if an exception leaves it.

    Twelve bytes a line are kept here, so that a file without repetitions (nearly every file) is known to be one
    without sorting it in the database.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
        self._keys = array("q")
        self._rows = array("i")
        self._under_way = ExitStack()
        self.shortest_receipt = 1 << 30
        self.months: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._under_way.__exit__(kind, error, traceback)

    def settle(self) -> None:
        """Wait until the server has taken in what it was given."""
        self._under_way.close()

    def add(self, lines: Lines) -> None:
        """Write one batch."""
        rows = pgcopy.encode(_columns(lines))
        self._remember(lines)
        self.settle()
        if lines.identities:
            identities = "".join(
                f"{new.key.hex()}\t{new.kind}\t{new.tail.translate(_COPY_ESCAPES)}\t\\\\x{new.encrypted.hex()}"
                f"\t{new.name.translate(_COPY_ESCAPES)}\n"
                for new in lines.identities
            )
            _copy("import_identity", identities)
        if lines.pairs:
            _copy("import_pair", "".join(f"{card.hex()}\t{phone.hex()}\n" for card, phone in lines.pairs))
        if len(lines.rows):
            cursor: Any = self._under_way.enter_context(connection.cursor())
            writer = QueuedLibpqWriter(cursor.cursor)
            copy = self._under_way.enter_context(
                cursor.copy("COPY import_line FROM STDIN (FORMAT binary)", writer=writer)
            )
            for part in (pgcopy.HEADER, rows, pgcopy.TRAILER):
                copy.write(part)

    def _remember(self, lines: Lines) -> None:
        if not len(lines.rows):
            return
        receipts = np.fromiter(map(hash, lines.receipts), np.int64, len(lines.receipts))
        keys = np.zeros(len(receipts), np.uint64)
        for column in (lines.stores, receipts, lines.numbers):
            keys = mix(keys ^ column.view(np.uint64))
        self._keys.frombytes(keys.tobytes())
        self._rows.frombytes(lines.rows.astype(np.int32).tobytes())
        self.shortest_receipt = min(self.shortest_receipt, *map(len, lines.receipts))
        self.months |= moments.months_of(lines.moments)

    def suspects(self) -> Integers:
        """The rows whose line has the key of another; all true repetitions are among them."""
        keys, rows = np.frombuffer(self._keys, np.int64), np.frombuffer(self._rows, np.int32)
        some_byte = np.frombuffer(self._keys, np.uint8)[::8]
        repeated = np.concatenate([_repeated(keys[some_byte % _PARTS == part]) for part in range(_PARTS)])
        found = [np.empty(0, np.int64)]
        if len(repeated):
            for start in range(0, len(keys), _STRETCH):
                stretch = slice(start, start + _STRETCH)
                found.append(rows[stretch][np.isin(keys[stretch], repeated)].astype(np.int64))
        del keys, rows, some_byte
        self._keys, self._rows = array("q"), array("i")
        return np.concatenate(found)


def _repeated(keys: Integers) -> Integers:
    keys.sort()
    return np.unique(keys[1:][keys[1:] == keys[:-1]])


def _columns(lines: Lines) -> list[pgcopy.Column]:
    """The batch in the order of `import_line`."""
    return [
        pgcopy.int4(lines.rows), pgcopy.int8(lines.stores), pgcopy.int8(lines.numbers), pgcopy.int8(lines.moments),
        pgcopy.int8(lines.products), pgcopy.int8(lines.unit_prices), pgcopy.int8(lines.paid),
        pgcopy.numeric(lines.quantities), pgcopy.uuid(lines.members), pgcopy.padded(lines.receipts),
        pgcopy.padded(lines.units), pgcopy.padded(lines.payments),
    ]  # fmt: skip


def _copy(target: str, text: str) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        copy.write(text)


def mark_rows(table: str, rows: Integers) -> None:
    """A temporary table of row numbers."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}; CREATE TEMP TABLE {table} (row_no int) ON COMMIT DROP")
        with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
            copy.write(pgcopy.HEADER)
            for start in range(0, len(rows), _STRETCH):
                copy.write(pgcopy.encode([pgcopy.int4(rows[start : start + _STRETCH])]))
            copy.write(pgcopy.TRAILER)
        cursor.execute(f"ANALYZE {table}")  # few rows beside all lines: without knowing, millions would be sorted
