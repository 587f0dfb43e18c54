"""Holds that ran out: the provider is asked once more, then the goods go back."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q

from campaigns import plays_registry
from campaigns.errors import WrongAmount
from campaigns.models import Order, Payment
from campaigns.payments.provider import PaymentProvider, ProviderRefused, ProviderUnavailable
from campaigns.services.ending import end_order
from campaigns.services.paying import settle_paid
from campaigns.services.refusals import note_refusal

log = structlog.get_logger(__name__)


def due_orders(*, at: datetime, limit: int) -> list[int]:
    """Reserved orders whose time is over, the oldest first."""
    due = Order.objects.filter(state=Order.State.RESERVED, held_until__lte=at).order_by("held_until", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def lapse_order(*, order_id: int, providers: Mapping[str, PaymentProvider], at: datetime) -> bool:
    """Let an overdue reservation go, unless the provider knows of a payment whose notice was lost.

    Money that still comes is revived or refunded as a late payment. Returns whether it lapsed.
    """
    for payment in Payment.objects.filter(order=order_id, state=Payment.State.OPEN).order_by("pk"):
        _ask(payment, providers, at)
    return _lapse(order_id, at)


@transaction.atomic
def _lapse(order_id: int, at: datetime) -> bool:
    due = Order.objects.select_for_update(of=("self",), skip_locked=True).select_related("campaign")
    order = due.filter(pk=order_id, state=Order.State.RESERVED, held_until__lte=at, paid_fen=0).first()
    if order is None:
        return False
    plays_registry.rules_of(order.campaign).on_lapsed(order, at=at)
    end_order(order=order, state=Order.State.LAPSED, reason="超时未付款", cause="lapsed", at=at)
    return True


def _ask(payment: Payment, providers: Mapping[str, PaymentProvider], at: datetime) -> None:
    provider = providers.get(payment.provider)
    if provider is None:
        return
    try:
        found = provider.look_up(payment)
    except (ProviderUnavailable, ProviderRefused) as fault:
        log.warning("payment_not_looked_up", payment=payment.trade_no, fault=str(fault))
        return
    if found is None:
        return
    try:
        settle_paid(
            payment=payment, provider_no=found.provider_no, amount_fen=found.amount_fen, paid_at=found.paid_at, at=at
        )
    except WrongAmount as wrong:
        note_refusal(
            action="campaign.notice_wrong_amount", target=f"payment:{payment.trade_no}", at=at,
            detail={"provider": payment.provider, "reason": str(wrong)},
        )  # fmt: skip


def forlorn_payments(*, limit: int) -> list[int]:
    """Payments still open at their provider whose order wants no money any more, the oldest first."""
    wanted = Q(order__state=Order.State.RESERVED, order__paid_fen=0)
    rows = Payment.objects.filter(~wanted, state=Payment.State.OPEN).order_by("made_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def close_payment(*, payment_id: int, providers: Mapping[str, PaymentProvider], at: datetime) -> bool:
    """Have the provider take no more money for an order that ended; what it took unheard is settled (and goes back).

    Only a payment the provider has closed counts as closed: a notice lost around a cancel strands nothing. Returns
    whether it is closed; if not, the next sweep asks again.
    """
    payment = Payment.objects.get(pk=payment_id)
    _ask(payment, providers, at)
    provider = providers.get(payment.provider)
    if provider is None:
        return False
    try:
        provider.close(payment)
    except (ProviderUnavailable, ProviderRefused) as fault:  # paid meanwhile, or no answer
        log.warning("payment_not_closed", payment=payment.trade_no, fault=str(fault))
        return False
    still_open = Payment.objects.filter(pk=payment.pk, state=Payment.State.OPEN)
    return bool(still_open.update(state=Payment.State.CLOSED))
