"""Copying a cell, a whole day or a whole slot of the draft to other squares."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from communities.models import PlanCell, PlanVersion, Slot
from communities.selectors.plan_cells import facts_of, the_draft
from communities.services.planning import cells as services
from communities.services.planning.errors import DraftGone, PlanRefused
from communities.squares import WEEK
from communities.views.planning.access import column_or_404, refuse_all_but_hq, slot_or_404
from communities.views.planning.grid import changed_grid, refused_grid
from stores.requests import StaffRequest


@require_http_methods(["GET", "POST"])
@login_required
def copy(request: StaffRequest) -> HttpResponse:
    """The side panel that copies a cell, a whole day or a whole slot to other squares."""
    refuse_all_but_hq(request)
    draft = the_draft()
    if draft is None:
        return refused_grid(request, str(DraftGone()))
    what = request.POST.get("what") or request.GET.get("what", "")
    sources = {"cell": _copy_cell, "day": _copy_day, "slot": _copy_slot}
    if what not in sources:
        raise Http404
    return sources[what](request, draft)


def _copy_cell(request: StaffRequest, draft: PlanVersion) -> HttpResponse:
    pk = request.POST.get("cell") or request.GET.get("cell", "")
    row = get_object_or_404(PlanCell.objects.select_related("slot"), pk=pk if pk.isdigit() else 0, version=draft)
    facts = facts_of(row.pk)
    if request.method == "POST":
        to = []
        for text in request.POST.getlist("to"):
            slot, _, code = text.partition("|")
            to.append((slot_or_404(slot).number, column_or_404(code)))
        try:
            count = services.copy_cell(cell=row, seen=request.POST.get("seen", ""), to=to)
        except PlanRefused as refused:
            return refused_grid(request, str(refused))
        return changed_grid(request, draft, f"已复制到 {count} 格", facts.column)
    slots = list(Slot.objects.filter(is_active=True).order_by("number"))
    columns = WEEK if facts.column in WEEK else (facts.column, *WEEK)
    context = {"what": "cell", "cell": facts, "slot": row.slot, "slots": slots, "columns": columns}
    return render(request, "communities/plan/copy.html", context)


def _copy_day(request: StaffRequest, draft: PlanVersion) -> HttpResponse:
    source = column_or_404(request.POST.get("when") or request.GET.get("when", ""))
    if request.method == "POST":
        to = [column_or_404(code) for code in request.POST.getlist("to")]
        try:
            count = services.copy_column(draft=draft, source=source, to=to)
        except PlanRefused as refused:
            return refused_grid(request, str(refused))
        return changed_grid(request, draft, f"已把{source.label}复制到 {count} 天", *to)
    columns = [column for column in WEEK if column != source]
    return render(request, "communities/plan/copy.html", {"what": "day", "column": source, "columns": columns})


def _copy_slot(request: StaffRequest, draft: PlanVersion) -> HttpResponse:
    source = slot_or_404(request.POST.get("slot") or request.GET.get("slot", ""))
    if request.method == "POST":
        to = [slot_or_404(number).number for number in request.POST.getlist("to")]
        try:
            count = services.copy_slot(draft=draft, source=source.number, to=to)
        except PlanRefused as refused:
            return refused_grid(request, str(refused))
        return changed_grid(request, draft, f"已把{source.name}复制到 {count} 个时段")
    slots = Slot.objects.filter(is_active=True).exclude(pk=source.pk).order_by("number")
    return render(request, "communities/plan/copy.html", {"what": "slot", "slot": source, "slots": slots})
