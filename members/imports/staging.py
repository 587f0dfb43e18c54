"""The temporary tables an import is gathered in before it is applied."""

from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from django.db import connection

from members.imports.cells import NO_PRICE, NULL
from members.imports.lines import Lines

# Kept in the session's own memory and files, without a log, and gone with the transaction.
TABLES = """
DROP TABLE IF EXISTS import_line, import_identity, import_pair;
CREATE TEMP TABLE import_line (
    row_no int, store_id bigint, line bigint, bought_at timestamptz, product_id bigint, unit_price_fen bigint,
    paid_fen bigint, quantity bigint, who uuid, receipt text, unit text, payment text
) ON COMMIT DROP;
CREATE TEMP TABLE import_identity (hash uuid, kind text, tail text, encrypted bytea, name text) ON COMMIT DROP;
CREATE TEMP TABLE import_pair (card uuid, phone uuid) ON COMMIT DROP;
"""
LINE_COLUMNS = (
    "row_no, store_id, line, bought_at, product_id, unit_price_fen, paid_fen, quantity, who, receipt, unit, payment"
)
_STRETCH = 200_000
_COPY_ESCAPES = str.maketrans({"\\": "\\\\"})


class Staging:
    """Fills the tables by COPY, and remembers which lines may repeat one another.

    Eight bytes a line are kept here, so that a file without repetitions (nearly every file) is known to be one
    without sorting it in the database.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
        self._keys = array("q")
        self._rows = array("i")
        self.shortest_receipt = 1 << 30
        self.months: set[str] = set()

    def add(self, lines: Lines) -> None:
        """Write one batch."""
        if lines.rows:
            keys = map(hash, zip(lines.stores, lines.receipts, lines.numbers, strict=True))
            self._keys.extend(keys)
            self._rows.extend(lines.rows)
            self.shortest_receipt = min(self.shortest_receipt, *map(len, lines.receipts))
            self.months.update({moment[:7] for moment in set(lines.moments)})
            _copy(f"import_line ({LINE_COLUMNS})", _line_text(lines))
        if lines.identities:
            identities = "".join(
                f"{new.key}\t{new.kind}\t{new.tail.translate(_COPY_ESCAPES)}\t\\\\x{new.encrypted.hex()}"
                f"\t{new.name.translate(_COPY_ESCAPES)}\n"
                for new in lines.identities
            )
            _copy("import_identity", identities)
        if lines.pairs:
            _copy("import_pair", "".join(f"{card}\t{phone}\n" for card, phone in lines.pairs))

    def suspects(self) -> list[int]:
        """The rows whose line has the key of another; all true repetitions are among them."""
        keys, rows = np.frombuffer(self._keys, np.int64), np.frombuffer(self._rows, np.int32)
        ordered = np.sort(keys)
        repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        del ordered
        found: list[int] = []
        if len(repeated):
            for start in range(0, len(keys), _STRETCH):  # by stretches: `isin` sorts copies of all it is given
                stretch = slice(start, start + _STRETCH)
                found += rows[stretch][np.isin(keys[stretch], repeated)].tolist()
        del keys, rows
        self._keys, self._rows = array("q"), array("i")
        return found


def _line_text(lines: Lines) -> str:
    """The batch in COPY's text format."""
    prices: Iterable[str] = map(str, lines.unit_prices)
    if NO_PRICE in lines.unit_prices:
        prices = (NULL if price == NO_PRICE else str(price) for price in lines.unit_prices)
    members: Iterable[str] = lines.members
    if "" in lines.members:
        members = (member or NULL for member in lines.members)
    columns: Sequence[Iterable[str]] = (
        map(str, lines.rows), map(str, lines.stores), map(str, lines.numbers), lines.moments, map(str, lines.products),
        prices, map(str, lines.paid), map(str, lines.quantities), members, lines.receipts, lines.units, lines.payments,
    )  # fmt: skip
    return "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"


def _copy(target: str, text: str) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        copy.write(text)


def mark_rows(table: str, rows: Iterator[int] | list[int]) -> None:
    """A temporary table of row numbers."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}; CREATE TEMP TABLE {table} (row_no int) ON COMMIT DROP")
    _copy(table, "".join(f"{row}\n" for row in rows))
