"""Holds that ran out: the provider is asked once more, then the goods go back."""

from datetime import datetime

import structlog
from django.db import transaction

from campaigns import plays_registry
from campaigns.models import Order, Payment
from campaigns.payments.provider import PaymentProvider, ProviderRefused, ProviderUnavailable
from campaigns.services.ending import end_order
from campaigns.services.paying import settle_paid

log = structlog.get_logger(__name__)


def due_orders(*, at: datetime, limit: int) -> list[int]:
    """Reserved orders whose time is over, the oldest first."""
    due = Order.objects.filter(state=Order.State.RESERVED, held_until__lte=at).order_by("held_until", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def lapse_order(*, order_id: int, providers: dict[str, PaymentProvider], at: datetime) -> bool:
    """Let an overdue reservation go, unless the provider knows of a payment whose notice was lost.

    What the provider takes from now on is refunded or revived as a late payment. Returns whether it lapsed.
    """
    payments = list(Payment.objects.filter(order=order_id, state=Payment.State.OPEN).order_by("pk"))
    for payment in payments:
        _ask(payment, providers, at)
    if not _lapse(order_id, at):
        return False
    for payment in payments:
        _close(payment, providers)
    return True


@transaction.atomic
def _lapse(order_id: int, at: datetime) -> bool:
    due = Order.objects.select_for_update(of=("self",), skip_locked=True).select_related("campaign")
    order = due.filter(pk=order_id, state=Order.State.RESERVED, held_until__lte=at, paid_fen=0).first()
    if order is None:
        return False
    plays_registry.rules_of(order.campaign).on_lapsed(order, at=at)
    end_order(order=order, state=Order.State.LAPSED, reason="超时未付款", cause="lapsed", at=at)
    return True


def _ask(payment: Payment, providers: dict[str, PaymentProvider], at: datetime) -> None:
    provider = providers.get(payment.provider)
    if provider is None:
        return
    try:
        found = provider.look_up(payment)
    except (ProviderUnavailable, ProviderRefused) as fault:
        log.warning("payment_not_looked_up", payment=payment.trade_no, fault=str(fault))
        return
    if found is not None:
        settle_paid(
            payment=payment, provider_no=found.provider_no, amount_fen=found.amount_fen, paid_at=found.paid_at, at=at
        )  # fmt: skip


def _close(payment: Payment, providers: dict[str, PaymentProvider]) -> None:
    provider = providers.get(payment.provider)
    if provider is None:
        return
    try:
        provider.close(payment)
    except (ProviderUnavailable, ProviderRefused) as fault:  # money that still comes is settled as late
        log.warning("payment_not_closed", payment=payment.trade_no, fault=str(fault))
