"""取货: four digits or a scan, look, hand over. And the lists to print before."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.errors import CampaignRefusal
from campaigns.models import Order
from campaigns.selectors import staffing
from campaigns.selectors.orders import with_lines
from campaigns.services.cancelling import cancel_by_staff
from campaigns.services.fulfilling import find_due, redeem
from campaigns.views.access import campaign_or_404, may_run, store_of
from stores.models import Store
from stores.requests import StaffRequest
from stores.selectors import stores_for
from stores.services.auditing import audit


@require_http_methods(["GET", "POST"])
@login_required
def desk(request: StaffRequest) -> HttpResponse:
    """Where staff type the four digits."""
    store = _own_store(request)
    if request.method == "POST":
        try:
            found = find_due(store=store, said=request.POST.get("code", ""))
        except CampaignRefusal as refusal:
            messages.error(request, str(refusal))
            return redirect("campaigns:redeem")
        return redirect("campaigns:redeem_order", token=found.token)
    handed = with_lines(Order.objects.filter(store=store, state=Order.State.FULFILLED)).select_related("member")
    return render(request, "campaigns/redeem.html", {
        "store": store, "handed": handed.order_by("-fulfilled_at")[:10],
        "waiting": Order.objects.filter(store=store, state=Order.State.CONFIRMED).count(),
    })  # fmt: skip


@require_http_methods(["GET", "POST"])
@login_required
def redeem_order(request: StaffRequest, token: str) -> HttpResponse:
    """What the scanned code leads to: look at the goods, then hand them over."""
    store = _own_store(request)
    if request.method == "POST":
        try:
            redeem(store=store, staff=request.user, said=token, at=timezone.now())
        except CampaignRefusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "已取货")
        return redirect("campaigns:redeem")
    orders = with_lines(Order.objects.filter(store=store)).select_related("member")
    return render(request, "campaigns/redeem_order.html", {"order": get_object_or_404(orders, token=token)})


@require_POST
@login_required
def cancel(request: StaffRequest, pk: int, order_pk: int) -> HttpResponse:
    """The house takes an order back, with a reason the member reads."""
    if not may_run(request.user):
        raise Http404
    campaign = campaign_or_404(request, pk)
    orders = Order.objects.filter(campaign=campaign, store=store_of(request, campaign))
    reason = request.POST.get("reason", "").strip()[:64] or "门店取消"
    try:
        cancel_by_staff(
            order=get_object_or_404(orders, pk=order_pk), staff=request.user, reason=reason, at=timezone.now()
        )
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已取消，货已放回（有人候补就先给候补）")
    return redirect("campaigns:detail", pk=pk)


@require_GET
@login_required
def prints(request: StaffRequest, pk: int) -> HttpResponse:
    """The pick list and the packing list, to print."""
    campaign = campaign_or_404(request, pk)
    store = store_of(request, campaign)
    entries = staffing.entries_of(campaign, store).filter(order__state__in=staffing.TO_PICK)
    brought = [entry.order_id for entry in entries if entry.order.fulfilment == Order.Fulfilment.DELIVERY]
    if brought:  # names, phones and addresses are on it
        audit(
            actor=request.user, action="campaign.addresses_shown", target=f"campaign:{campaign.pk}", store=store,
            at=timezone.now(), detail={"orders": brought},
        )  # fmt: skip
    return render(request, "campaigns/print.html", {
        "campaign": campaign, "store": store, "picks": staffing.pick_list(campaign, store), "entries": entries,
        "at": timezone.now(),
    })  # fmt: skip


@require_GET
@login_required
def copied(request: StaffRequest, pk: int) -> HttpResponse:
    """The list in the group's own form, to be copied into the chat."""
    campaign = campaign_or_404(request, pk)
    text = staffing.copy_out(campaign, store_of(request, campaign))
    return render(request, "campaigns/copy.html", {"campaign": campaign, "text": text})


def _own_store(request: StaffRequest) -> Store:
    if request.user.store_id is None:
        raise Http404
    return get_object_or_404(stores_for(request.user), pk=request.user.store_id)
