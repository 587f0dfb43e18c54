"""Cancelling: by the member until the cut-off, by the house until hand-over."""

from datetime import datetime

from django.db import transaction

from campaigns import plays_registry
from campaigns.errors import OrderRefusal
from campaigns.models import Order
from campaigns.services.ending import end_order
from campaigns.services.refusals import note_refusal
from members.models import Member
from stores.models import Staff
from stores.services.auditing import audit

_CANCELLABLE = {Order.State.RESERVED, Order.State.CONFIRMED}


def cancel_by_member(*, order: Order, member: Member, at: datetime) -> Order:
    """The member takes it back, free of charge until the cut-off; what she paid is promised back in full.

    :raises OrderRefusal: not hers, past the cut-off, or no longer to be cancelled
    """
    if order.member_id != member.pk:
        note_refusal(
            action="campaign.other_members_order", target=f"order:{order.pk}", store=order.store, at=at,
            detail={"member": member.pk, "asked": "cancel"},
        )  # fmt: skip
        raise OrderRefusal("没有这个订单")
    if order.state == Order.State.CONFIRMED and at >= order.campaign.ends_at:
        raise OrderRefusal("已经截单备货，不能自己取消了，请联系门店")
    return cancel_order(order=order, reason="会员取消", cause="cancelled", at=at)


def cancel_by_staff(*, order: Order, staff: Staff, reason: str, at: datetime) -> Order:
    """The house takes it back, with a reason the member reads; audited. :raises OrderRefusal:"""
    cancelled = cancel_order(order=order, reason=reason, cause="cancelled", at=at)
    audit(
        actor=staff, action="campaign.order_cancelled", target=f"order:{order.pk}", store=order.store, at=at,
        detail={"reason": reason},
    )  # fmt: skip
    return cancelled


@transaction.atomic
def cancel_order(*, order: Order, reason: str, cause: str, at: datetime) -> Order:
    """End an order before hand-over and promise back all that was paid; repeated, it changes nothing.

    :raises OrderRefusal: it was handed over or ended otherwise
    """
    locked = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=order.pk)
    if locked.state == Order.State.CANCELLED:
        return locked
    if locked.state not in _CANCELLABLE:
        raise OrderRefusal(f"订单{locked.get_state_display()}，不能取消")
    # The play frees its seat before goods are locked.
    plays_registry.rules_of(locked.campaign).on_cancelled(locked, at=at)
    end_order(order=locked, state=Order.State.CANCELLED, reason=reason, cause=cause, at=at)
    return locked
