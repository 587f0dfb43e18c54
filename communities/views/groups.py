"""社群: the groups of one's stores, what each is for, how full it is, who came and went lately."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from communities.models import CustomerGroup
from communities.selectors import groups as selectors
from communities.services.groups import classify_group
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
    context = {"page": page, "listed": listed, "q": text, "kind": kind, "kinds": CustomerGroup.Kind.choices}
    return render_page(request, "communities/groups.html", context, partial="rows")


@require_POST
@login_required
def classify(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what a group is for; htmx gets a note, a plain form the list."""
    group = get_object_or_404(selectors.groups_for(request.user).select_related("store"), pk=pk)
    if not selectors.may_classify(request.user, group.store):
        raise Http404("没有这个页面")
    kind = request.POST.get("kind", "")
    if kind not in CustomerGroup.Kind.values:
        raise Http404("没有这种群")
    classify_group(group=group, kind=kind, capacity=group.capacity)
    if request.htmx:  # type: ignore[attr-defined]
        label = CustomerGroup.Kind(kind).label
        return render(request, "communities/classified.html", {"label": label})
    messages.success(request, f"{group}：{CustomerGroup.Kind(kind).label}")
    return redirect("communities:list")
