"""接龙 on a member's phone: what there is, who joined, and joining in two taps."""

import secrets
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.errors import CampaignRefusal
from campaigns.h5.drawing import drawn
from campaigns.h5.pages import gone, member_page, open_page
from campaigns.h5.parcels import fulfilment_of, parcel_of
from campaigns.h5.places import claim_page, published, store_of
from campaigns.h5.session import MemberRequest
from campaigns.models import Board, Campaign, ChainUnit, ItemStock, Order, WaitEntry
from campaigns.selectors.boards import entry_rows
from campaigns.selectors.claims import takes_at, why_closed
from campaigns.selectors.orders import LIVE, orders_of
from campaigns.services import waiting
from campaigns.services.claiming import Wanted, reserve
from stores.models import Store

_MOST = 99


def page(request: MemberRequest, campaign: Campaign, store: Store) -> HttpResponse:
    """The live page of one store's 接龙; `places.campaign` leads here."""
    board, _ = Board.objects.get_or_create(campaign=campaign, store=store)
    now = timezone.now()
    queued = WaitEntry.objects.filter(
        stock__item__campaign=campaign, stock__store=store, member=request.member, state=WaitEntry.State.WAITING
    ).select_related("stock__item")
    return render(request, "h5/chain.html", {
        "campaign": campaign, "store": store, "at": now, "drawn": drawn(board.pk),
        "is_open": takes_at(campaign, now), "closed": why_closed(campaign, now),
        "is_early": now < campaign.starts_at, "seconds": _seconds(campaign, now),
        "mine": orders_of(request.member).filter(campaign=campaign, store=store, state__in=LIVE),
        "queued": queued, "request_key": secrets.token_urlsafe(16), "link": request.GET.get("l", "")[:32],
        "live": f"{reverse('h5:live', args=[campaign.token])}?s={store.code}",
    })  # fmt: skip


@claim_page
def join(request: MemberRequest, campaign: Campaign, store: Store) -> HttpResponse:
    """Take what was chosen; what went wrong is said on the same page, and nothing moved."""
    settling = request.POST.get("settling", "") or (
        Order.Settling.ONLINE if campaign.settling == Campaign.Settling.ONLINE else Order.Settling.SHOP
    )
    try:
        parcel = parcel_of(request)
        made = reserve(
            campaign=campaign, store=store, member=request.member, wanted=_wanted(request, campaign, store),
            request_key=request.POST.get("request_key", ""), settling=settling, note=request.POST.get("note", ""),
            link=request.POST.get("l", ""), fulfilment=fulfilment_of(parcel), recipient=parcel, at=timezone.now(),
        )  # fmt: skip
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
        return _back(campaign, store, request.POST.get("l", ""))
    return redirect("h5:order", token=made.token)


@require_POST
@member_page
def wait(request: MemberRequest, token: str) -> HttpResponse:
    """Take a place in the queue for what is gone."""
    campaign = published(token)
    stock = _stock(request, campaign)
    try:
        waiting.join_queue(stock=stock, member=request.member, quantity=1, at=timezone.now())
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"已候补{stock.item.name}。有人取消就先留给您，到“我的订单”里确认")
    return _back(campaign, stock.store)


@require_POST
@member_page
def leave(request: MemberRequest, token: str) -> HttpResponse:
    """Give the place in the queue up."""
    campaign = published(token)
    stock = _stock(request, campaign)
    for entry in WaitEntry.objects.filter(stock=stock, member=request.member, state=WaitEntry.State.WAITING):
        waiting.leave_queue(entry=entry)
        messages.success(request, f"已退出{stock.item.name}的候补")
    return _back(campaign, stock.store)


@require_GET
@member_page
def entries(request: MemberRequest, token: str) -> HttpResponse:
    """The whole numbered list."""
    campaign = published(token)
    store = store_of(request, campaign)
    board = get_object_or_404(Board, campaign=campaign, store=store)
    return render(
        request, "h5/entries.html", {"campaign": campaign, "store": store, "rows": entry_rows(board, most=None)}
    )


@require_GET
@open_page
def live(request: HttpRequest, token: str) -> HttpResponse:
    """The list for those who ask again and again: 204 while it is as they know it.

    A phone that wants it pushed gets here only where no such process runs (`live`): 204 sends it away to ask instead.
    """
    if "text/event-stream" in request.headers.get("Accept", ""):
        return HttpResponse(status=204)
    board = Board.objects.filter(campaign__token=token)
    if request.GET.get("s"):
        board = board.filter(store__code=request.GET["s"])
    board_id = board.order_by("pk").values_list("pk", flat=True).first()
    now = drawn(board_id) if board_id is not None else None
    if now is None:
        return gone(request)
    if now.tag == request.GET.get("v"):
        return HttpResponse(status=204)
    return HttpResponse(now.live, headers={"X-Board": now.tag})


def _wanted(request: MemberRequest, campaign: Campaign, store: Store) -> list[Wanted]:
    """What the form asks for; nonsense becomes a wish the service refuses."""
    wanted = []
    for name in request.POST:
        value = request.POST[name]
        if name.startswith("q-") and name[2:].isdecimal() and value not in {"", "0"}:
            wanted.append(Wanted(item_id=int(name[2:]), quantity=int(value) if _is_count(value) else -1))
    chosen = [int(value) for value in request.POST.getlist("unit") if value.isdecimal()]
    units = ChainUnit.objects.filter(
        pk__in=chosen, stock__store=store, stock__item__campaign=campaign
    ).select_related("stock")  # fmt: skip
    return wanted + [
        Wanted(item_id=unit.stock.item_id, unit_id=unit.pk, seen_fen=_seen(request, unit.pk)) for unit in units
    ]


def _seen(request: MemberRequest, unit_id: int) -> int | None:
    """The price of a piece as her page showed it."""
    text = request.POST.get(f"seen-{unit_id}", "")
    return int(text) if text.isascii() and text.isdecimal() else None


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST)) + 2


def _stock(request: MemberRequest, campaign: Campaign) -> ItemStock:
    wanted = request.POST.get("stock", "")
    stocks = ItemStock.objects.select_related("item__campaign", "store")
    return get_object_or_404(stocks, pk=wanted if wanted.isdecimal() else 0, item__campaign=campaign)


def _seconds(campaign: Campaign, moment: datetime) -> int:
    """What the clock on the page counts down: to the start, then to the cut-off."""
    target = campaign.starts_at if moment < campaign.starts_at else campaign.ends_at
    return max(0, int((target - moment).total_seconds()))


def _back(campaign: Campaign, store: Store, link: str = "") -> HttpResponse:
    query = f"?s={store.code}" + (f"&l={link[:32]}" if link else "")
    return redirect(reverse("h5:campaign", args=[campaign.token]) + query)
