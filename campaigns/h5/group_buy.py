"""拼团 on a member's phone: open a team or join one, and see what becomes of it."""

import secrets

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.errors import CampaignRefusal
from campaigns.h5.pages import member_page
from campaigns.h5.places import claim_page
from campaigns.h5.session import MemberRequest
from campaigns.models import Campaign, GroupBuyTeam, ItemStock, Order
from campaigns.selectors.claims import takes_at, why_closed
from campaigns.selectors.teams import joinable_teams, seat_in, seats_of, team_sheet, with_seats
from campaigns.services.claiming import Wanted, reserve
from stores.models import Store


def page(request: MemberRequest, campaign: Campaign, store: Store) -> HttpResponse:
    """The activity's page in one store; `places.campaign` leads here."""
    now = timezone.now()
    stock = get_object_or_404(
        ItemStock.objects.select_related("item__product"), item__campaign=campaign, store=store
    )  # fmt: skip
    return render(request, "h5/group_buy.html", _offer(request, campaign, store, stock) | {
        "mine": [(seat, team_sheet(seat.team, at=now)) for seat in seats_of(campaign, request.member)],
        "teams": joinable_teams(campaign, store, member=request.member, at=now),
    })  # fmt: skip


@require_GET
@member_page
def team(request: MemberRequest, token: str) -> HttpResponse:
    """What an invitation leads to: the team, its time, and the one button that fits."""
    found = get_object_or_404(with_seats(GroupBuyTeam.objects.select_related(
        "stock__store", "stock__item__campaign", "stock__item__product"
    )), token=token)  # fmt: skip
    stock = found.stock
    seat = seat_in(found, request.member)
    return render(request, "h5/team.html", _offer(request, stock.item.campaign, stock.store, stock) | {
        "sheet": team_sheet(found, at=timezone.now()), "seat": seat,
        "is_mine": seat is not None and seat.state in {"reserved", "paid", "confirmed"},
        "address": f"{settings.SITE_URL}{reverse('h5:team', args=[found.token])}",
    })  # fmt: skip


@claim_page
def team_up(request: MemberRequest, campaign: Campaign, store: Store) -> HttpResponse:
    """Open a team, or take a place in one; then she pays. What went wrong is said where she came from."""
    wanted, team_token = request.POST.get("item", ""), request.POST.get("team", "")[:32]
    try:
        made = reserve(
            campaign=campaign, store=store, member=request.member,
            wanted=[Wanted(item_id=int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0)],  # noqa: PLR2004 -- bigint
            request_key=request.POST.get("request_key", ""), settling=Order.Settling.ONLINE,
            link=request.POST.get("l", ""), extra={"team": team_token}, at=timezone.now(),
        )  # fmt: skip
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
        if team_token and GroupBuyTeam.objects.filter(token=team_token, stock__item__campaign=campaign).exists():
            return redirect("h5:team", token=team_token)
        return redirect(f"{reverse('h5:campaign', args=[campaign.token])}?s={store.code}")
    return redirect("h5:order", token=made.token)


def _offer(request: MemberRequest, campaign: Campaign, store: Store, stock: ItemStock) -> dict[str, object]:
    """What both pages say about the goods, the price and the rules."""
    now, terms = timezone.now(), campaign.group_buy
    return {
        "campaign": campaign, "store": store, "stock": stock, "item": stock.item, "terms": terms, "at": now,
        "is_open": takes_at(campaign, now), "closed": why_closed(campaign, now), "left": stock.quota - stock.taken,
        "opening_fen": terms.leader_price_fen or stock.item.price_fen, "request_key": secrets.token_urlsafe(16),
        "link": request.GET.get("l", "")[:32],
    }  # fmt: skip
