"""Where to tell: endpoints of HQ, made, tried, switched off and on again; the secret is shown once."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from stores.models import Staff, WebhookDelivery, WebhookEndpoint
from stores.sealing import encrypt
from stores.services.auditing import audit
from stores.services.webhooks.emitting import EVENTS, TEST, nudge
from wecom.fetching import FetchRefused, check_postable
from wecom.services.alerts import clear_alerts, raise_alert

ALERT = "webhook_disabled"
KEPT = timedelta(days=30)
_PREFIX = "whsec_"
State = WebhookDelivery.State


class EndpointRefused(ValueError):
    """The address or the events are not acceptable; the message says why, in Chinese."""


@transaction.atomic
def add_endpoint(
    *, owner: Staff, name: str, url: str, events: Iterable[str], at: datetime
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is shown only now.

    :raises EndpointRefused: not HQ, no public https address, or an event that does not exist
    """
    wanted = sorted(set(events))
    if not owner.is_hq:
        raise EndpointRefused("推送由总部设置")
    if not wanted or not set(wanted) <= EVENTS.keys():
        raise EndpointRefused("请选择要推送的事件")
    try:
        check_postable(url, trusted=settings.WEBHOOK_TRUSTED_ORIGINS)
    except FetchRefused as refused:
        raise EndpointRefused(str(refused)) from None
    secret = _PREFIX + secrets.token_urlsafe(32)
    endpoint = WebhookEndpoint.objects.create(
        owner=owner, name=name, url=url, events=wanted, secret_encrypted=encrypt(secret), created_at=at
    )
    audit(
        actor=owner, action="webhook.created", at=at, target=f"webhook:{endpoint.pk}",
        detail={"name": name, "url": url, "events": wanted},
    )  # fmt: skip
    return endpoint, secret


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, by: Staff, at: datetime) -> WebhookDelivery:
    """Put a test on its way; the receiver may acknowledge it over the API.

    :raises EndpointRefused: the endpoint is switched off
    """
    if endpoint.disabled_at is not None:
        raise EndpointRefused("这个推送已停用，请先恢复")
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event=TEST, data={"message": "店圈推送测试"}, happened_at=at, next_try_at=at
    )
    audit(actor=by, action="webhook.tested", at=at, target=f"webhook:{endpoint.pk}")
    nudge()
    return delivery


def acknowledge_test(*, delivery: WebhookDelivery, at: datetime) -> bool:
    """The receiver says a test arrived; False where it had said so before."""
    unsaid = WebhookDelivery.objects.filter(pk=delivery.pk, event=TEST, acknowledged_at=None)
    return bool(unsaid.update(acknowledged_at=at))


@transaction.atomic
def disable(*, endpoint: WebhookEndpoint, reason: str, at: datetime, by: Staff | None = None) -> bool:
    """Switch an endpoint off: nothing new is left for it, and what waits stays. False where it was off before.

    By nobody means that it failed for too long, which raises an alert.
    """
    live = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    if not live.update(disabled_at=at, disabled_reason=reason[:100]):
        return False
    audit(actor=by, action="webhook.disabled", at=at, target=f"webhook:{endpoint.pk}", detail={"reason": reason})
    if by is None:
        raise_alert(kind=ALERT, subject=str(endpoint.pk), message=f"推送「{endpoint.name}」已停用：{reason}", at=at)
    return True


@transaction.atomic
def enable(*, endpoint: WebhookEndpoint, by: Staff, at: datetime) -> bool:
    """Switch it on again; what waited goes out now. False where it was on."""
    off = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=False)
    if not off.update(disabled_at=None, disabled_reason="", failing_since=None):
        return False
    WebhookDelivery.objects.filter(endpoint=endpoint, state=State.PENDING).update(next_try_at=at)
    clear_alerts(kind=ALERT, subject=str(endpoint.pk), at=at)
    audit(actor=by, action="webhook.enabled", at=at, target=f"webhook:{endpoint.pk}")
    nudge()
    return True


@transaction.atomic
def replay(*, endpoint: WebhookEndpoint, by: Staff, at: datetime, delivery_id: int | None = None) -> int:
    """Give one dead letter of an endpoint, or all, a fresh start under its old number. Returns how many."""
    dead = WebhookDelivery.objects.filter(endpoint=endpoint, state=State.DEAD)
    if delivery_id is not None:
        dead = dead.filter(pk=delivery_id)
    count = dead.update(state=State.PENDING, tries=0, next_try_at=at, leased_until=None)
    if count:
        audit(
            actor=by, action="webhook.replayed", at=at, target=f"webhook:{endpoint.pk}", detail={"deliveries": count}
        )  # fmt: skip
        nudge()
    return count


def forget_delivered(*, at: datetime) -> int:
    """Delete what was delivered a month ago. Returns how many."""
    return WebhookDelivery.objects.filter(state=State.DONE, done_at__lte=at - KEPT).delete()[0]
