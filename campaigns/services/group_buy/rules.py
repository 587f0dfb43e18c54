"""拼团 as a play: what an order's life means for its seat."""

from datetime import datetime

from campaigns.errors import BadClaim, NotEligible
from campaigns.models import Campaign, CampaignItem, GroupBuySeat, GroupBuyTerms, Order
from campaigns.plays_registry import Claim, ClaimLine, PlayRules, Verdict
from campaigns.services.group_buy import teams

_VERDICTS = {
    GroupBuySeat.State.PAID: Verdict.WAIT,
    GroupBuySeat.State.CONFIRMED: Verdict.CONFIRM,
    GroupBuySeat.State.REFUNDED: Verdict.REFUND,
}


class GroupBuyRules(PlayRules):
    """Open a team or join one (`extra["team"]`); the goods are the member's when the team has formed."""

    def before_reserve(self, claim: Claim) -> None:
        line = _only_line(claim)
        if claim.member is None:
            raise NotEligible("拼团要由会员自己参加")
        if claim.settling != Order.Settling.ONLINE:
            raise NotEligible("拼团需要在线支付：付了款才算一个名额")
        token = claim.extra.get("team", "")
        if token:
            teams.team_to_join(token=token, stock=line.stock, member_id=claim.member.pk, at=claim.at)
            return
        leader_price = claim.campaign.group_buy.leader_price_fen
        if leader_price is not None:
            line.price_fen = leader_price

    def on_reserved(self, order: Order, claim: Claim) -> None:
        stock, token = _only_line(claim).stock, claim.extra.get("team", "")
        if token:
            team = teams.team_to_join(token=token, stock=stock, member_id=order.member_id or 0, at=claim.at)
        else:
            team = teams.open_team(campaign=claim.campaign, stock=stock, leader_id=order.member_id, at=claim.at)
        teams.take_seat(team=team, order=order, at=claim.at)

    def on_paid(self, order: Order, *, at: datetime) -> Verdict:
        seat = teams.pay_seat(order=order, at=at)
        return _VERDICTS[GroupBuySeat.State(seat.state)]

    def on_lapsed(self, order: Order, *, at: datetime) -> None:
        teams.leave(order=order, at=at)

    def on_cancelled(self, order: Order, *, at: datetime) -> None:
        teams.leave(order=order, at=at)

    def on_returned(self, order: Order, *, at: datetime) -> None:
        if order.state == Order.State.RETURNED:
            teams.leave(order=order, at=at)

    def problems(self, campaign: Campaign) -> list[str]:
        terms = GroupBuyTerms.objects.filter(campaign=campaign).first()
        if terms is None:
            return ["请填写成团人数和时限"]
        items = list(campaign.items.all())
        return [*_goods(items), *_terms(campaign, terms, items)]


def _only_line(claim: Claim) -> ClaimLine:
    if len(claim.lines) != 1:
        raise BadClaim("拼团一次只买一种商品")
    return claim.lines[0]


def _goods(items: list[CampaignItem]) -> list[str]:
    if len(items) != 1:
        return ["拼团只放一种商品"]
    return ["拼团的商品不能按个卖"] if items[0].by_piece else []


def _terms(campaign: Campaign, terms: GroupBuyTerms, items: list[CampaignItem]) -> list[str]:
    problems = []
    if campaign.settling != Campaign.Settling.ONLINE:
        problems.append("拼团需要在线支付")
    if terms.form_minutes <= campaign.hold_minutes:
        problems.append("成团时限要长于付款保留时间")
    price = items[0].price_fen if items else 0
    if terms.leader_price_fen is not None and not 0 < terms.leader_price_fen <= price:
        problems.append("团长价要大于 0，且不高于拼团价")
    if terms.completes_virtually_from is not None and not 0 < terms.completes_virtually_from < terms.size:
        problems.append("人数不足也成团的起点，要少于成团人数")
    return problems
