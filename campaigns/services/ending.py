"""The one way an order ends before hand-over: goods back, and what was paid promised back.

Payments still open are closed by a sweep (`services.lapsing.close_payment`), since their provider has to be asked.
"""

from datetime import datetime

from campaigns.models import Order, Payment
from campaigns.services import goods, refunding


def end_order(*, order: Order, state: Order.State, reason: str, cause: str, at: datetime) -> None:
    """End an order whose row the caller has locked; refunds every payment's rest under `cause`."""
    order.state, order.ended_at, order.end_reason, order.held_until = state, at, reason[:64], None
    order.save(update_fields=["state", "ended_at", "end_reason", "held_until"])
    for payment in Payment.objects.filter(order=order, state=Payment.State.PAID).order_by("pk"):
        refunding.refund_rest(payment=payment, cause=cause, reason=reason, at=at)
    goods.release(order=order, at=at)
