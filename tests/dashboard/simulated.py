"""Looking at simulated data, and taking it away again."""

from django.db import connection


def rows(query: str, params: dict | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def clear() -> None:
    tables = "members_purchase, members_member, stores_store, stores_region, stores_product, stores_staff"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables} CASCADE")
