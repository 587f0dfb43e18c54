"""效果: what posts brought, by material and by cell, and the week's suggestions; HQ's page, in parts others' too."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from communities.models import PlanCell, Slot, SwapSuggestion, Theme
from communities.selectors import feedback as selectors
from communities.selectors.content import materials_for
from communities.selectors.feedback import Period, Reading
from communities.selectors.plan_cells import facts_of
from communities.services.feedback import swapping_cells
from communities.services.feedback.thompson import QUIT_GUARD, is_over_guard
from communities.services.planning.errors import PlanRefused
from communities.views.planning.access import refuse_all_but_hq, refuse_strangers
from stores.downloads import require_form, table_download
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.services.auditing import audit
from stores.sheets.writing import Cell

MATERIALS_A_PAGE = 20
SPANS = (7, 28, 56, 91)  # days
_SPAN = 28
_LONG = 56  # days, on the pages of one material and one cell
_RATES = (("clicks", "点击"), ("entries", "接龙"), ("buyers", "购买"), ("quits", "退群"))


class _Wish:
    """What the page was asked for; what is nonsense is left out."""

    def __init__(self, query: QueryDict, *, today: date) -> None:
        span = query.get("days", "")
        self.days = int(span) if span in map(str, SPANS) else _SPAN
        self.last = _day(query.get("last", ""), today=today)
        self.period = Period(self.last - timedelta(days=self.days - 1), self.last)
        theme, slot, sort = query.get("theme", ""), query.get("slot", ""), query.get("sort", "-sales")
        self.theme = theme if theme in Theme.values else ""
        self.slot = int(slot) if slot.isascii() and slot.isdigit() and len(slot) < 5 else None  # noqa: PLR2004 -- a small number
        self.sort = sort if sort.removeprefix("-") in selectors.SORTS else "-sales"

    def groups(self) -> list[list[Reading]]:
        return selectors.of_materials(period=self.period, theme=self.theme, slot=self.slot, sort=self.sort)


@require_GET
@login_required
def feedback(request: StaffRequest) -> HttpResponse:
    """Materials with what their posts brought, kinds of proof apart, and above them what might be swapped."""
    refuse_all_but_hq(request)
    today = timezone.localdate()
    wish = _Wish(request.GET, today=today)
    groups = wish.groups()
    page = Paginator(groups, MATERIALS_A_PAGE).get_page(request.GET.get("page"))
    week = today - timedelta(days=today.weekday())
    suggestions = SwapSuggestion.objects.filter(week=week).select_related("slot", "outgoing", "incoming", "decided_by")
    context = {
        "wish": wish, "page": page, "whole": selectors.whole(groups), "themes": Theme.choices,
        "slots": Slot.objects.filter(is_active=True).order_by("at"), "spans": SPANS, "today": today,
        "suggestions": suggestions.order_by("slot_id", "theme"), "week": week, "guard": QUIT_GUARD,
    }  # fmt: skip
    return render_page(request, "communities/feedback/feedback.html", context, partial="rows")


@require_GET
@login_required
def export(request: StaffRequest, form: str) -> HttpResponseBase:
    """Everything the page shows, on all its pages, as `xlsx` or `csv`."""
    refuse_all_but_hq(request)
    require_form(form)
    now = timezone.now()
    wish = _Wish(request.GET, today=timezone.localdate(now))
    columns, rows = _sheet(wish.groups())
    audit(
        actor=request.user, action="feedback.exported", at=now, address=request.META.get("REMOTE_ADDR") or None,
        detail={"form": form, "rows": len(rows), "filter": request.GET.urlencode()},
    )  # fmt: skip
    name = f"效果_{wish.period.first:%Y%m%d}-{wish.period.last:%Y%m%d}"
    return table_download(request, form, columns, rows, name=name, title="效果")


@require_GET
@login_required
def of_material(request: StaffRequest, pk: int) -> HttpResponse:
    """The part of a material's page: what it brought in the stores this person sees."""
    material = get_object_or_404(materials_for(request.user), pk=pk)
    readings = selectors.of_material(request.user, material, period=_lately())
    return _part(request, readings, scope="所有计划和门店自选里")


