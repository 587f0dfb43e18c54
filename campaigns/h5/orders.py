"""我的订单: what was ordered, what is paid, when and where to fetch it, and how to cancel."""

from typing import Any

import segno
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.h5.pages import member_page
from campaigns.h5.session import MemberRequest
from campaigns.models import Order
from campaigns.selectors.orders import orders_of

ROWS_A_PAGE = 20


@require_GET
@member_page
def my_orders(request: MemberRequest) -> HttpResponse:
    page = Paginator(orders_of(request.member), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "h5/orders.html", {"page": page, "member": request.member})


@require_GET
@member_page
def order(request: MemberRequest, token: str) -> HttpResponse:
    """One order of hers; anybody else's is not found."""
    found = get_object_or_404(orders_of(request.member), token=token)
    return render(request, "h5/order.html", order_context(found))


def order_context(found: Order) -> dict[str, Any]:
    """What the page of an order shows."""
    is_due = found.state == Order.State.CONFIRMED
    return {
        "order": found, "at": timezone.now(), "code": pickup_picture(found) if is_due else "",
        "goes_back_fen": found.paid_fen - found.refunded_fen,
    }  # fmt: skip


def pickup_picture(found: Order) -> str:
    """The code staff scan, as SVG: the address of their page to hand this order over."""
    return str(
        segno.make(f"{settings.SITE_URL}/campaigns/redeem/{found.token}/", error="m").svg_inline(
            scale=5, border=2, omitsize=True, svgclass="pickup-picture", lineclass=None
        )
    )
