"""The numbered list: one row per list hands out the numbers, so they have no gaps and no doubles."""

from datetime import datetime

from django.db import connection

from campaigns.models import Campaign, Order

# One statement: the list's row is locked for the shortest time, and a list that is not there yet is made.
_ENTER = """
    WITH board AS (
        INSERT INTO campaigns_board AS b (campaign_id, store_id, last_number, version) VALUES (%s, %s, 1, 1)
        ON CONFLICT (campaign_id, store_id)
            DO UPDATE SET last_number = b.last_number + 1, version = b.version + 1
        RETURNING id, last_number
    )
    INSERT INTO campaigns_chainentry (board_id, number, order_id, name, raw, confidence, joined_at)
    SELECT id, last_number, %s, %s, '', NULL, %s FROM board
    RETURNING number
"""


def enter(*, order: Order, name: str, at: datetime) -> int:
    """Write a 接龙 order on its list and return its number; orders of other plays only count (0).

    The row that numbers is held until the transaction ends: take goods first, then come here.
    """
    if order.campaign.play != Campaign.Play.CHAIN:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, [order.campaign_id, order.store_id, order.pk, name[:64], at])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
