"""Looking at simulated data, and taking it away again."""

from django.core.management import call_command
from django.db import connection


def rows(query: str, params: dict | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def clear() -> None:
    """Empty every table and provide again what a chain begins with, as Django does behind a test that commits.

    A TRUNCATE of the staff alone took the quota rules they may have set along, and nothing gave them back.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table with events to come can be truncated
    call_command("flush", verbosity=0, interactive=False)
