"""One friend's first order through a member's link, from the click to the money going back. One level only.

What may go back is set aside from the campaign's budget when the friend pays, so that what a link promises is there
when its time comes; a referral that comes to nothing gives it back.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Count, Sum

from campaigns.errors import BadClaim, CampaignClosed, CampaignRefusal, NotEligible
from campaigns.models import Campaign, OneYuanTerms, Order, Payment, Referral, ReferralUse
from campaigns.services import budgets, refunding
from campaigns.services.one_yuan.persons import Trace, traces_of

log = structlog.get_logger(__name__)

State = ReferralUse.State
BATCH = 100
_STANDS = (Order.State.CONFIRMED, Order.State.FULFILLED, Order.State.COMPLETED)


def referral_behind(*, token: str, campaign: Campaign, member_id: int, traces: list[Trace]) -> Referral:
    """The link somebody came by.

    :raises BadClaim: no link of this campaign
    :raises NotEligible: her own, or of the same phone, openid, unionid, card or address
    """
    referral = Referral.objects.select_related("order").filter(token=token, order__campaign=campaign).first()
    if referral is None:
        raise BadClaim("推荐链接无效，请从活动页面直接下单")
    giver = referral.order
    same = set(traces) & set(traces_of(member_id=giver.member_id or 0, recipient=giver.recipient))
    if giver.member_id == member_id or same:
        raise NotEligible("自己的推荐链接不能自己用：手机号、微信、会员卡或地址与推荐人相同")
    return referral


def link_of(*, order: Order, at: datetime) -> Referral:
    """The member's own link, from her paid order."""
    referral, _ = Referral.objects.get_or_create(order=order, defaults={"made_at": at})
    return referral


def note_use(*, referral: Referral, friend_order: Order) -> ReferralUse:
    """A friend ordered through the link; nothing is owed before she has paid."""
    return ReferralUse.objects.create(referral=referral, friend_order=friend_order)


def friend_paid(*, order: Order) -> None:
    """Set aside what goes back, within the caps and the budget; else the referral is void, with its reason."""
    use = ReferralUse.objects.select_related("referral__order").filter(friend_order=order).first()
    if use is None or use.amount_fen:
        return
    referral = Referral.objects.select_for_update(no_key=True).get(pk=use.referral_id)
    amount, why = _due(referral, order.campaign.one_yuan)
    if not why:
        try:
            budgets.spend(campaign=order.campaign, amount_fen=amount)
        except CampaignClosed:
            why = "活动预算已用完"
    use.state, use.void_reason, use.amount_fen = (State.VOID, why, 0) if why else (State.WAITING, "", amount)
    use.save(update_fields=["state", "void_reason", "amount_fen"])


def friend_completed(*, order: Order, at: datetime) -> None:
    """The friend keeps it: her after-sale time decides when money may go back."""
    days = timedelta(days=order.campaign.one_yuan.settle_after_days)
    due = max(at, (order.fulfilled_at or at) + days)
    ReferralUse.objects.filter(friend_order=order, state=State.WAITING).update(settle_from=due)


def friend_fell_through(*, order: Order, reason: str) -> None:
    """The friend's order ended or went back before the money did."""
    use = ReferralUse.objects.select_for_update().filter(friend_order=order, state=State.WAITING).first()
    if use is not None:
        _void(use, order.campaign, reason)


def due_uses(at: datetime) -> list[int]:
    """Referrals whose time has come."""
    due = ReferralUse.objects.filter(state=State.WAITING, settle_from__lte=at, amount_fen__gt=0)
    return list(due.order_by("settle_from", "pk").values_list("pk", flat=True)[:BATCH])


def settle_referrals(*, at: datetime) -> int:
    """Pay back what is due, each in a transaction of its own; returns how many were settled or found void."""
    done, stuck = 0, set[int]()
    while ids := [use_id for use_id in due_uses(at) if use_id not in stuck]:
        for use_id in ids:
            try:
                done += settle_use(use_id=use_id, at=at)
            except CampaignRefusal as refusal:
                stuck.add(use_id)
                log.warning("referral_not_settled", use=use_id, reason=str(refusal))
    return done


@transaction.atomic
def settle_use(*, use_id: int, at: datetime) -> bool:
    """Decide the refund of one referral the way the giver paid; False where it is decided or not due.

    :raises CampaignRefusal: the money cannot go back the way it came
    """
    friend_order_id = ReferralUse.objects.values_list("friend_order", flat=True).get(pk=use_id)
    friend = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=friend_order_id)
    use = ReferralUse.objects.select_for_update(of=("self",)).select_related("referral__order").get(pk=use_id)
    if use.state != State.WAITING or use.settle_from is None or use.settle_from > at:
        return False
    giver = use.referral.order
    payment = Payment.objects.filter(order=giver, state=Payment.State.PAID).order_by("pk").first()
    if friend.state != Order.State.COMPLETED:
        _void(use, friend.campaign, "好友的订单没有完成")
        return True
    if payment is None or giver.state not in _STANDS or refunding.left_of(payment) < use.amount_fen:
        _void(use, friend.campaign, "推荐人的订单已经退款")
        return True
    refunding.decide_refund(
        payment=payment, amount_fen=use.amount_fen, cause=f"referral:{use.pk}", reason="好友的首单已完成，原路退回",
        at=at,
    )  # fmt: skip
    use.state, use.settled_at = State.SETTLED, at
    use.save(update_fields=["state", "settled_at"])
    return True


def _due(referral: Referral, terms: OneYuanTerms) -> tuple[int, str]:
    """What one more friend gives back, and why it is nothing. The caps are the giver's, over all her friends."""
    counted = referral.uses.filter(amount_fen__gt=0).exclude(state=State.VOID)
    sums = counted.aggregate(friends=Count("pk"), fen=Sum("amount_fen"))
    if sums["friends"] >= terms.friends_per_member:
        return 0, "推荐人的返还次数已用完"
    giver = referral.order
    if giver.state not in _STANDS:
        return 0, "推荐人的订单已经退款"
    whole = giver.paid_fen - giver.refunded_fen
    base = whole if terms.refunds_whole_order else min(terms.price_fen, whole)
    amount = min(base, terms.refund_cap_fen - int(sums["fen"] or 0))
    return (amount, "") if amount > 0 else (0, "推荐人的返还金额已到上限")


def _void(use: ReferralUse, campaign: Campaign, reason: str) -> None:
    budgets.give_back(campaign=campaign, amount_fen=use.amount_fen)
    use.state, use.void_reason, use.amount_fen = State.VOID, reason, 0
    use.save(update_fields=["state", "void_reason", "amount_fen"])
