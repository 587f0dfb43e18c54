"""Celery entries of the campaigns: sweeps over rows, each minute. Timers are rows; a beat that slept catches up."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

import structlog
from celery import shared_task
from django.utils import timezone

_SWEPT = 2_000

log = structlog.get_logger(__name__)


def _each(name: str, keys: Iterable[int], work: Callable[[int], object]) -> None:
    """One by one: an order that fails holds up no other, and is tried again by the next sweep."""
    for key in keys:
        try:
            work(key)
        except Exception:  # see above: logged with its traceback, and met again by the next sweep
            log.exception("sweep_failed", sweep=name, key=key)


@shared_task(name="campaigns.start_and_end", ignore_result=True)
def start_and_end() -> None:
    from campaigns.services.clockwork import start_and_end_campaigns

    start_and_end_campaigns(at=timezone.now())


@shared_task(name="campaigns.fast_clear_stopped", ignore_result=True)
def fast_clear_stopped(campaign_id: int | None = None) -> None:
    """What a campaign killed just now leaves behind; by the minute, of all of them."""
    from campaigns.services import stopping

    known = stopping.stopped_campaigns(limit=_SWEPT) if campaign_id is None else [campaign_id]
    _each("stopped", known, lambda key: stopping.clear_stopped(campaign_id=key, at=timezone.now()))


@shared_task(name="campaigns.fast_lapse_due", ignore_result=True)
def fast_lapse_due() -> None:
    """Reservations overdue, payments nobody wants any more, and goods free while somebody waits for them."""
    from campaigns.payments.registry import providers
    from campaigns.selectors.claims import stocks_to_offer
    from campaigns.services import lapsing, waiting

    known = dict(providers())
    _each(
        "lapse",
        lapsing.due_orders(at=timezone.now(), limit=_SWEPT),
        lambda key: lapsing.lapse_order(order_id=key, providers=known, at=timezone.now()),
    )
    _each(
        "close",
        lapsing.forlorn_payments(limit=_SWEPT),
        lambda key: lapsing.close_payment(payment_id=key, providers=known, at=timezone.now()),
    )
    _each(
        "offer",
        stocks_to_offer(limit=_SWEPT),
        lambda key: waiting.offer_freed(stock_id=key, at=timezone.now()),
    )


@shared_task(name="campaigns.drive_refunds", ignore_result=True)
def drive_refunds() -> None:
    from campaigns.models import Refund
    from campaigns.payments.registry import provider_named
    from campaigns.services import refund_outbox

    def drive(key: int) -> None:
        name = Refund.objects.values_list("payment__provider", flat=True).get(pk=key)
        refund_outbox.drive_refund(refund_id=key, provider=provider_named(name), at=timezone.now())

    _each("refund", refund_outbox.due_refunds(at=timezone.now(), limit=_SWEPT), drive)


@shared_task(name="campaigns.fast_handle_notices", ignore_result=True)
def fast_handle_notices() -> None:
    """Notices kept and not acted upon: their row was not there yet, or the worker died."""
    from campaigns.models import PaymentNotice
    from campaigns.services.notices import handle_notice

    waiting = PaymentNotice.objects.filter(handled_at=None).order_by("received_at")
    _each(
        "notice",
        waiting.values_list("pk", flat=True)[:_SWEPT],
        lambda key: handle_notice(kept=PaymentNotice.objects.get(pk=key), at=timezone.now()),
    )


@shared_task(name="campaigns.complete_due", ignore_result=True)
def complete_due() -> None:
    """Orders whose time for complaints is over, and those nobody fetched."""
    from campaigns.services import fulfilling

    at = timezone.now()
    _each(
        "complete",
        fulfilling.due_to_complete(at=at, limit=_SWEPT),
        lambda key: fulfilling.complete_order(order_id=key, at=timezone.now()),
    )
    _each(
        "no_show",
        fulfilling.never_fetched(at=at, limit=_SWEPT),
        lambda key: fulfilling.no_show(order_id=key, at=timezone.now()),
    )


@shared_task(name="campaigns.bulk_reconcile_bills", ignore_result=True)
def bulk_reconcile_bills(day: str | None = None) -> None:
    """Each morning: yesterday's ledger beside the bill of every provider."""
    from campaigns.payments.registry import providers
    from campaigns.services.reconciling import reconcile_bill

    compared = date.fromisoformat(day) if day else timezone.localdate() - timedelta(days=1)
    for provider in providers().values():
        try:
            reconcile_bill(provider=provider, day=compared, at=timezone.now())
        except Exception:  # one provider's bill holds up no other's; it is logged, and can be fetched again by day
            log.exception("bill_not_reconciled", provider=provider.key, day=compared.isoformat())
