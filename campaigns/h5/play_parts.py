"""What an order's page adds for its play: the way to its team, or the member's own link and what became of it."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from campaigns.models import Campaign, GroupBuySeat, Order, Referral, ReferralUse

_HOLDS = (Order.State.CONFIRMED, Order.State.FULFILLED, Order.State.COMPLETED)


def play_part(order: Order) -> dict[str, Any]:
    """The template's own words: `team`, or `referral` with its `uses`; nothing for a 接龙."""
    if order.campaign.play == Campaign.Play.GROUP_BUY:
        seat = GroupBuySeat.objects.select_related("team").filter(order=order).first()
        return {"team": seat.team if seat is not None else None}
    if order.campaign.play != Campaign.Play.ONE_YUAN or order.state not in _HOLDS:
        return {}
    referral = Referral.objects.filter(order=order).first()
    if referral is None:
        return {}
    uses = ReferralUse.objects.filter(referral=referral).select_related("friend_order__member")
    return {
        "referral": referral, "uses": uses.exclude(state=ReferralUse.State.WAITING, amount_fen=0).order_by("pk"),
        "referral_terms": order.campaign.one_yuan,
        "address": f"{settings.SITE_URL}{reverse('h5:friend', args=[referral.token])}",
    }  # fmt: skip
