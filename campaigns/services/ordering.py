"""Writing an order with its lines in one statement: of a claim's time, most is going to the database and back."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from campaigns.columns import columns_of
from campaigns.models import Order, OrderLine

_ORDER = columns_of(Order, without=("id",))
_LINE = columns_of(OrderLine, without=("id", "order_id"))
_WRITE = f"""
    WITH {{kept}} made AS (
        INSERT INTO "campaigns_order" ({", ".join(_ORDER)}) SELECT {", ".join(["%s"] * len(_ORDER))} {{for_whom}}
        RETURNING id
    ), lines AS (
        INSERT INTO campaigns_orderline (order_id, {", ".join(_LINE)})
        SELECT made.id, given.* FROM made, (VALUES {{lines}}) AS given
    )
    SELECT id FROM made
"""  # noqa: S608 -- our own column names
_GIVEN = "(%s::bigint, %s::bigint, %s::int, %s::int)"
# The member's row is held against a merge until the commit; of one merged meanwhile there is no row, so no order.
_KEPT = "kept AS (SELECT id FROM members_member WHERE id = %s AND merged_into_id IS NULL FOR KEY SHARE),"


def write_order(*, order: Order, lines: Sequence[OrderLine]) -> bool:
    """Insert a new order and its lines. False, and nothing written, where its member was merged into another.

    :raises IntegrityError: the same request, or the same four digits, at this moment
    """
    has_member = order.member_id is not None
    sql = _WRITE.format(
        kept=_KEPT if has_member else "", for_whom="FROM kept" if has_member else "",
        lines=", ".join([_GIVEN] * len(lines)),
    )  # fmt: skip
    given: list[Any] = [order.member_id] if has_member else []
    given += [getattr(order, name) for name in _ORDER]
    given += [getattr(line, name) for line in lines for name in _LINE]
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        row = cursor.fetchone()
    if row is None:
        return False
    order.pk = row[0]
    order._state.adding, order._state.db = False, connection.alias  # noqa: SLF001 -- as `save` leaves it
    for line in lines:
        line.order = order
    return True
