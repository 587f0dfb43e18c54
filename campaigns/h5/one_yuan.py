"""1元购 on a newcomer's phone: one item for one yuan, what she adds, and what bringing it costs while she chooses."""

import secrets

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.errors import CampaignRefusal
from campaigns.h5.pages import member_page
from campaigns.h5.parcels import fulfilment_of, parcel_of
from campaigns.h5.places import claim_page, published
from campaigns.h5.session import MemberRequest
from campaigns.models import Campaign, CampaignItem, ItemStock, Order, Referral
from campaigns.names import mask_name
from campaigns.selectors.claims import takes_at, why_closed
from campaigns.selectors.one_yuan import live_first_order, why_not_eligible
from campaigns.services.claiming import Wanted, reserve
from campaigns.services.one_yuan.persons import traces_of
from stores.models import Store

_DIGITS = 18  # of a key that fits a bigint


def page(request: MemberRequest, campaign: Campaign, store: Store, referral: Referral | None = None) -> HttpResponse:
    """The chooser; or why there is nothing to choose. `places.campaign` leads here, and a friend's link."""
    now, terms = timezone.now(), campaign.one_yuan
    stocks = list(
        ItemStock.objects.select_related("item__product")
        .filter(item__campaign=campaign, store=store)
        .order_by("item__position", "item_id")
    )
    offers = [stock for stock in stocks if stock.item.part == CampaignItem.Part.OFFER]
    mine = live_first_order(request.member.pk)
    giver = referral.order.member if referral is not None else None
    return render(request, "h5/one_yuan.html", {
        "campaign": campaign, "store": store, "terms": terms, "offers": offers,
        "add_ons": [stock for stock in stocks if stock.item.part == CampaignItem.Part.ADD_ON],
        "mine": mine, "why_not": _why_not(request, campaign, offers, has_one=mine is not None),
        "closed": "" if takes_at(campaign, now) else why_closed(campaign, now), "referral": referral,
        "giver": mask_name(giver.name) if giver is not None else "", "request_key": secrets.token_urlsafe(16),
        "link": request.GET.get("l", "")[:32],
    })  # fmt: skip


@require_GET
@member_page
def friend(request: MemberRequest, token: str) -> HttpResponse:
    """What a member's own link leads to: the same page, with whom it came from."""
    referral = get_object_or_404(
        Referral.objects.select_related("order__campaign", "order__store", "order__member"), token=token
    )
    campaign = published(referral.order.campaign.token)
    return page(request, campaign, referral.order.store, referral)


@claim_page
def first(request: MemberRequest, campaign: Campaign, store: Store) -> HttpResponse:
    """Reserve what was chosen; what went wrong is said on the same page, and nothing moved."""
    referral = request.POST.get("referral", "")[:32]
    try:
        parcel = parcel_of(request)
        made = reserve(
            campaign=campaign, store=store, member=request.member, wanted=_wanted(request),
            request_key=request.POST.get("request_key", ""), settling=Order.Settling.ONLINE,
            fulfilment=fulfilment_of(parcel), recipient=parcel, link=request.POST.get("l", ""),
            extra={"referral": referral}, at=timezone.now(),
        )  # fmt: skip
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
        return _back(campaign, store, referral)
    return redirect("h5:order", token=made.token)


def _back(campaign: Campaign, store: Store, referral: str) -> HttpResponse:
    if referral and Referral.objects.filter(token=referral, order__campaign=campaign).exists():
        return redirect("h5:friend", token=referral)
    return redirect(f"{reverse('h5:campaign', args=[campaign.token])}?s={store.code}")


def _wanted(request: MemberRequest) -> list[Wanted]:
    """What the form asks for; nonsense becomes a wish the service refuses."""
    offer = request.POST.get("offer", "")
    wanted = [Wanted(item_id=int(offer))] if _is_key(offer) else []
    for name, value in request.POST.items():
        if name.startswith("q-") and _is_key(name[2:]) and str(value) not in {"", "0"}:
            text = str(value)
            wanted.append(Wanted(item_id=int(name[2:]), quantity=int(text) if _is_key(text) else -1))
    return wanted


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS


def _why_not(request: MemberRequest, campaign: Campaign, offers: list[ItemStock], *, has_one: bool) -> str:
    """Why she may not, in words; empty where she may choose."""
    traces = traces_of(member_id=request.member.pk)
    why = why_not_eligible(member_id=request.member.pk, traces=traces)
    if has_one or why:
        return why
    if all(stock.taken >= stock.quota for stock in offers):
        return "1 元商品已经抢完了，感谢关注，下次早点来"
    given = min((stock.item.list_price_fen or 0) - stock.item.price_fen for stock in offers)
    if campaign.budget_fen is not None and campaign.spent_fen + given > campaign.budget_fen:
        return "这次活动的优惠名额已经用完了"
    return ""
