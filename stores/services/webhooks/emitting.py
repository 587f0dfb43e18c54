"""Telling other systems: rows of the outbox, in the transaction in which the thing happened."""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.core.cache import cache
from django.db import transaction

from stores import tasks
from stores.models import WebhookDelivery, WebhookEndpoint

EVENTS = {
    "order.paid": "订单已付款", "order.redeemed": "订单已取货", "order.refunded": "订单已退款",
    "member.joined_group": "顾客进群", "post.missed": "群发错过时段", "campaign.ended": "活动结束",
}  # fmt: skip
TEST = "webhook.test"
_BATCH = 1_000
_NUDGE_EVERY = 2  # seconds: a rush of orders wakes the worker once

logger = structlog.get_logger(__name__)


def emit(*, event: str, at: datetime, rows: Callable[[], Iterable[dict[str, Any]]]) -> int:
    """Leave word of an event for every endpoint that wants it; returns how many rows that made.

    One query where nobody listens: `rows` is only asked for where somebody does. Its values are JSON, without
    personal data; ids lead to the rest. Call inside the transaction of what happened.
    """
    listeners = list(WebhookEndpoint.objects.filter(disabled_at=None, events__contains=[event]).order_by("pk"))
    if not listeners:
        return 0
    made = [
        WebhookDelivery(endpoint=endpoint, event_id=number, event=event, data=data, happened_at=at, next_try_at=at)
        for number, data in ((uuid.uuid4(), data) for data in rows())
        for endpoint in listeners
    ]
    WebhookDelivery.objects.bulk_create(made, batch_size=_BATCH)
    if made:
        nudge()
    return len(made)


def nudge() -> None:
    """Have the outbox looked at right after the commit; the minute's sweep finds what this misses."""
    transaction.on_commit(partial(_wake, cache), robust=True)


def _wake(store: Any) -> None:
    if store.add("webhooks:nudged", 1, timeout=_NUDGE_EVERY):
        tasks.deliver_webhooks.delay()
