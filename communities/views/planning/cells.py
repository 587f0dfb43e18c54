"""The side panel of a cell: made, changed, taken out of the draft."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget

from communities.models import Material, PlanCell, Theme
from communities.plan_forms import CellForm, picked_materials
from communities.selectors.plan_cells import CellFacts, facts_of, the_draft
from communities.selectors.plan_grid import materials_to_plan
from communities.services.content.wording_checks import Finding
from communities.services.planning import cells as services
from communities.services.planning.checking import material_findings
from communities.services.planning.errors import DraftGone, PlanChanged, PlanRefused
from communities.squares import Column
from communities.views.planning.access import (
    column_or_404,
    refuse_all_but_hq,
    refuse_strangers,
    slot_or_404,
)
from communities.views.planning.grid import changed_grid, refused_grid
from stores.requests import StaffRequest


@require_http_methods(["GET", "POST"])
@login_required
def new_cell(request: StaffRequest) -> HttpResponse:
    """The side panel for a cell that is not there yet."""
    refuse_all_but_hq(request)
    draft = the_draft()
    if draft is None:
        return refused_grid(request, str(DraftGone()))
    slot, column = slot_or_404(request.GET.get("slot", "")), column_or_404(request.GET.get("when", ""))
    form = CellForm(request.POST or None, initial={"theme": Theme.OFFER, "must_do": "1", "wish": "auto"})
    if request.method == "POST" and form.is_valid():
        try:
            services.create_cell(
                draft=draft, slot=slot.number, column=column, scope=form.scope(), saying=form.saying()
            )  # fmt: skip
        except PlanRefused as refused:
            form.add_error(None, str(refused))
        else:
            return changed_grid(request, draft, "已加入草稿", column)
    return _editor(request, {"form": form, "slot": slot, "column": column})


@require_http_methods(["GET", "POST"])
@login_required
def cell(request: StaffRequest, pk: int) -> HttpResponse:
    """The side panel of a cell: to change in the draft, to read elsewhere."""
    refuse_strangers(request)
    row = get_object_or_404(PlanCell.objects.select_related("version", "slot"), pk=pk)
    facts = facts_of(row.pk)
    if row.version.published_at is not None or not request.user.is_hq:
        return render(request, "communities/plan/cell.html", {"cell": facts, "slot": row.slot})
    context: dict[str, Any] = {"cell": facts, "slot": row.slot, "column": facts.column, "seen": facts.fingerprint}
    if request.method != "POST":
        return _editor(request, context | {"form": CellForm(cell=facts)})
    form = CellForm(request.POST)
    if form.is_valid():
        try:
            services.change_cell(
                cell=row, seen=request.POST.get("seen", ""), scope=form.scope(), saying=form.saying()
            )  # fmt: skip
        except PlanChanged as changed:
            return _conflict(request, row, changed)
        except PlanRefused as refused:
            form.add_error(None, str(refused))
        else:
            return changed_grid(request, row.version, "已保存到草稿", facts.column)
    return _editor(request, context | {"form": form, "seen": request.POST.get("seen", "")})


@require_POST
@login_required
def remove_cell(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a cell out of the draft."""
    refuse_all_but_hq(request)
    row = get_object_or_404(PlanCell.objects.select_related("version", "slot"), pk=pk)
    try:
        services.remove_cell(cell=row, seen=request.POST.get("seen", ""))
    except PlanChanged as changed:
        return _conflict(request, row, changed)
    except PlanRefused as refused:
        return refused_grid(request, str(refused))
    return changed_grid(request, row.version, "已从草稿删除", Column.of(row))


@require_GET
@login_required
def materials(request: StaffRequest) -> HttpResponse:
    """What the search in the side panel finds."""
    refuse_all_but_hq(request)
    found = materials_to_plan(text=request.GET.get("find", "")[:64], theme=request.GET.get("theme", ""))
    return render(request, "communities/plan/editor.html#found", {"found": _judged(found)})


def _editor(request: StaffRequest, context: dict[str, Any]) -> HttpResponse:
    form: CellForm = context["form"]
    facts: CellFacts | None = context.get("cell")
    picked_ids = picked_materials(form) if form.is_bound or facts is None else facts.saying.material_ids
    known = {material.pk: material for material in Material.objects.filter(pk__in=picked_ids).select_related("current")}
    theme = form["theme"].value()
    context |= {
        "picked": _judged([known[pk] for pk in picked_ids if pk in known]),
        "found": _judged(materials_to_plan(theme=theme)), "most": services.MOST_MATERIALS,
    }  # fmt: skip
    response = render(request, "communities/plan/editor.html", context)
    return _back_into_panel(response) if form.errors else response


def _judged(materials: Collection[Material]) -> list[tuple[Material, list[Finding]]]:
    """Materials with what the checks say against them as of today, whatever the store."""
    found = material_findings([material.pk for material in materials], day=timezone.localdate())
    return [(material, found.get(material.pk, [])) for material in materials]


def _back_into_panel(response: HttpResponse) -> HttpResponse:
    """A form asks for the grid; what was refused belongs where it was typed."""
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return retarget(reswap(response, "innerHTML"), "#panel")


def _conflict(request: StaffRequest, row: PlanCell, changed: PlanChanged) -> HttpResponse:
    """Show what the cell is now above what was typed: the loser of two edits decides again, and types nothing twice."""
    try:
        facts = facts_of(row.pk)
    except PlanCell.DoesNotExist:
        return refused_grid(request, str(changed))
    context = {
        "form": CellForm(request.POST) if "theme" in request.POST else CellForm(cell=facts), "cell": facts,
        "slot": row.slot, "column": facts.column, "seen": facts.fingerprint, "conflict": str(changed),
    }  # fmt: skip
    return _back_into_panel(_editor(request, context))
