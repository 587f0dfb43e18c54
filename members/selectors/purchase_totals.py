"""Sums of the purchase table, by which an import can be checked from outside."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection

from members import identities

_SUMS = """
    coalesce(sum(paid_fen), 0)::bigint, coalesce(sum(paid_fen) FILTER (WHERE {sale}), 0)::bigint,
    count(*) FILTER (WHERE {sale}), count(*) FILTER (WHERE NOT ({sale})),
    count(DISTINCT (store_id, receipt)), count(DISTINCT member_id), coalesce(sum(quantity), 0)
""".format(sale="paid_fen >= 0 AND quantity >= 0")

_KEYS = ("net_fen", "gross_fen", "sale_lines", "return_lines", "receipts", "members", "quantity")


def overall_totals() -> dict[str, Any]:
    """All purchases: `net_fen` after returns, `gross_fen` before them, lines, receipts, members, net quantity."""
    return next(_rows(f"SELECT {_SUMS} FROM members_purchase", ()))  # noqa: S608 -- constants of this module


def store_totals() -> Iterator[dict[str, Any]]:
    """The same by store code."""
    return _grouped("s.code", "JOIN stores_store s ON s.id = store_id", ("store",))


def store_day_totals() -> Iterator[dict[str, Any]]:
    """The same by store code and business day (Asia/Shanghai)."""
    day = "(bought_at AT TIME ZONE 'Asia/Shanghai')::date::text"
    return _grouped(f"s.code, {day}", "JOIN stores_store s ON s.id = store_id", ("store", "day"))


def product_totals() -> Iterator[dict[str, Any]]:
    """The same by product code."""
    return _grouped("p.code", "JOIN stores_product p ON p.id = product_id", ("product",))


def card_totals(*, reveal: bool) -> Iterator[dict[str, Any]]:
    """The same by member card, each card with all its member bought; masked to its tail unless revealed."""
    read: Callable[[Any], str] = (
        (lambda pair: identities.decrypt(pair[0])) if reveal else (lambda pair: f"···{pair[1]}")
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT member_id, value_encrypted, tail FROM members_identity WHERE kind = 'card'")
        cards: dict[int, list[str]] = {}
        for member_id, encrypted, tail in cursor:
            cards.setdefault(member_id, []).append(read((encrypted, tail)))
    for row in _grouped("member_id", "", ("member",), where="WHERE member_id IS NOT NULL"):
        member_id = row.pop("member")
        for card in sorted(cards.get(member_id, ())):
            yield {"card": card, **row}


def _grouped(by: str, join: str, names: tuple[str, ...], *, where: str = "") -> Iterator[dict[str, Any]]:
    statement = f"SELECT {by}, {_SUMS} FROM members_purchase {join} {where} GROUP BY {by} ORDER BY {by}"  # noqa: S608 -- constants of this module
    return _rows(statement, names)


def _rows(statement: str, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        for row in cursor:
            yield dict(zip((*names, *_KEYS), (*row[:-1], float(row[-1])), strict=True))
