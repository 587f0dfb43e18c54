"""Which lines of a file count already: repeated inside it, or bought in the database.

All here is set-based, on the tables of `members.imports.staging`.
"""

from dataclasses import dataclass

from django.db import connection
from psycopg import sql

from members.imports.pgcopy import Integers
from members.imports.staging import NOBODY, mark_rows
from members.purchase_lines import FIRST_CONTENT_LINE

# Receipt numbers this long carry their date or a running count; only shorter ones are looked at for a daily restart.
_LONGEST_RESTARTING_RECEIPT = 8


@dataclass(frozen=True, slots=True)
class Repetition:
    """A row that counts nothing, and the row of the file it repeats (None: a line imported earlier)."""

    row: int
    of: int | None
    differs: bool  # one line number, two contents


def prepare() -> None:
    """The table the findings go to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS import_repetition;"
            "CREATE TEMP TABLE import_repetition (row_no int, of_row int, differs bool) ON COMMIT DROP"
        )


def separate(suspects: Integers) -> None:
    """Give repetitions inside the file numbers of their own, so that each counts.

    Identical lines cannot be told apart, so which of them comes first does not matter. A line number of the
    receipt's own is no content and stays.
    """
    if not len(suspects):
        return
    mark_rows("import_suspect", suspects)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE import_line l SET line = l.line + n.earlier
            FROM (
                SELECT row_no, row_number() OVER (
                    PARTITION BY store_id, receipt, line ORDER BY who = '{NOBODY}', who, bought_at, row_no
                ) - 1 AS earlier
                FROM import_line JOIN import_suspect USING (row_no) WHERE line >= %s
            ) n
            WHERE n.row_no = l.row_no AND n.earlier > 0
            """,  # noqa: S608 -- a constant
            [FIRST_CONTENT_LINE],
        )


def find_inside(suspects: Integers) -> None:
    """Keep one of each set of equal lines; the choice does not depend on the order of the rows."""
    if not len(suspects):
        return
    mark_rows("import_suspect", suspects)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO import_repetition
            SELECT s.row_no, s.first_row, (s.product_id, s.quantity, s.paid_fen) IS DISTINCT FROM (s.p, s.q, s.f)
            FROM (
                SELECT row_no, product_id, quantity, paid_fen,
                       row_number() OVER same AS place,
                       first_value(row_no) OVER same AS first_row, first_value(product_id) OVER same AS p,
                       first_value(quantity) OVER same AS q, first_value(paid_fen) OVER same AS f
                FROM import_line JOIN import_suspect USING (row_no)
                WINDOW same AS (
                    PARTITION BY store_id, receipt, line
                    ORDER BY who = '{NOBODY}', who, bought_at, product_id, quantity, paid_fen, row_no
                )
            ) s
            WHERE s.place > 1
            """  # noqa: S608 -- a constant
        )
        cursor.execute(
            "ANALYZE import_repetition;DELETE FROM import_line l USING import_repetition r WHERE r.row_no = l.row_no"
        )


def find_in_database(*, source: str) -> None:
    """Find lines that were bought already, whatever time the earlier file gave them.

    Each month is asked first, by its key, whether it holds receipts of the file's range for a store; most do not.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'members_purchase'::regclass ORDER BY 1"
        )
        months = [sql.SQL(name) for (name,) in cursor.fetchall()]
        months = [month for month in months if _has_rows(month)]
        if not months:
            return
        cursor.execute(
            "DROP TABLE IF EXISTS import_range;"
            "CREATE TEMP TABLE import_range ON COMMIT DROP AS"
            " SELECT store_id, min(receipt)::varchar AS low, max(receipt)::varchar AS high FROM import_line GROUP BY 1;"
            "ANALYZE import_range; ANALYZE import_line"
        )
        for month in months:
            cursor.execute(
                sql.SQL(
                    "SELECT array_agg(store_id) FROM import_range r WHERE EXISTS ("
                    " SELECT FROM {month} p WHERE p.store_id = r.store_id AND p.receipt BETWEEN r.low AND r.high)"
                ).format(month=month)
            )
            stores = cursor.fetchone()[0]
            if stores:
                cursor.execute(
                    sql.SQL(
                        "INSERT INTO import_repetition"
                        " SELECT s.row_no, NULL, (s.product_id, s.quantity, s.paid_fen)"
                        "  IS DISTINCT FROM (p.product_id, p.quantity, p.paid_fen)"
                        " FROM import_line s JOIN {month} p ON p.store_id = s.store_id"
                        " AND p.receipt = s.receipt::varchar AND p.line = s.line AND p.source = {source}"
                        " WHERE s.store_id = ANY({stores})"
                    ).format(month=month, source=sql.Literal(source), stores=sql.Literal(stores))
                )
        cursor.execute(
            "ANALYZE import_repetition;"
            "DELETE FROM import_line l USING import_repetition r WHERE r.row_no = l.row_no AND r.of_row IS NULL"
        )


def _has_rows(month: sql.SQL) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(month))
        return bool(cursor.fetchone()[0])


def count() -> int:
    """How many rows count nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT row_no) FROM import_repetition")
        return int(cursor.fetchone()[0])


def first(limit: int) -> list[Repetition]:
    """The first rows of the file that count nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_no, min(of_row), bool_or(differs) FROM import_repetition GROUP BY 1 ORDER BY 1 LIMIT %s",
            [limit],
        )
        return [Repetition(row, of, differs) for row, of, differs in cursor.fetchall()]


def receipts_on_several_days(*, shortest_receipt: int) -> int:
    """How many receipt numbers a store uses on more than one business day; asked before repetitions are removed."""
    if shortest_receipt > _LONGEST_RESTARTING_RECEIPT:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM import_line GROUP BY store_id, receipt"
            " HAVING min((bought_at AT TIME ZONE 'Asia/Shanghai')::date)"
            " <> max((bought_at AT TIME ZONE 'Asia/Shanghai')::date)) several"
        )
        return int(cursor.fetchone()[0])
