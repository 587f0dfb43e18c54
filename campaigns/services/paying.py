"""Being paid: opening a payment at the provider, and settling it once the provider says the money came."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db import transaction

from campaigns import plays_registry
from campaigns.errors import OrderRefusal, WrongAmount
from campaigns.models import LedgerEntry, Order, Payment
from campaigns.payments.provider import PaymentProvider, Prepared
from campaigns.plays_registry import Verdict
from campaigns.selectors.claims import takes_at
from campaigns.services import goods, refunding
from campaigns.services.confirming import confirm
from campaigns.services.ending import end_order
from campaigns.services.telling import tell_order


class Outcome(Enum):
    """What became of money that came in."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"  # the play lets the order wait (for a team)
    REFUNDED = "refunded"  # no goods or no place for it: on its way back
    DUPLICATE = "duplicate"  # told before


@dataclass(frozen=True, slots=True)
class Started:
    """A payment opened, and what the member's page needs to pay it."""

    payment: Payment
    prepared: Prepared


def start_payment(*, order: Order, provider: PaymentProvider, at: datetime, openid: str = "") -> Started:
    """Open a payment of an order's whole sum; asked again while it is open, the same one.

    The row is committed before the provider hears of it, so its notice can never be a stranger's.

    :raises OrderRefusal: there is nothing (more) to pay here
    :raises ProviderUnavailable: try again
    :raises ProviderRefused: the provider will not
    """
    payment, locked = _open_payment(order, provider, at)
    if locked.held_until is None:
        raise OrderRefusal("这个订单不用付款了")
    prepared = provider.prepare(
        payment, description=f"{locked.store.name} {locked.campaign.title}", openid=openid,
        expires_at=locked.held_until,
    )  # fmt: skip
    return Started(payment, prepared)


@transaction.atomic
def _open_payment(order: Order, provider: PaymentProvider, at: datetime) -> tuple[Payment, Order]:
    locked = Order.objects.select_for_update(of=("self",)).select_related("campaign", "store").get(pk=order.pk)
    if locked.state != Order.State.RESERVED or locked.paid_fen:
        raise OrderRefusal("这个订单不用付款了" if locked.paid_fen else f"订单{locked.get_state_display()}，不能付款")
    if locked.settling != Order.Settling.ONLINE:
        raise OrderRefusal("这个订单到店付款")
    if locked.held_until is None or locked.held_until <= at:
        raise OrderRefusal("保留时间已过，请重新下单")
    if locked.campaign.killed_at is not None:
        raise OrderRefusal("活动已停止")
    opened = Payment.objects.filter(order=locked, provider=provider.key, state=Payment.State.OPEN).first()
    payment = opened or Payment.objects.create(
        order=locked, provider=provider.key, trade_no=f"P{secrets.token_hex(12)}", amount_fen=locked.total_fen,
        made_at=at,
    )  # fmt: skip
    return payment, locked


@transaction.atomic
def settle_paid(*, payment: Payment, provider_no: str, amount_fen: int, paid_at: datetime, at: datetime) -> Outcome:
    """Book money that came in and decide, under the order's lock, what it buys; told twice, it is booked once.

    A hold that ran out but was not swept yet still counts. After a release the goods are taken again if they are
    there, else the money goes back by itself; so does money for an order cancelled, stopped or already paid.

    :raises WrongAmount: not what was asked for; nothing is booked
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=payment.order_id)
    locked = Payment.objects.select_for_update().get(pk=payment.pk)
    if locked.state == Payment.State.PAID:
        return Outcome.DUPLICATE
    if amount_fen != locked.amount_fen:
        raise WrongAmount(f"应付 {locked.amount_fen} 分，通知为 {amount_fen} 分")
    locked.state, locked.paid_at, locked.provider_no = Payment.State.PAID, paid_at, provider_no
    locked.save(update_fields=["state", "paid_at", "provider_no"])
    LedgerEntry.objects.create(
        order=order, kind=LedgerEntry.Kind.PAID, payment=locked, amount_fen=amount_fen, at=paid_at
    )  # fmt: skip
    paid_before = order.paid_fen
    order.paid_fen += amount_fen
    order.save(update_fields=["paid_fen"])
    tell_order(event="order.paid", order=order, amount_fen=amount_fen, at=paid_at)
    refusal = _refusal(order, paid_before, at)
    if refusal is not None:
        cause, reason = refusal
        refunding.refund_rest(payment=locked, cause=cause, reason=reason, at=at)
        if order.state == Order.State.RESERVED and not paid_before:
            # Stopped: the play gives up its part too, a seat or a first order, as with any cancel.
            plays_registry.rules_of(order.campaign).on_cancelled(order, at=at)
            end_order(order=order, state=Order.State.CANCELLED, reason=reason, cause=cause, at=at)
        return Outcome.REFUNDED
    if order.state == Order.State.LAPSED:
        return _revive(order, locked, at)
    return _accept(order, at)


def _refusal(order: Order, paid_before: int, at: datetime) -> tuple[str, str] | None:
    """Why the money buys nothing, as cause and reason."""
    if paid_before:
        return "twice", "重复支付"
    if order.campaign.killed_at is not None:
        return "killed", "活动已停止"
    if order.state == Order.State.RESERVED or (order.state == Order.State.LAPSED and takes_at(order.campaign, at)):
        return None
    return ("late", "付款超时，活动已截单") if order.state == Order.State.LAPSED else ("ended", "订单已结束")


class _TooLate(Exception):
    """The goods or the seat of a lapsed order are somebody else's by now."""


def _revive(order: Order, payment: Payment, at: datetime) -> Outcome:
    """Money for an order that had lapsed: its seat first, then its goods, both or neither; else the money goes back."""
    try:
        with transaction.atomic():
            Order.objects.filter(pk=order.pk).update(state=Order.State.RESERVED, ended_at=None, end_reason="")
            order.state = Order.State.RESERVED
            return _carry_out(order, _regain(order, at), at)
    except _TooLate:
        order.state = Order.State.LAPSED
        refunding.refund_rest(payment=payment, cause="late", reason="付款超时，商品已被别人买走", at=at)
        return Outcome.REFUNDED


def _regain(order: Order, at: datetime) -> Verdict:
    verdict = plays_registry.rules_of(order.campaign).on_paid(order, at=at)
    if verdict is Verdict.REFUND or not goods.retake(order=order):
        raise _TooLate
    return verdict


def _accept(order: Order, at: datetime) -> Outcome:
    verdict = plays_registry.rules_of(order.campaign).on_paid(order, at=at)
    if verdict is Verdict.REFUND:
        end_order(order=order, state=Order.State.CANCELLED, reason="名额已满", cause="no_place", at=at)
        return Outcome.REFUNDED
    return _carry_out(order, verdict, at)


def _carry_out(order: Order, verdict: Verdict, at: datetime) -> Outcome:
    if verdict is Verdict.CONFIRM:
        confirm(order=order, at=at)
        return Outcome.CONFIRMED
    order.held_until = None
    order.save(update_fields=["held_until"])
    return Outcome.WAITING
