"""Purchases of a shard of members as arrays: read in PostgreSQL's binary form, so that a store takes milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from django.db import connection

from members.services.partitions import BUSINESS_ZONE
from tagging.recommending.facts import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagging.recommending.facts import Floats

EPOCH = date(1970, 1, 1).toordinal()
_YEARS = 8  # older purchases say nothing the recommender still listens to
_HEADER = 19  # bytes of PGCOPY before the first row: signature, flags, length of the extension
_ROW = np.dtype([
    ("fields", ">i2"), ("n1", ">i4"), ("member", ">i8"), ("n2", ">i4"), ("product", ">i8"), ("n3", ">i4"),
    ("day", ">i4"), ("n4", ">i4"), ("paid", ">i8"), ("n5", ">i4"), ("unit_fen", ">f8"),
])  # fmt: skip
# One line per member, product and business day; returns and gifts say nothing about taste.
_LINES = """
    SELECT p.member_id, p.product_id, ((p.bought_at AT TIME ZONE 'Asia/Shanghai')::date - date '1970-01-01')::int4,
           sum(p.paid_fen)::int8, (sum(p.paid_fen) / sum(p.quantity))::float8
    FROM members_purchase p
    WHERE {who} AND p.bought_at < {before} AND p.bought_at >= {since} AND p.quantity > 0 AND p.paid_fen >= 0
    GROUP BY 1, 2, 3
"""
_OF_STORE = "p.member_id IN (SELECT id FROM members_member WHERE home_store_id = {store} AND merged_into_id IS NULL)"
_OF_MEMBERS = "p.member_id = ANY ('{{{members}}}')"
_SAMPLE = "p.member_id IN (SELECT id FROM members_member WHERE id % {step} = 0 AND merged_into_id IS NULL)"


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard's history, its rows in the order of members.

    `members` holds the key of each member by her number in `history`; `paid` and `unit_fen` are the fen of each row,
    for the line and for one unit of it.
    """

    members: npt.NDArray[np.int64]
    history: History
    paid: Floats
    unit_fen: Floats

    def part(self, first: int, last: int) -> Shard:
        """Members `first` … `last` - 1."""
        low, high = np.searchsorted(self.history.member, [first, last])
        return Shard(
            self.members[first:last], self.history.of_members(first, last), self.paid[low:high], self.unit_fen[low:high]
        )


def day_number(day: date) -> int:
    """Days since 1970, as histories count them."""
    return day.toordinal() - EPOCH


def day_of(number: int) -> date:
    return date.fromordinal(int(number) + EPOCH)


def store_shard(store_id: int, *, product_ids: Sequence[int], as_of: date) -> Shard:
    """What the members at home in a store bought anywhere until the evening of `as_of`."""
    return _shard(_OF_STORE.format(store=int(store_id)), product_ids, as_of)


def members_shard(member_ids: Sequence[int], *, product_ids: Sequence[int], as_of: date) -> Shard:
    """The same of some members."""
    return _shard(_OF_MEMBERS.format(members=",".join(str(int(pk)) for pk in member_ids)), product_ids, as_of)


def sample_shard(*, product_ids: Sequence[int], as_of: date, members: int) -> Shard:
    """The same of about `members` members, evenly drawn from the whole chain by their keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM members_member WHERE merged_into_id IS NULL")
        total = int(cursor.fetchone()[0])
    return _shard(_SAMPLE.format(step=max(total // members, 1)), product_ids, as_of)


def changed_since(store_id: int, moment: datetime) -> list[int]:
    """The members at home in a store who bought anything since a moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.id FROM members_member m
            WHERE m.home_store_id = %s AND m.merged_into_id IS NULL AND EXISTS (
                SELECT FROM members_purchase p WHERE p.member_id = m.id AND p.bought_at >= %s)
            ORDER BY m.id
            """,
            [store_id, moment],
        )
        return [int(row[0]) for row in cursor.fetchall()]


def _shard(who: str, product_ids: Sequence[int], as_of: date) -> Shard:
    evening = datetime.combine(date.fromordinal(as_of.toordinal() + 1), time(), BUSINESS_ZONE)
    first = datetime.combine(as_of.replace(year=as_of.year - _YEARS, day=1), time(), BUSINESS_ZONE)
    rows = _copied(_LINES.format(who=who, before=f"'{evening.isoformat()}'", since=f"'{first.isoformat()}'"))
    products = np.asarray(product_ids, np.int64)  # in order of their keys
    place = np.searchsorted(products, rows["product"])
    known = (place < len(products)) & (products[np.minimum(place, len(products) - 1)] == rows["product"])
    rows, place = rows[known], place[known]
    order = np.lexsort((rows["day"], rows["member"]))
    rows, place = rows[order], place[order]
    members, number = np.unique(rows["member"].astype(np.int64), return_inverse=True)
    history = History.of(number, place, rows["day"], members=len(members))
    return Shard(members, history, rows["paid"].astype(np.float32), rows["unit_fen"].astype(np.float32))


def _copied(query: str) -> npt.NDArray[np.void]:
    """The rows of a query without NULLs in columns of fixed width: each as wide as the next, so no parsing."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'" if connection.in_atomic_block else "SELECT 1")
        with cursor.cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
            content = b"".join(bytes(piece) for piece in copy)
    return np.frombuffer(content, dtype=_ROW, offset=_HEADER, count=(len(content) - _HEADER) // _ROW.itemsize)
