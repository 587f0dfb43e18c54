"""Making an order the member's own: its state, and the four digits that fetch it."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from campaigns.errors import OrderRefusal
from campaigns.models import Order, WaitEntry

_TRIES = 5
_CODE = """
    SELECT code FROM (SELECT DISTINCT lpad(floor(random() * 10000)::int::text, 4, '0') AS code
                      FROM generate_series(1, %s)) AS drawn
    WHERE NOT EXISTS (SELECT 1 FROM campaigns_order
                      WHERE store_id = %s AND pickup_code = drawn.code AND state = 'confirmed')
    LIMIT 1
"""


def free_code(store_id: int) -> str:
    """Four digits no order waiting in this store has; empty where the store is so full that the QR code must do."""
    with connection.cursor() as cursor:
        cursor.execute(_CODE, [16, store_id])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


@transaction.atomic
def confirm(*, order: Order, at: datetime) -> Order:
    """Reserved becomes confirmed: the goods are the member's. Repeated, it changes nothing.

    Plays that let an order wait call this when the wait is over. :raises OrderRefusal: the order has ended
    """
    locked = Order.objects.select_for_update().get(pk=order.pk)
    if locked.state in {Order.State.CONFIRMED, Order.State.FULFILLED, Order.State.COMPLETED}:
        return locked
    if locked.state != Order.State.RESERVED:
        raise OrderRefusal(f"订单{locked.get_state_display()}，不能确认")
    locked.state, locked.confirmed_at, locked.held_until = Order.State.CONFIRMED, at, None
    fields = ["state", "confirmed_at", "held_until", "pickup_code"]
    for attempt in range(1, _TRIES + 1):
        locked.pickup_code = free_code(locked.store_id) if attempt < _TRIES else ""
        try:
            with transaction.atomic():  # another order may be given the same digits at this moment
                locked.save(update_fields=fields)
            break
        except IntegrityError:
            if attempt == _TRIES:
                raise
    WaitEntry.objects.filter(offer=locked).update(state=WaitEntry.State.TAKEN)
    return locked
