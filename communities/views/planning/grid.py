"""计划: the weekly grid, and the draft begun or thrown away."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from communities.models import PlanVersion
from communities.selectors.plan_cells import newest_published, the_draft
from communities.selectors.plan_grid import plan_grid
from communities.services.planning import drafts
from communities.services.planning.errors import PlanRefused
from communities.squares import Column
from communities.views.planning.access import column_or_404, refuse_all_but_hq, refuse_strangers
from stores.requests import StaffRequest


@require_GET
@login_required
def grid(request: StaffRequest) -> HttpResponse:
    """The draft, or without one what is published; `version` shows an older one."""
    refuse_strangers(request)
    number = request.GET.get("version", "")
    wanted = get_object_or_404(PlanVersion, number=number) if number.isdigit() else None
    draft, published = the_draft(), newest_published()
    # The draft is HQ's workshop; others read what counts.
    plan = wanted or (draft if request.user.is_hq else None) or published
    context = {"draft": draft, "published": published, "is_hq": request.user.is_hq, "is_old": wanted is not None}
    if plan is not None:
        context |= _grid_context(request, plan)
    return render(request, "communities/plan/grid.html", context)


@require_POST
@login_required
def start(request: StaffRequest) -> HttpResponse:
    """Begin the draft, or go on with it."""
    refuse_all_but_hq(request)
    drafts.start_draft(by=request.user, at=timezone.now())
    return redirect("plan:grid")


@require_POST
@login_required
def discard(request: StaffRequest) -> HttpResponse:
    """Throw the draft away."""
    refuse_all_but_hq(request)
    draft = the_draft()
    if draft is not None:
        try:
            drafts.discard_draft(draft=draft)
        except PlanRefused as refused:
            messages.warning(request, str(refused))
        else:
            messages.success(request, "草稿已丢弃，正在执行的计划没有变化")
    return redirect("plan:grid")


def changed_grid(request: StaffRequest, draft: PlanVersion, text: str, *more: Column) -> HttpResponse:
    """The grid as it is now, and an empty panel."""
    shown = [column for column in more if column.weekday is None]
    context = _grid_context(request, draft, *shown) | {"draft": draft, "is_hq": True, "close_panel": True}
    response = render(request, "communities/plan/grid.html#grid", context)
    return trigger_client_event(response, "toast", {"text": text})


def refused_grid(request: StaffRequest, text: str) -> HttpResponse:
    """A refusal that needs no form: a toast over the grid as it is now."""
    draft = the_draft()
    if draft is None:
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response["HX-Refresh"] = "true"
        messages.warning(request, text)
        return response
    response = render(
        request, "communities/plan/grid.html#grid",
        _grid_context(request, draft) | {"draft": draft, "is_hq": True, "close_panel": True},
    )  # fmt: skip
    return trigger_client_event(response, "toast", {"text": text, "error": True})


def _grid_context(request: HttpRequest, plan: PlanVersion, *more: Column) -> dict[str, Any]:
    columns = list(more)
    for name, letter in (("day", "d"), ("opening", "o")):
        if request.GET.get(name):
            columns.append(column_or_404(f"{letter}{request.GET[name]}"))
    today = timezone.localdate()
    return {
        "grid": plan_grid(plan, today=today, more=columns), "today": today,
        "may_edit": plan.published_at is None, "focus": request.GET.get("focus", ""),
    }  # fmt: skip
