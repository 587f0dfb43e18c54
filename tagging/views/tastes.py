"""Products by taste: the list, one product's editor, and who should hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from members.views.access import address_of
from stores.models import Product
from stores.partials import render_page
from stores.selectors import stores_for
from stores.services.auditing import audit
from tagging.forms import TasteForm
from tagging.models import AXIS_LIMIT
from tagging.selectors.audience import audience_of
from tagging.selectors.brains import newest_brain
from tagging.selectors.tastes import readings_of, tastes_of
from tagging.services.tastes import TasteRefused, edit_product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stores.models import Store
    from stores.requests import StaffRequest
    from tagging.selectors.tastes import Taste

ROWS_A_PAGE = 30
_STORES_OFFERED = 200


@require_GET
@login_required
def product_list(request: StaffRequest) -> HttpResponse:
    """The products with their strongest tastes; estimates are marked."""
    text, category = request.GET.get("q", "").strip(), request.GET.get("category", "")
    products = Product.objects.filter(is_active=True).order_by("code")
    if text:
        products = products.filter(Q(name__icontains=text) | Q(variety__icontains=text) | Q(code__iexact=text))
    if category:
        products = products.filter(category=category)
    page = Paginator(products, ROWS_A_PAGE).get_page(request.GET.get("page"))
    tastes = tastes_of(list(page), on=timezone.localdate())
    context = {
        "page": page, "q": text, "category": category, "is_filtered": bool(text or category),
        "rows": [(product, _strongest(tastes[product.pk]), tastes[product.pk]) for product in page],
        "categories": Product.objects.filter(is_active=True).exclude(category="").order_by("category")
        .values_list("category", flat=True).distinct(),
    }  # fmt: skip
    return render_page(request, "tagging/products.html", context, partial="rows")


@require_http_methods(["GET", "POST"])
@login_required
def product(request: StaffRequest, pk: int) -> HttpResponse:
    """How one product tastes, with its history; headquarters may change it."""
    found = get_object_or_404(Product, pk=pk)
    user, now = request.user, timezone.now()
    if request.method == "POST" and not user.is_hq:
        raise Http404
    tastes = tastes_of([found], on=timezone.localdate(now))[found.pk]
    form = TasteForm(request.POST or None, tastes=tastes) if user.is_hq else None
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            count = edit_product(
                product=found, values=form.values(), source=form.cleaned_data["source"], by=user, at=now,
                batch=form.batch_given(),
            )  # fmt: skip
        except TasteRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已记下 {count} 项口味" if count else "没有变化")
            return redirect("tastes:product", pk=found.pk)
    context = {
        "product": found, "tastes": tastes, "form": form, "history": readings_of(found), "radar": product_radar(tastes),
        "is_estimated": any(taste.is_estimate for taste in tastes),
    }  # fmt: skip
    response = render(request, "tagging/product.html", context)
    response.status_code = 422 if form is not None and form.is_bound else 200
    return response


@require_GET
@login_required
def audience(request: StaffRequest, pk: int) -> HttpResponse:
    """The members of one store who should hear of a product."""
    found = get_object_or_404(Product, pk=pk)
    user = request.user
    stores = stores_for(user).order_by("code")
    store = _chosen(request, list(stores[:_STORES_OFFERED]))
    brain = newest_brain()
    listeners = []
    if store is not None and brain is not None:
        listeners = audience_of(product=found, store=store, brain=brain, today=timezone.localdate())
        audit(
            actor=user, action="audience.viewed", at=timezone.now(), store=store, target=f"product:{found.pk}",
            address=address_of(request), detail={"members": len(listeners)},
        )  # fmt: skip
    context = {
        "product": found, "store": store, "stores": stores[:_STORES_OFFERED], "many_stores": user.store_id is None,
        "listeners": listeners, "has_learnt": brain is not None, "tastes": _strongest(_tastes(found)),
    }  # fmt: skip
    response = render_page(request, "tagging/audience.html", context, partial="rows")
    response["Cache-Control"] = "private, no-store"
    return response


def _tastes(found: Product) -> list[Taste]:
    return tastes_of([found], on=timezone.localdate())[found.pk]


def _chosen(request: StaffRequest, stores: list[Store]) -> Store | None:
    code = request.GET.get("store", "")
    if not code:
        return stores[0] if stores else None
    return get_object_or_404(stores_for(request.user), code=code)


def _strongest(tastes: Sequence[Taste], *, count: int = 3) -> list[Taste]:
    known = [taste for taste in tastes if taste.value is not None and taste.value >= AXIS_LIMIT / 2]
    return sorted(known, key=lambda taste: -(taste.value or 0))[:count]


def product_radar(tastes: Sequence[Taste]) -> dict[str, Any]:
    """The chart of one product."""
    return {
        "categories": [taste.axis.name for taste in tastes], "most": AXIS_LIMIT, "unit": "分",
        "series": [{"name": "口味", "values": [taste.value for taste in tastes]}],
    }  # fmt: skip