@require_GET
@login_required
def of_cell(request: StaffRequest, pk: int) -> HttpResponse:
    """The part of a cell's panel: what its square brought, in all versions of the plan."""
    refuse_strangers(request)
    cell = get_object_or_404(PlanCell.objects.select_related("version"), pk=pk)
    if cell.version.published_at is None and not request.user.is_hq:
        raise Http404  # the draft is HQ's workshop
    readings = selectors.of_cell(request.user, facts_of(cell.pk), period=_lately())
    return _part(request, readings, scope="这一格历次版本")


@require_POST
@login_required
def accept(request: StaffRequest, pk: int) -> HttpResponse:
    """采纳: into the draft, where it is looked at and published like any other change."""
    refuse_all_but_hq(request)
    suggestion = get_object_or_404(SwapSuggestion.objects.select_related("incoming"), pk=pk)
    try:
        cells = swapping_cells.accept(suggestion=suggestion, by=request.user, at=timezone.now())
    except PlanRefused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"已在草稿里换上“{suggestion.incoming}”，改了 {cells} 格；发布后生效")
    return redirect("feedback:feedback")


@require_POST
@login_required
def dismiss(request: StaffRequest, pk: int) -> HttpResponse:
    """不采纳: put aside for this week."""
    refuse_all_but_hq(request)
    suggestion = get_object_or_404(SwapSuggestion, pk=pk)
    if swapping_cells.dismiss(suggestion=suggestion, by=request.user, at=timezone.now()):
        messages.success(request, "已记下：这周不换")
    return redirect("feedback:feedback")


def _part(request: StaffRequest, readings: list[Reading], *, scope: str) -> HttpResponse:
    context: dict[str, Any] = {"readings": readings, "scope": scope, "days": _LONG, "is_hq": request.user.is_hq}
    response = render(request, "communities/feedback/part.html", context, status=HTTPStatus.OK)
    response["Cache-Control"] = "private, no-store"
    return response


def _lately() -> Period:
    today = timezone.localdate()
    return Period(today - timedelta(days=_LONG - 1), today)


def _sheet(groups: list[list[Reading]]) -> tuple[list[str], list[tuple[Cell, ...]]]:
    rates = [f"{label}{part}" for _, label in _RATES for part in ("人数", "率", "率下限", "率上限")]
    columns = [
        "素材", "主题", "归属", "凭证", "店次", "群发", "触达人次", *rates, "销售额（元）", "每百人销售（元）", "下限",
        "上限", "样本", "退群超过警戒线",
    ]  # fmt: skip
    return columns, [_line(reading) for group in groups for reading in group]


def _line(reading: Reading) -> tuple[Cell, ...]:
    sums, material = reading.sums, reading.material
    cells: list[Cell] = []
    for name, _ in _RATES:
        found = sums.share(name)
        bounds = (found.low, found.high) if found else (None, None)
        cells += [int(sums[name]), *(_percent(one) for one in (sums.ratio(name), *bounds))]
    sales = sums.per_hundred("sales_fen")
    assert material is not None  # noqa: S101 -- rows of the page are of materials
    head = (material.name, material.get_theme_display(), material.store.name if material.store else "总部")
    return (
        *head, reading.proof, int(sums["units"]), int(sums["posts"]),
        int(sums["people"]), *cells, round(sums["sales_fen"] / 100, 2), round(sums.ratio("sales_fen"), 2),
        *((round(sales.low / 100, 2), round(sales.high / 100, 2)) if sales else (None, None)),
        "太少" if sums.is_thin else "够", "是" if is_over_guard(sums) else "否",
    )  # fmt: skip


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.2%}"


def _day(text: str, *, today: date) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    return day if day is not None and date(2020, 1, 1) <= day <= today else today
