"""Sending refunds: rows that are leased, sent under their one key, and marked; a worker that dies loses nothing."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q

from campaigns.models import LedgerEntry, Order, OrderLine, Refund
from campaigns.payments.provider import PaymentProvider, ProviderRefused, ProviderUnavailable, RefundAnswer
from campaigns.selectors.money import ALARM_AFTER
from campaigns.services.facts import record_money_back
from campaigns.services.telling import tell_order

_LEASE = timedelta(minutes=2)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)
MOST_TRIES = 30  # about five days of pauses; then a person must look

log = structlog.get_logger(__name__)


def due_refunds(*, at: datetime, limit: int) -> list[int]:
    """Keys of refunds to drive now, the longest waiting first."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    open_states = (Refund.State.PENDING, Refund.State.SENT)
    rows = Refund.objects.filter(free, state__in=open_states, next_try_at__lte=at).order_by("next_try_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def drive_refund(*, refund_id: int, provider: PaymentProvider, at: datetime) -> Refund:
    """Ask the provider once more to give this money back, and book it when it has.

    The provider is asked outside of any transaction and knows the refund by its key: a worker killed after asking
    and before marking leaves a lease that runs out, and the next one asks for the same refund, not for another.
    """
    refund = _lease(refund_id, at)
    if refund is None:
        return Refund.objects.get(pk=refund_id)
    try:
        answer = provider.refund(refund)
    except ProviderUnavailable as fault:
        return _again(refund, str(fault), at)
    except ProviderRefused as no:
        return _stuck(refund, str(no), at)
    return _mark(refund, answer, at)


def _lease(refund_id: int, at: datetime) -> Refund | None:
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    mine = Refund.objects.filter(free, pk=refund_id, state__in=(Refund.State.PENDING, Refund.State.SENT))
    if not mine.update(leased_until=at + _LEASE, tries=F("tries") + 1):
        return None
    return Refund.objects.select_related("payment").get(pk=refund_id)


def _mark(refund: Refund, answer: RefundAnswer, at: datetime) -> Refund:
    if answer.done_at is not None:
        return book_refund(refund=refund, provider_no=answer.provider_no, done_at=answer.done_at)
    open_states = (Refund.State.PENDING, Refund.State.SENT)
    Refund.objects.filter(pk=refund.pk, state__in=open_states).update(
        state=Refund.State.SENT, provider_no=answer.provider_no, leased_until=None, error="",
        next_try_at=at + pause_after(refund.tries),
    )  # fmt: skip
    refund.refresh_from_db()
    return refund


@transaction.atomic
def book_refund(*, refund: Refund, provider_no: str, done_at: datetime) -> Refund:
    """Write that the money is back: the refund, the ledger, the order's sum, and the negative purchase fact."""
    payment = refund.payment
    order = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=payment.order_id)
    locked = Refund.objects.select_for_update(of=("self",)).select_related("payment").get(pk=refund.pk)
    if locked.state == Refund.State.DONE:
        return locked
    locked.state, locked.done_at, locked.provider_no = Refund.State.DONE, done_at, provider_no
    locked.leased_until, locked.error = None, ""
    locked.save(update_fields=["state", "done_at", "provider_no", "leased_until", "error"])
    LedgerEntry.objects.create(
        order=order, kind=LedgerEntry.Kind.REFUNDED, payment=payment, refund=locked, amount_fen=-locked.amount_fen,
        at=done_at,
    )  # fmt: skip
    Order.objects.filter(pk=order.pk).update(refunded_fen=F("refunded_fen") + locked.amount_fen)
    tell_order(event="order.refunded", order=order, amount_fen=locked.amount_fen, at=done_at)
    if order.fulfilled_at is not None:
        lines = OrderLine.objects.filter(order=order).select_related("stock__item").order_by("pk")
        record_money_back(order=order, lines=list(lines), refund=locked)
    return locked


def take_word(*, provider: str, key: str, provider_no: str, amount_fen: int, done_at: datetime) -> bool:
    """The provider tells that a refund is done. False where no such refund is ours."""
    refund = Refund.objects.select_related("payment").filter(payment__provider=provider, key=key).first()
    if refund is None or refund.amount_fen != amount_fen:
        return False
    book_refund(refund=refund, provider_no=provider_no, done_at=done_at)
    return True


def take_no(*, provider: str, key: str, reason: str, at: datetime) -> bool:
    """The provider tells that it could not give the money back. False where no such refund is ours."""
    refund = Refund.objects.filter(payment__provider=provider, key=key).first()
    if refund is None:
        return False
    _stuck(refund, reason, at)
    return True


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries: doubling from a minute to six hours."""
    return min(_FIRST_PAUSE * float(2 ** min(tries, 16)), _LONGEST_PAUSE)


def _again(refund: Refund, fault: str, at: datetime) -> Refund:
    if refund.tries >= MOST_TRIES:
        return _stuck(refund, fault, at)
    if refund.tries >= ALARM_AFTER:
        log.error("refund_delayed", refund=refund.key, tries=refund.tries, fault=fault)
    Refund.objects.filter(pk=refund.pk).update(
        leased_until=None, error=fault[:200], next_try_at=at + pause_after(refund.tries)
    )
    refund.refresh_from_db()
    return refund


def _stuck(refund: Refund, reason: str, at: datetime) -> Refund:
    log.error("refund_stuck", refund=refund.key, tries=refund.tries, reason=reason, at=at.isoformat())
    Refund.objects.filter(pk=refund.pk).exclude(state=Refund.State.DONE).update(
        state=Refund.State.STUCK, leased_until=None, error=reason[:200], next_try_at=None
    )
    refund.refresh_from_db()
    return refund
