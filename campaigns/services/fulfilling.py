"""After the campaign: handing over, completing, not fetched, and what is returned."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from campaigns import plays_registry
from campaigns.errors import OrderRefusal
from campaigns.models import LedgerEntry, Order, Payment, Refund
from campaigns.services import facts, refunding
from campaigns.services.ending import end_order
from campaigns.services.refusals import note_refusal
from campaigns.services.telling import tell_order
from stores.models import Staff, Store
from stores.services.auditing import audit

COMPLAINTS = timedelta(days=7)  # complaints are taken for so long; then the order is complete
GRACE = timedelta(days=1)  # goods not fetched are kept for so long after the last hour of pick-up
_CODE_LENGTH = 4


def find_due(*, store: Store, said: str) -> Order:
    """The order of this store that four digits or a scanned code name, waiting to be handed over.

    :raises OrderRefusal: there is none; what became of it is said where it is known
    """
    rows = Order.objects.select_related("campaign", "member", "store").filter(store=store)
    said = said.strip()
    if len(said) == _CODE_LENGTH and said.isascii() and said.isdigit():
        found = rows.filter(pickup_code=said, state=Order.State.CONFIRMED).first()
        if found is None:
            raise OrderRefusal("没有这个取货码，请核对四位数字，或扫会员的二维码")
        return found
    found = rows.filter(token=said).first() if said else None
    if found is None:
        raise OrderRefusal("这家店没有这个订单")
    if found.state != Order.State.CONFIRMED:
        raise OrderRefusal(f"订单{found.get_state_display()}，不能取货")
    return found


def redeem(*, store: Store, staff: Staff, said: str, at: datetime) -> Order:
    """Hand over what four digits or a scanned code name; money due at the shop is booked as received.

    Repeated with the scanned code it is refused as handed over, so one order is never given out twice.

    :raises OrderRefusal: nothing of this store waits under it; attempts with a code of another store are audited
    """
    try:
        order = find_due(store=store, said=said)
    except OrderRefusal:
        elsewhere = Order.objects.filter(token=said.strip()).exclude(store=store).first()
        if elsewhere is not None:
            note_refusal(
                action="campaign.other_stores_order", target=f"order:{elsewhere.pk}", store=store, actor=staff, at=at
            )
        raise
    return hand_over(order=order, staff=staff, at=at)


@transaction.atomic
def hand_over(*, order: Order, staff: Staff | None, at: datetime) -> Order:
    """Confirmed becomes fulfilled, and the sale a purchase fact. :raises OrderRefusal: it is not waiting"""
    locked = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=order.pk)
    if locked.state != Order.State.CONFIRMED:
        raise OrderRefusal(f"订单{locked.get_state_display()}，不能取货")
    if locked.settling == Order.Settling.SHOP and not locked.paid_fen and locked.total_fen:
        _book_shop_payment(locked, at)
        tell_order(event="order.paid", order=locked, amount_fen=locked.paid_fen, at=at)
    locked.state, locked.fulfilled_at, locked.fulfilled_by = Order.State.FULFILLED, at, staff
    locked.save(update_fields=["state", "fulfilled_at", "fulfilled_by", "paid_fen"])
    facts.record_sale(order=locked, lines=list(locked.lines.select_related("stock__item").order_by("pk")))
    tell_order(event="order.redeemed", order=locked, amount_fen=locked.paid_fen, at=at)
    return locked


def _book_shop_payment(order: Order, at: datetime) -> None:
    payment = Payment.objects.create(
        order=order, provider="shop", trade_no=f"P{secrets.token_hex(12)}", amount_fen=order.total_fen,
        state=Payment.State.PAID, made_at=at, paid_at=at,
    )  # fmt: skip
    LedgerEntry.objects.create(
        order=order, kind=LedgerEntry.Kind.PAID, payment=payment, amount_fen=order.total_fen, at=at
    )  # fmt: skip
    order.paid_fen = order.total_fen


def due_to_complete(*, at: datetime, limit: int) -> list[int]:
    """Orders handed over long enough ago."""
    due = Order.objects.filter(state=Order.State.FULFILLED, fulfilled_at__lte=at - COMPLAINTS)
    return list(due.order_by("fulfilled_at", "pk").values_list("pk", flat=True)[:limit])


@transaction.atomic
def complete_order(*, order_id: int, at: datetime) -> bool:
    """The time for complaints has passed: fulfilled becomes completed. Whether it did now."""
    due = Order.objects.select_for_update(of=("self",), skip_locked=True).select_related("campaign")
    order = due.filter(pk=order_id, state=Order.State.FULFILLED, fulfilled_at__lte=at - COMPLAINTS).first()
    if order is None:
        return False
    order.state, order.completed_at = Order.State.COMPLETED, at
    order.save(update_fields=["state", "completed_at"])
    plays_registry.rules_of(order.campaign).on_completed(order, at=at)
    return True


def never_fetched(*, at: datetime, limit: int) -> list[int]:
    """Confirmed orders whose last hour of pick-up is a day past."""
    due = Order.objects.filter(
        state=Order.State.CONFIRMED, fulfilment=Order.Fulfilment.PICKUP, campaign__pickup_until__lte=at - GRACE
    )
    return list(due.order_by("pk").values_list("pk", flat=True)[:limit])


@transaction.atomic
def no_show(*, order_id: int, at: datetime) -> bool:
    """Not fetched in time: the order ends, and what was paid goes back by itself, so no yuan is stranded."""
    due = Order.objects.select_for_update(of=("self",), skip_locked=True).select_related("campaign")
    order = due.filter(pk=order_id, state=Order.State.CONFIRMED, campaign__pickup_until__lte=at - GRACE).first()
    if order is None:
        return False
    plays_registry.rules_of(order.campaign).on_cancelled(order, at=at)
    end_order(order=order, state=Order.State.NO_SHOW, reason="过期未取，已退款", cause="no_show", at=at)
    return True


@transaction.atomic
def after_sale(*, order: Order, staff: Staff, amount_fen: int, reason: str, at: datetime) -> list[Refund]:
    """Give money back for goods handed over: all of it returns the order, less of it leaves it standing. Audited.

    :raises OrderRefusal: nothing was handed over, or more than is left of what was paid
    """
    locked = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=order.pk)
    if locked.state not in {Order.State.FULFILLED, Order.State.COMPLETED}:
        raise OrderRefusal(f"订单{locked.get_state_display()}，没有可退的商品")
    payments = list(
        Payment.objects.select_for_update().filter(order=locked, state=Payment.State.PAID).order_by("pk")
    )  # fmt: skip
    left = {payment.pk: refunding.left_of(payment) for payment in payments}
    if not 0 < amount_fen <= sum(left.values()):
        raise OrderRefusal(f"最多可退 {sum(left.values()) / 100:.2f} 元")
    refunds, rest = [], amount_fen
    for payment in payments:
        share = min(rest, left[payment.pk])
        if share:
            cause = f"{facts.AFTER_SALE}:{payment.refunds.count() + 1}"
            refunds.append(
                refunding.decide_refund(payment=payment, amount_fen=share, cause=cause, reason=reason, at=at)
            )
            rest -= share
    if amount_fen == sum(left.values()):
        locked.state, locked.ended_at, locked.end_reason = Order.State.RETURNED, at, reason[:64]
        locked.save(update_fields=["state", "ended_at", "end_reason"])
    plays_registry.rules_of(locked.campaign).on_returned(locked, at=at)
    audit(
        actor=staff, action="campaign.after_sale", target=f"order:{locked.pk}", store=locked.store, at=at,
        detail={"amount_fen": amount_fen, "reason": reason},
    )  # fmt: skip
    return refunds
