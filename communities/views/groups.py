"""社群: the groups of one's stores, what each is for, how full it is, who came and went lately."""

import unicodedata

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from communities.models import CustomerGroup
from communities.models.groups import CAPACITY
from communities.selectors import groups as selectors
from communities.services.groups import CapacityRefused, classify_group
from stores.partials import render_page
from stores.requests import StaffRequest

GROUPS_A_PAGE = 20


@require_GET
@login_required
def group_list(request: StaffRequest) -> HttpResponse:
    """Search and page through the groups one may see."""
    text, kind = request.GET.get("q", "")[:64], request.GET.get("kind", "")
    mine = selectors.groups_for(request.user)
    rows = selectors.group_rows(selectors.groups_matching(mine, text=text, kind=kind), at=timezone.now())
    page = Paginator(rows, GROUPS_A_PAGE).get_page(request.GET.get("page"))
    listed = [(group, selectors.may_classify(request.user, group.store)) for group in page]
    context = {
        "page": page,
        "listed": listed,
        "q": text,
        "kind": kind,
        "kinds": CustomerGroup.Kind.choices,
        "most": CAPACITY,
    }
    return render_page(request, "communities/groups.html", context, partial="rows")


@require_POST
@login_required
def classify(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what a group is for; htmx gets a note, a plain form the list."""
    group = get_object_or_404(selectors.groups_for(request.user).select_related("store"), pk=pk)
    if not selectors.may_classify(request.user, group.store):
        raise Http404("没有这个页面")
    kind, capacity = request.POST.get("kind", ""), _capacity(request, group)
    if kind not in CustomerGroup.Kind.values:
        raise Http404("没有这种群")
    try:
        classify_group(group=group, kind=kind, capacity=capacity, by=request.user, at=timezone.now())
    except CapacityRefused:
        return _answer(request, f"人数上限要在 2 到 {CAPACITY} 之间", is_error=True)
    return _answer(request, f"已设为{CustomerGroup.Kind(kind).label}，上限 {capacity} 人")


def _capacity(request: StaffRequest, group: CustomerGroup) -> int:
    """How many a group may hold is HQ's to say; a manager leaves it as it is."""
    typed = unicodedata.normalize("NFKC", request.POST.get("capacity", "")).strip()
    if not request.user.is_hq or not typed:
        return group.capacity
    return int(typed[:6]) if typed.isascii() and typed.isdigit() else 0


def _answer(request: StaffRequest, text: str, *, is_error: bool = False) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "communities/classified.html", {"text": text, "is_error": is_error})
    (messages.error if is_error else messages.success)(request, text)
    return redirect("communities:list")
