"""COPY for bulk rows: columns of ready text in, buffered so that each statement carries megabytes."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from django.db import connection
from psycopg import sql

NULL = r"\N"
_FLUSH_BYTES = 4_000_000


def texts(values: Iterable[object]) -> list[str]:
    """Cells for numbers and dates; None becomes NULL."""
    return [NULL if value is None else str(value) for value in values]


def flags(values: Iterable[bool]) -> list[str]:
    """Cells for booleans."""
    return ["t" if value else "f" for value in values]


def blobs(values: Iterable[bytes]) -> list[str]:
    """Cells for bytea."""
    return [r"\\x" + value.hex() for value in values]


def reserve_ids(table: str, count: int) -> int:
    """Take `count` consecutive ids of a table and return the first; a concurrent insert gets later ones."""
    if count == 0:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH s AS (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS seq) "
            "SELECT setval(seq, nextval(seq) + %s) FROM s",
            [table, count - 1],
        )
        last: int = cursor.fetchone()[0]
    return last - count + 1


class Loader:
    """Collects rows per table and copies them in large pieces; `rows` counts what each table was given.

    Cells must be free of tabs, newlines and backslashes, which holds for generated data.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._pieces: dict[str, list[str]] = {}
        self._sizes: dict[str, int] = {}

    def add(self, table: str, columns: dict[str, Sequence[str]]) -> None:
        """Queue rows given as equally long columns of text; every call for a table names the same columns."""
        names = tuple(columns)
        if self._columns.setdefault(table, names) != names:
            raise ValueError(f"{table} was given other columns before")
        count = len(columns[names[0]])
        if not count:
            return
        piece = "\n".join(map("\t".join, zip(*columns.values(), strict=True))) + "\n"
        self.rows[table] = self.rows.get(table, 0) + count
        self._pieces.setdefault(table, []).append(piece)
        self._sizes[table] = self._sizes.get(table, 0) + len(piece)
        if self._sizes[table] >= _FLUSH_BYTES:
            self._flush(table)

    def _flush(self, table: str) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, self._columns[table]))
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in self._pieces.pop(table):
                copy.write(piece.encode())
        self._sizes[table] = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for table in list(self._pieces):
                self._flush(table)
