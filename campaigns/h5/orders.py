"""我的订单: what was ordered, what is paid, when and where to fetch it, and how to cancel."""

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.errors import CampaignRefusal
from campaigns.h5.pages import member_page
from campaigns.h5.play_parts import play_part
from campaigns.h5.session import MemberRequest
from campaigns.models import Campaign, Order, WaitEntry
from campaigns.payments.provider import ProviderRefused, ProviderUnavailable
from campaigns.payments.registry import online_provider
from campaigns.selectors.orders import orders_of
from campaigns.services.cancelling import cancel_by_member
from campaigns.services.owning import own_order
from campaigns.services.paying import start_payment
from campaigns.services.waiting import accept_offer
from members.identities import decrypt
from members.models import Identity, Member

ROWS_A_PAGE = 20


@require_GET
@member_page
def my_orders(request: MemberRequest) -> HttpResponse:
    """Her orders, newest first."""
    page = Paginator(orders_of(request.member), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "h5/orders.html", {"page": page, "member": request.member})


@require_GET
@member_page
def order(request: MemberRequest, token: str) -> HttpResponse:
    """One order of hers; anybody else's is not found."""
    return render(request, "h5/order.html", _shown(_own(request, token)))


@require_POST
@member_page
def pay(request: MemberRequest, token: str) -> HttpResponse:
    """Hand her over to the provider: its page, or WeChat's own sheet inside WeChat."""
    mine, provider = _own(request, token), online_provider()
    if provider is None:
        messages.error(request, "现在不能在线支付，请联系门店改为到店付款")
        return redirect("h5:order", token=token)
    try:
        started = start_payment(order=mine, provider=provider, openid=openid_of(request.member), at=timezone.now())
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    except ProviderUnavailable:
        messages.error(request, "支付暂时没有回应，请稍等再点一次。没有扣款")
    except ProviderRefused as refusal:
        messages.error(request, f"支付没有成功：{refusal}")
    else:
        if started.prepared.address:
            return redirect(started.prepared.address)
        return render(request, "h5/pay.html", _shown(mine) | {"jsapi": dict(started.prepared.jsapi)})
    return redirect("h5:order", token=token)


@require_POST
@member_page
def accept(request: MemberRequest, token: str) -> HttpResponse:
    """Take what came free for her, to be paid at the shop."""
    try:
        accept_offer(order=_own(request, token), at=timezone.now())
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    return redirect("h5:order", token=token)


@require_http_methods(["GET", "POST"])
@member_page
def cancel(request: MemberRequest, token: str) -> HttpResponse:
    """Ask once, with what happens to the money; then cancel."""
    mine = _own(request, token)
    if request.method == "GET":
        return render(request, "h5/cancel.html", _shown(mine))
    try:
        cancel_by_member(order=mine, member=request.member, at=timezone.now())
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已取消")
    return redirect("h5:order", token=token)


def _own(request: MemberRequest, token: str) -> Order:
    found = own_order(member=request.member, token=token, at=timezone.now())
    if found is None:
        raise Http404
    return found


def _shown(found: Order) -> dict[str, Any]:
    """What the page of an order shows, and what may be done with it."""
    at, state = timezone.now(), Order.State
    is_held = found.state == state.RESERVED and found.held_until is not None and found.held_until > at
    is_waiting = found.state == state.RESERVED and found.paid_fen > 0  # paid, and its team not decided yet
    is_offer = is_held and WaitEntry.objects.filter(offer=found).exists()
    return {
        "order": found, "at": at, "code": pickup_picture(found) if found.state == state.CONFIRMED else "",
        "is_offer": is_offer, "may_accept": is_offer and found.campaign.settling != Campaign.Settling.ONLINE,
        "may_pay": is_held and found.settling == Order.Settling.ONLINE,
        "may_cancel": is_held or is_waiting or (found.state == state.CONFIRMED and at < found.campaign.ends_at),
        **play_part(found),
        "goes_back_fen": found.paid_fen - found.refunded_fen,
        "seconds": int((found.held_until - at).total_seconds()) if is_held and found.held_until else 0,
    }  # fmt: skip


def pickup_picture(found: Order) -> str:
    """The code staff scan, as SVG: the address of their page to hand this order over."""
    return str(
        segno.make(f"{settings.SITE_URL}/campaigns/redeem/{found.token}/", error="m").svg_inline(
            scale=5, border=2, omitsize=True, svgclass="pickup-picture", lineclass=None
        )
    )


def openid_of(member: Member) -> str:
    found = member.identities.filter(kind=Identity.Kind.OPENID, issuer=settings.OFFICIAL_ACCOUNT_APP_ID).first()
    return decrypt(found.value_encrypted) if found is not None else ""
