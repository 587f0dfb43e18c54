"""Deciding that money goes back. Sending it is the outbox's work (`services.refund_outbox`), never done here."""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from campaigns.errors import RefundTooLarge
from campaigns.models import Payment, Refund


@transaction.atomic
def decide_refund(*, payment: Payment, amount_fen: int, cause: str, reason: str, at: datetime) -> Refund:
    """Promise money back; the same cause decided twice is one refund. Runs inside the deciding transaction.

    `cause` is short and names the event ("cancelled", "team:12"); `reason` is what the member reads.

    :raises RefundTooLarge: nothing was paid, or less is left of it than this, whatever was promised before included
    """
    locked = Payment.objects.select_for_update().get(pk=payment.pk)
    decided = Refund.objects.filter(payment=locked, cause=cause).first()
    if decided is not None:
        return decided
    if locked.state != Payment.State.PAID or not 0 < amount_fen <= left_of(locked):
        raise RefundTooLarge("可退金额不足")
    return Refund.objects.create(
        payment=locked, key=f"R{secrets.token_hex(12)}", cause=cause, reason=reason[:100], amount_fen=amount_fen,
        decided_at=at, next_try_at=at,
    )  # fmt: skip


def left_of(payment: Payment) -> int:
    """What was paid and has not been promised back, in fen."""
    promised = payment.refunds.aggregate(sum=Sum("amount_fen"))["sum"] or 0
    return payment.amount_fen - int(promised) if payment.state == Payment.State.PAID else 0


def refund_rest(*, payment: Payment, cause: str, reason: str, at: datetime) -> Refund | None:
    """Promise back whatever is left of a payment; None where that is nothing."""
    left = left_of(payment)
    if not left:
        return None
    return decide_refund(payment=payment, amount_fen=left, cause=cause, reason=reason, at=at)
