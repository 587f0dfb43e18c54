"""1元购 as a play: a fixed price for a newcomer's first order, once per person. Never a draw (wecom.md §8.4)."""

from datetime import datetime

from campaigns.errors import BadClaim, NotEligible
from campaigns.models import Campaign, CampaignItem, OneYuanTerms, Order
from campaigns.plays_registry import Claim, PlayRules, Verdict
from campaigns.selectors.one_yuan import freight_fen, why_not_eligible
from campaigns.services.one_yuan import first_orders, referrals
from campaigns.services.one_yuan.persons import traces_of


class OneYuanRules(PlayRules):
    """One offer at the first-order price, add-ons as one likes; `extra["referral"]` is the friend's link."""

    def before_reserve(self, claim: Claim) -> None:
        if claim.member is None:
            raise NotEligible("1 元购要由会员自己下单")
        if claim.settling != Order.Settling.ONLINE:
            raise NotEligible("1 元购需要在线支付")
        terms = claim.campaign.one_yuan
        _check_choice(claim, terms)
        claim.freight_fen = freight_fen(terms, goods_fen=claim.goods_fen, fulfilment=claim.fulfilment)
        member_id, traces = claim.member.pk, traces_of(member_id=claim.member.pk, recipient=claim.recipient)
        why = why_not_eligible(member_id=member_id, traces=traces)
        if why:
            raise NotEligible(why)
        token = claim.extra.get("referral", "")
        if token:
            referrals.referral_behind(token=token, campaign=claim.campaign, member_id=member_id, traces=traces)

    def on_reserved(self, order: Order, claim: Claim) -> None:
        member_id = order.member_id or 0
        traces = traces_of(member_id=member_id, recipient=order.recipient)
        first_orders.claim_first(order=order, traces=traces)
        token = claim.extra.get("referral", "")
        if token:
            referral = referrals.referral_behind(
                token=token, campaign=claim.campaign, member_id=member_id, traces=traces
            )
            referrals.note_use(referral=referral, friend_order=order)

    def on_paid(self, order: Order, *, at: datetime) -> Verdict:
        if not first_orders.claim_again(order=order):
            return Verdict.REFUND
        referrals.link_of(order=order, at=at)
        referrals.friend_paid(order=order)
        return Verdict.CONFIRM

    def on_lapsed(self, order: Order, *, at: datetime) -> None:
        first_orders.release_first(order=order, at=at)

    def on_cancelled(self, order: Order, *, at: datetime) -> None:
        first_orders.release_first(order=order, at=at)
        referrals.friend_fell_through(order=order, reason="好友的订单已取消")

    def on_completed(self, order: Order, *, at: datetime) -> None:
        referrals.friend_completed(order=order, at=at)

    def on_returned(self, order: Order, *, at: datetime) -> None:  # noqa: ARG002 -- the hook's form
        if order.state == Order.State.RETURNED:
            referrals.friend_fell_through(order=order, reason="好友的订单已退货")

    def problems(self, campaign: Campaign) -> list[str]:
        terms = OneYuanTerms.objects.filter(campaign=campaign).first()
        if terms is None:
            return ["请填写 1 元购的规则"]
        problems = [] if campaign.settling == Campaign.Settling.ONLINE else ["1 元购需要在线支付"]
        if campaign.audience != Campaign.Audience.NEWCOMERS:
            problems.append("1 元购只面向新会员")
        offers = list(campaign.items.filter(part=CampaignItem.Part.OFFER))
        if not offers:
            problems.append("请至少放一个 1 元商品")
        problems += [f"{item.name}：1 元购的商品不能按个卖" for item in campaign.items.filter(by_piece=True)]
        for item in offers:
            problems += _offer_problems(item, terms)
        if terms.refund_cap_fen < terms.price_fen:
            problems.append("返还上限低于首件价")
        return problems


def _check_choice(claim: Claim, terms: OneYuanTerms) -> None:
    offers = [line for line in claim.lines if line.item.part == CampaignItem.Part.OFFER]
    if len(offers) != 1 or offers[0].quantity != 1:
        raise BadClaim("请选一件 1 元商品，只能选一件")
    if offers[0].price_fen != terms.price_fen or _offer_problems(offers[0].item, terms):
        raise BadClaim("这件商品不在 1 元购范围内，请换一件")


def _offer_problems(item: CampaignItem, terms: OneYuanTerms) -> list[str]:
    problems = []
    if item.price_fen != terms.price_fen:
        problems.append(f"{item.name}的活动价应为 {terms.price_fen / 100:.2f} 元")
    listed = item.list_price_fen
    if listed is None or not terms.listed_from_fen <= listed <= terms.listed_to_fen:
        span = f"{terms.listed_from_fen / 100:g}–{terms.listed_to_fen / 100:g} 元"
        problems.append(f"{item.name}的原价应在 {span}之间")
    return problems
