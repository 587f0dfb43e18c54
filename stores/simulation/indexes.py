"""Load first, index afterwards: one pass costs a fraction of doing it row by row.

docs/decisions/0005-sample-data.md has the figures.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import sql

# Keys of one column stay: they grow at their right end, which is cheap, and other tables refer to them.
_CONSTRAINTS = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.conrelid = ANY (%s::regclass[])
  AND (c.contype IN ('u', 'f') OR c.contype = 'p' AND cardinality(c.conkey) > 1)
ORDER BY c.conname
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY (%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
ORDER BY 1
"""


@contextmanager
def rebuilt_afterwards(tables: list[str]) -> Iterator[None]:
    """Take the indexes, unique and foreign keys of the tables away, and put them back, checked, at the end.

    Must run inside a transaction: if it breaks, the rollback brings everything back. The tables are locked until
    then, also for readers.

    :raises django.db.IntegrityError: the loaded rows break one of the constraints
    """
    with connection.cursor() as cursor:
        cursor.execute(_CONSTRAINTS, [tables])
        constraints = cursor.fetchall()
        cursor.execute(_INDEXES, [tables])
        indexes = cursor.fetchall()
        for table, name, _ in constraints:
            cursor.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(name)))
        for name, _ in indexes:
            cursor.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        keys = [row for row in constraints if not row[2].startswith("FOREIGN")]
        references = [row for row in constraints if row[2].startswith("FOREIGN")]
        for table, name, definition in keys:
            _add_constraint(table, name, definition)
        for _, definition in indexes:
            # ON ONLY is how a partitioned index is written down; without it the partitions are indexed too.
            cursor.execute(definition.replace(" ON ONLY ", " ON ", 1))
        for table, name, definition in references:
            _add_constraint(table, name, definition)


def _add_constraint(table: str, name: str, definition: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                sql.SQL(table), sql.Identifier(name), sql.SQL(definition)
            )
        )
