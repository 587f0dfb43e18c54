"""The list of stores, one store, and its shelf."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from stores import selectors
from stores.filters import StoreFilter
from stores.forms import ShelfForm, StageForm
from stores.models import Staff, Store, StoreProduct
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.services import shelf as shelf_services
from stores.services import stages

STORES_A_PAGE = 20
ARTICLES_A_PAGE = 30


def _store(request: StaffRequest, pk: int) -> Store:
    """A store behind the one door, or a 404."""
    return get_object_or_404(selectors.stores_for(request.user).select_related("region"), pk=pk)


@require_GET
@login_required
def store_list(request: StaffRequest) -> HttpResponse:
    """Search, filter, sort and page through the stores one may see; store staff have only their own."""
    if request.user.role in {Staff.Role.MANAGER, Staff.Role.GUIDE}:
        return redirect("stores:detail", pk=request.user.store_id)
    sort = request.GET.get("sort", "code")
    chosen = StoreFilter(request.GET, queryset=selectors.stores_for(request.user), request=request)
    rows = selectors.store_rows(chosen.qs, sort=sort)
    page = Paginator(rows, STORES_A_PAGE).get_page(request.GET.get("page"))
    is_filtered = any(request.GET.get(name) for name in chosen.form.fields)
    context = {"page": page, "filter": chosen, "sort": sort, "is_filtered": is_filtered}
    return render_page(request, "stores/list.html", context, partial="rows")


@require_GET
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """A store: where it stands in its life, who works there, what lies on its shelf."""
    store = _store(request, pk)
    text = request.GET.get("q", "")
    rows = selectors.shelf_rows(store, text=text)
    context = {
        "store": store,
        "page": Paginator(rows, ARTICLES_A_PAGE).get_page(request.GET.get("page")),
        "q": text,
        "may_change": selectors.may_change_shelf(request.user, store),
    }
    if not request.htmx:  # type: ignore[attr-defined]
        context |= {"people": selectors.staff_of(store), "stage_form": _stage_form(request.user, store)}
    return render_page(request, "stores/detail.html", context, partial="shelf")


def _stage_form(user: Staff, store: Store) -> StageForm | None:
    return StageForm(store=store, initial={"on": timezone.localdate()}) if user.is_hq else None


@require_POST
@login_required
def move_stage(request: StaffRequest, pk: int) -> HttpResponse:
    """HQ moves a store along its life."""
    store = _store(request, pk)
    if not request.user.is_hq:
        raise Http404
    form = StageForm(request.POST, store=store)
    if not form.is_valid():
        messages.error(request, "；".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("stores:detail", pk=pk)
    try:
        stages.move_stage(
            store=store, to=form.cleaned_data["to"], on=form.cleaned_data["on"], actor=request.user, at=timezone.now()
        )
    except stages.StageMoveRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{store.name}已转为「{store.get_stage_display()}」")
    return redirect("stores:detail", pk=pk)


@require_http_methods(["GET", "POST"])
@login_required
def shelf_item(request: StaffRequest, pk: int, item_pk: int) -> HttpResponse:
    """Change price, stock and on-sale of one article, in place with htmx or on a page of its own."""
    store = _store(request, pk)
    item = get_object_or_404(StoreProduct.objects.select_related("product"), pk=item_pk, store=store)
    item.store = store
    if not selectors.may_change_shelf(request.user, store):
        raise Http404
    context = {"store": store, "item": item, "may_change": True}
    if request.method == "GET":
        if request.GET.get("cancel") and request.htmx:  # type: ignore[attr-defined]
            return render(request, "stores/shelf_item.html#row", context)
        return render_page(request, "stores/shelf_item.html", context | {"form": ShelfForm(item=item)}, partial="form")
    return _save_item(request, item, context)


def _save_item(request: StaffRequest, item: StoreProduct, context: dict[str, object]) -> HttpResponse:
    form = ShelfForm(request.POST, item=item)
    if form.is_valid():
        try:
            shelf_services.change_shelf(
                item=item, seen=form.seen(), wanted=form.wanted(), actor=request.user, at=timezone.now()
            )
        except shelf_services.ShelfChangedMeanwhile:
            form = form.against(item)
        else:
            if not request.htmx:  # type: ignore[attr-defined]
                messages.success(request, f"{item.product.name}已保存")
                return redirect("stores:detail", pk=item.store_id)
            response = render(request, "stores/shelf_item.html#row", context)
            return trigger_client_event(response, "toast", {"text": f"{item.product.name}已保存"})
    response = render_page(request, "stores/shelf_item.html", context | {"form": form}, partial="form")
    response.status_code = 422
    return response
