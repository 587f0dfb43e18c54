"""The numbered list: one row per list hands out the numbers, so they have no gaps and no doubles."""

from datetime import datetime

from django.db import connection

from campaigns.models import Campaign, Order

# The list's row is locked for the shortest time, and a list that is not there yet is made.
_ENTER = """
    board AS (
        INSERT INTO campaigns_board AS b (campaign_id, store_id, last_number, version) SELECT %s, %s, 1, 1 {where}
        ON CONFLICT (campaign_id, store_id)
            DO UPDATE SET last_number = b.last_number + 1, version = b.version + 1
        RETURNING id, last_number
    )
    INSERT INTO campaigns_chainentry (board_id, number, order_id, name, raw, confidence, joined_at)
    SELECT id, last_number, %s, %s, '', NULL, %s FROM board
    RETURNING number
"""
_ENTER_ALONE = "WITH" + _ENTER.format(where="")
# Where the stock does not suffice there is nothing to number: the list is not even touched.
_TAKE = (
    "goods AS (UPDATE campaigns_itemstock SET taken = taken + %s WHERE id = %s AND quota >= taken + %s RETURNING id)"
)
_TAKE_AND_ENTER = f"WITH {_TAKE}, {_ENTER.format(where='FROM goods')}"


def enter(*, order: Order, name: str, at: datetime) -> int:
    """Write a 接龙 order on its list and return its number; orders of other plays only count (0).

    The row that numbers is held until the transaction ends: take goods first, then come here.
    """
    if order.campaign.play != Campaign.Play.CHAIN:
        return 0
    return _number(_ENTER_ALONE, [], order, name, at)


def take_and_enter(*, order: Order, stock_id: int, wanted: int, name: str, at: datetime) -> int:
    """The same together with the last stock of a claim, in one statement; 0 where less is left of it than wanted."""
    return _number(_TAKE_AND_ENTER, [wanted, stock_id, wanted], order, name, at)


def _number(sql: str, first: list[int], order: Order, name: str, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, [*first, order.campaign_id, order.store_id, order.pk, name[:64], at])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
