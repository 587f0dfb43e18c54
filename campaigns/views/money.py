"""资金 as HQ looks after it: refunds that are stuck, and differences with the providers' bills."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.errors import CampaignRefusal
from campaigns.models import BillDifference, Refund
from campaigns.selectors import money
from campaigns.services import reconciling, refund_desk
from stores.requests import StaffRequest

ROWS_A_PAGE = 50
_SHOWN_BY_HAND = timedelta(days=30)


def _hq(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Money is HQ's; for everybody else there is no such page."""

    @wraps(view)
    def wrapped(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_hq:
            raise Http404
        return view(request, *args, **kwargs)

    return login_required(wrapped)


@require_GET
@_hq
def refunds(request: StaffRequest) -> HttpResponse:
    """What is stuck with the provider's reason, what is late, and what was paid back by hand."""
    return render(request, "campaigns/refunds.html", {
        "page": Paginator(money.stuck_refunds(), ROWS_A_PAGE).get_page(request.GET.get("page")),
        "delayed": money.delayed_refunds()[:ROWS_A_PAGE], "worries": money.open_worries(),
        "by_hand": money.refunds_by_hand(since=timezone.now() - _SHOWN_BY_HAND)[:ROWS_A_PAGE],
    })  # fmt: skip


@require_POST
@_hq
def act_on_refund(request: StaffRequest, pk: int, deed: str) -> HttpResponse:
    """Try again; note that it was paid by hand; take that back; confirm what a colleague noted."""
    refund = get_object_or_404(Refund.objects.select_related("payment__order"), pk=pk)
    by, at = request.user, timezone.now()
    try:
        match deed:
            case "retry":
                refund_desk.retry_stuck(refund=refund, by=by, at=at)
                said = "已重新提交，一分钟内会再试"
            case "by-hand":
                refund_desk.say_paid_by_hand(refund=refund, by=by, way=request.POST.get("way", ""), at=at)
                said = "已登记，请另一位总部同事复核后入账"
            case "take-back":
                refund_desk.take_back(refund=refund, by=by, at=at)
                said = "已撤回登记"
            case "confirm":
                refund_desk.confirm_paid_by_hand(refund=refund, by=by, at=at)
                said = "已复核，记为已退款"
            case _:
                raise Http404
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("campaigns:refunds")


@require_GET
@_hq
def differences(request: StaffRequest) -> HttpResponse:
    """Every number on which ledger and bill disagree, by day."""
    settled, day = request.GET.get("show") == "settled", _day(request.GET.get("day", ""))
    rows = money.differences(settled=settled, day=day)
    return render(request, "campaigns/differences.html", {
        "page": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")), "settled": settled, "day": day,
        "days": money.days_with_differences(), "worries": money.open_worries(),
    })  # fmt: skip


@require_POST
@_hq
def settle_difference(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what it was."""
    difference = get_object_or_404(BillDifference, pk=pk)
    try:
        reconciling.settle_difference(
            difference=difference, by=request.user, note=request.POST.get("note", ""), at=timezone.now()
        )
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已处理")
    return redirect("campaigns:differences")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
