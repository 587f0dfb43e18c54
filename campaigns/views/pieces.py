"""Pieces as a manager lays them out: photo, weight, next; several in a minute."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.errors import CampaignRefusal
from campaigns.forms import PieceForm
from campaigns.models import Campaign, ChainUnit, ItemStock
from campaigns.services.photos import keep_photo
from campaigns.services.pieces import add_piece, withdraw_piece
from campaigns.views.access import runnable_or_404
from stores.requests import StaffRequest


@require_http_methods(["GET", "POST"])
@login_required
def pieces(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a photo, type the weight, take the next."""
    campaign = runnable_or_404(request, pk)
    form = PieceForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        stock = get_object_or_404(_stocks(campaign), pk=request.POST.get("stock") or 0)
        photo = form.cleaned_data["photo"]
        try:
            add_piece(
                stock=stock, weight_g=form.weight_g(), price_fen=form.price_fen(), at=timezone.now(),
                photo=keep_photo(file=photo, folder="units") if photo else "",
            )  # fmt: skip
        except CampaignRefusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(_here(request, pk))
    return render(request, "campaigns/pieces.html", {
        "campaign": campaign, "form": form, "stocks": _stocks(campaign), "posts": request.GET.get("posts", ""),
        "is_draft": campaign.state == Campaign.State.DRAFT,
    }, status=422 if form.errors else 200)  # fmt: skip


@require_POST
@login_required
def withdraw(request: StaffRequest, pk: int, unit_pk: int) -> HttpResponse:
    """Take back a piece nobody has."""
    campaign = runnable_or_404(request, pk)
    units = ChainUnit.objects.select_related("stock__item").filter(stock__in=_stocks(campaign))
    try:
        withdraw_piece(unit=get_object_or_404(units, pk=unit_pk), at=timezone.now())
    except CampaignRefusal as refusal:
        messages.error(request, str(refusal))
    return redirect(_here(request, pk))


def _stocks(campaign: Campaign) -> QuerySet[ItemStock]:
    stocks = ItemStock.objects.filter(item__campaign=campaign, item__by_piece=True, store=campaign.store)
    return stocks.select_related("item__product").prefetch_related("units").order_by("item__position", "pk")


def _here(request: StaffRequest, pk: int) -> str:
    return reverse("campaigns:pieces", args=[pk]) + ("?posts=on" if request.GET.get("posts") == "on" else "")
