"""目标: a manager's goals of the month, HQ's table of all stores with each goal adjustable, and both as a sheet."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from metrics.goal_kinds import BY_CODE, GOAL_KINDS, month_after, month_before, month_label, month_of
from metrics.models import Goal
from metrics.registry import Unit
from metrics.selectors import goals as selectors
from metrics.services.goals.adjusting import GoalRefused, adjust_goal
from metrics.views.alerts import back_or, refuse_guides
from stores.downloads import require_form, table_download
from stores.models import Store
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.selectors import stores_for
from stores.services.auditing import audit

ROWS_A_PAGE = 20
_FIRST = date(2020, 1, 1)


@require_GET
@login_required
def goals(request: StaffRequest) -> HttpResponse:
    """A manager's own page, or the table of the stores one sees."""
    user = request.user
    refuse_guides(user)
    month = asked_month(request)
    if user.store_id is not None:
        return _store_page(request, get_object_or_404(stores_for(user), pk=user.store_id), month)
    code, outlook, text = _wish(request)
    mine = selectors.goals_for(user).filter(month=month)
    sort = request.GET.get("sort", "")
    rows = selectors.store_rows(mine, code=code, outlook=outlook, text=text, sort=sort)
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    kind = BY_CODE[code]
    context = {
        "page": page, "rows": [selectors.Progress(goal, kind) for goal in page], "kind": kind, "code": code,
        "summary": selectors.summary(mine), "outlook": outlook, "outlooks": selectors.OUTLOOKS.items(), "q": text,
        "sort": sort, "unit": _typed_unit(kind.metric.unit), **month_links(month),
    }  # fmt: skip
    return render_page(request, "metrics/goals/list.html", context, partial="rows")


@require_GET
@login_required
def store_goals(request: StaffRequest, pk: int) -> HttpResponse:
    """One store's goals, as its manager sees them."""
    refuse_guides(request.user)
    return _store_page(request, get_object_or_404(stores_for(request.user), pk=pk), asked_month(request))


@require_POST
@login_required
def adjust(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    """HQ sets one goal, or lets the suggestion hold again."""
    if not request.user.is_hq:
        raise Http404
    goal = get_object_or_404(Goal.objects.filter(metric__in=BY_CODE), pk=pk)
    try:
        target = None if "reset" in request.POST else _typed(goal.metric, request.POST.get("target", ""))
        goal = adjust_goal(goal=goal, target=target, by=request.user, at=timezone.now())
    except GoalRefused as refused:
        messages.warning(request, str(refused))
    else:
        shown = selectors.Progress(goal, BY_CODE[goal.metric])
        messages.success(request, f"{goal.store.name} 的「{shown.name}」目标已设为 {shown.target}")
    return back_or(request, "metrics:goals")


@require_GET
@login_required
def export(request: StaffRequest, form: str) -> HttpResponseBase:
    """The goals of a month, a line per store: what is filled in again and imported."""
    require_form(form)
    refuse_guides(request.user)
    month = asked_month(request)
    mine = selectors.goals_for(request.user).filter(month=month).select_related("store").order_by("store__code")
    by_store: dict[int, dict[str, Any]] = {}
    for goal in mine.iterator():
        row = by_store.setdefault(goal.store_id, {"code": goal.store.code, "name": goal.store.name})
        row[goal.metric] = goal.target
    columns = ["门店编码", "门店", "月份", *(f"{kind.metric.name}目标" for kind in GOAL_KINDS)]
    lines = [
        (row["code"], row["name"], f"{month:%Y-%m}", *(_cell(kind.code, row.get(kind.code)) for kind in GOAL_KINDS))
        for row in by_store.values()
    ]
    audit(
        actor=request.user, action="goals.exported", at=timezone.now(),
        address=request.META.get("REMOTE_ADDR") or None, detail={"month": f"{month:%Y-%m}", "rows": len(lines)},
    )  # fmt: skip
    return table_download(request, form, columns, lines, name=f"目标_{month:%Y%m}", title="目标")


def asked_month(request: StaffRequest) -> date:
    """The month a page was asked for; nonsense, the far past and the far future are this month."""
    this = month_of(timezone.localdate())
    try:
        asked = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return this
    return asked if _FIRST <= asked <= month_after(this) else this


def _store_page(request: StaffRequest, store: Store, month: date) -> HttpResponse:
    parts = selectors.parts_of(store, month=month)
    through = max((one.goal.counted_through for _, mine in parts for one in mine if one.goal.counted_through),
                  default=None)  # fmt: skip
    context = {"store": store, "parts": parts, "through": through, "is_own": request.user.store_id == store.pk,
               **month_links(month)}  # fmt: skip
    return render(request, "metrics/goals/store.html", context)


def month_links(month: date) -> dict[str, Any]:
    """What the template's step from month to month needs."""
    this = month_of(timezone.localdate())
    return {
        "month": month, "month_label": month_label(month), "month_before": month_before(month),
        "month_after": month_after(month) if month <= this else None,
    }  # fmt: skip


def _wish(request: StaffRequest) -> tuple[str, str, str]:
    code, outlook = request.GET.get("metric", ""), request.GET.get("outlook", "")
    return (
        code if code in BY_CODE else GOAL_KINDS[0].code,
        outlook if outlook in selectors.OUTLOOKS else "",
        request.GET.get("q", "")[:64],
    )


def _typed(code: str, text: str) -> float:
    """What HQ typed, in the metric's own unit. :raises GoalRefused: no number"""
    try:
        number = Decimal(text.strip().replace(",", "").removesuffix("%").removeprefix("¥"))
    except InvalidOperation:
        raise GoalRefused("请填一个数字") from None
    match BY_CODE[code].metric.unit:
        case Unit.SHARE:
            return float(number) / 100
        case Unit.MONEY:
            return float(number) * 100
        case _:
            return float(number)


def _cell(code: str, target: float | None) -> str | float | None:
    if target is None:
        return None
    match BY_CODE[code].metric.unit:
        case Unit.SHARE:
            return f"{100 * target:.1f}%"
        case Unit.MONEY:
            return round(target / 100, 2)
        case _:
            return round(target)


def _typed_unit(unit: Unit) -> str:
    return {Unit.SHARE: "%", Unit.MONEY: "元"}.get(unit, str(unit.value))
