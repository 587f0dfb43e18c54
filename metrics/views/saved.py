"""Views somebody keeps, and what the metrics mean."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from metrics.models import SavedView
from metrics.registry import HISTORY, METRICS
from metrics.services import saving
from metrics.tables.ranking import choices
from metrics.views.access import no_guides, office_only
from stores.requests import StaffRequest

_DEEDS = {"delete": "已删除", "share": "已共享给所有人", "unshare": "不再共享"}
_PAGES = {"overview": "metrics:overview", "ranking": "metrics:ranking", "compare": "metrics:compare"}


def address_of(view: SavedView) -> str:
    """Where a view opens."""
    return f"{reverse(_PAGES[view.page])}?{view.query}"


@require_GET
@office_only
def saved(request: StaffRequest) -> HttpResponse:
    """One's own views, and those HQ shares."""
    views = SavedView.objects.filter(Q(owner=request.user) | Q(is_shared=True)).select_related("owner")
    rows = [(view, address_of(view)) for view in views.order_by("page", "name", "pk")]
    return render(request, "metrics/saved.html", {"rows": rows, "here": "saved"})


@require_POST
@office_only
def save(request: StaffRequest) -> HttpResponse:
    """Keep what is chosen on a page."""
    page = request.POST.get("page", "")
    try:
        view = saving.save_view(
            by=request.user, name=request.POST.get("name", ""), page=page, query=request.POST.get("query", ""),
            at=timezone.now(),
        )  # fmt: skip
    except saving.ViewRefused as refused:
        messages.error(request, str(refused))
        back = reverse(_PAGES.get(page, "metrics:overview"))
        return redirect(f"{back}?{saving.chosen_in(request.POST.get('query', ''))}")
    messages.success(request, f"视图“{view.name}”已保存")
    return redirect(address_of(view))


@require_POST
@office_only
def change(request: StaffRequest, pk: int, deed: str) -> HttpResponse:
    """Share, unshare or delete one's own view; HQ may also take back what another shared."""
    is_mine = Q(owner=request.user)
    may_change = is_mine | Q(is_shared=True) if request.user.is_hq and deed == "unshare" else is_mine
    view = get_object_or_404(SavedView, may_change, pk=pk)
    if deed not in _DEEDS:
        raise Http404("没有这个操作")
    try:
        if deed == "delete":
            saving.delete_view(view=view)
        else:
            saving.share_view(view=view, is_shared=deed == "share", by=request.user, at=timezone.now())
    except saving.ViewRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"视图“{view.name}”{_DEEDS[deed]}")
    return redirect("metrics:saved")


@require_GET
@no_guides
def definitions(request: StaffRequest) -> HttpResponse:
    """Every metric in words, with what it must not be mistaken for."""
    groups = choices(list(METRICS.values()))
    earlier = [one for versions in HISTORY.values() for one in versions]
    return render(request, "metrics/definitions.html", {"groups": groups, "earlier": earlier, "here": "definitions"})
