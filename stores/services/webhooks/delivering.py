"""Driving the outbox: signed, with pauses that grow, to a dead letter; an endpoint down for days is switched off."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
from django.conf import settings
from django.db.models import F, Q, QuerySet

from stores.models import WebhookDelivery, WebhookEndpoint
from stores.sealing import decrypt
from stores.services.webhooks.endpoints import disable
from wecom.fetching import FetchRefused, post_public, resolve

MOST_TRIES = 15  # a little less than two days of pauses
GIVES_UP_AFTER = timedelta(days=3)
_LEASE = timedelta(minutes=2)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)
_OK = range(200, 300)
State = WebhookDelivery.State


def signature(*, secret: str, timestamp: int, body: bytes) -> str:
    """What stands in `X-Dianquan-Signature`: HMAC-SHA256 of `<timestamp>.<body>` under the endpoint's secret."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def body_of(delivery: WebhookDelivery) -> bytes:
    """What is sent: the same bytes on every try."""
    said = {
        "id": str(delivery.event_id), "event": delivery.event, "happened_at": delivery.happened_at.isoformat(),
        "data": delivery.data,
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def deliver_due(
    *, clock: Callable[[], datetime], limit: int = 500, http: httpx.Client | None = None,
    lookup: Callable[[str], list[str]] = resolve,
) -> dict[str, int]:  # fmt: skip
    """Send what is due, the longest waiting first. An endpoint that fails once is left alone until the next call."""
    told = {"done": 0, "failed": 0}
    down: set[int] = set()
    due = list(_due(clock()).order_by("next_try_at", "pk").values_list("pk", "endpoint_id")[:limit])
    for pk, endpoint_id in due:
        if endpoint_id in down:
            continue
        delivery = _lease(pk, clock())
        if delivery is None:
            continue
        if deliver(delivery=delivery, clock=clock, http=http, lookup=lookup):
            told["done"] += 1
        else:
            told["failed"] += 1
            down.add(endpoint_id)
    return told


def deliver(
    *, delivery: WebhookDelivery, clock: Callable[[], datetime], http: httpx.Client | None = None,
    lookup: Callable[[str], list[str]] = resolve,
) -> bool:  # fmt: skip
    """Send one leased delivery and mark what came of it; no transaction is open while the other side thinks."""
    at, body = clock(), body_of(delivery)
    secret, timestamp = decrypt(delivery.endpoint.secret_encrypted), int(at.timestamp())
    headers = {
        "Content-Type": "application/json; charset=utf-8", "User-Agent": "Dianquan-Webhook/1",
        "X-Dianquan-Event": delivery.event, "X-Dianquan-Delivery": str(delivery.event_id),
        "X-Dianquan-Timestamp": str(timestamp),
        "X-Dianquan-Signature": signature(secret=secret, timestamp=timestamp, body=body),
    }  # fmt: skip
    try:
        status = post_public(
            delivery.endpoint.url, content=body, headers=headers, trusted=settings.WEBHOOK_TRUSTED_ORIGINS,
            lookup=lookup, http=http,
        )  # fmt: skip
    except FetchRefused as refused:
        return _failed(delivery, str(refused), at=clock())
    if status not in _OK:
        return _failed(delivery, f"对方回答 {status}", at=clock())
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=State.DONE, done_at=clock(), answer=str(status), leased_until=None, next_try_at=None
    )
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id, failing_since__isnull=False).update(failing_since=None)
    return True


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries: doubling from a minute to six hours."""
    return min(_FIRST_PAUSE * float(2 ** min(tries - 1, 16)), _LONGEST_PAUSE)


def _due(at: datetime) -> QuerySet[WebhookDelivery]:
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    return WebhookDelivery.objects.filter(
        free, state=State.PENDING, next_try_at__lte=at, endpoint__disabled_at__isnull=True
    )


def _lease(pk: int, at: datetime) -> WebhookDelivery | None:
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    mine = WebhookDelivery.objects.filter(free, pk=pk, state=State.PENDING, next_try_at__lte=at)
    if not mine.update(leased_until=at + _LEASE, tries=F("tries") + 1):
        return None
    return WebhookDelivery.objects.select_related("endpoint").get(pk=pk)


def _failed(delivery: WebhookDelivery, why: str, *, at: datetime) -> bool:
    fields = {"answer": why[:200], "leased_until": None}
    if delivery.tries >= MOST_TRIES:
        WebhookDelivery.objects.filter(pk=delivery.pk).update(state=State.DEAD, next_try_at=None, **fields)
    else:
        WebhookDelivery.objects.filter(pk=delivery.pk).update(next_try_at=at + pause_after(delivery.tries), **fields)
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id, failing_since=None).update(failing_since=at)
    tired = WebhookEndpoint.objects.filter(
        pk=delivery.endpoint_id, disabled_at=None, failing_since__lte=at - GIVES_UP_AFTER
    ).first()
    if tired is not None:
        disable(endpoint=tired, reason=f"连续 {GIVES_UP_AFTER.days} 天没有送达（{why}）", at=at)
    return False
