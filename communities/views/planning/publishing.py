"""From draft to plan: the difference to look at, publishing, the versions, and bringing one back."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communities.models import PlanVersion
from communities.plan_forms import PublishForm
from communities.selectors.plan_cells import cell_facts, fingerprint, newest_published, the_draft
from communities.selectors.plan_diff import plan_diff, slot_names
from communities.selectors.planned import plan_of
from communities.services.planning import drafts
from communities.services.planning.checking import material_findings
from communities.services.planning.errors import PlanChanged, PlanRefused
from communities.services.planning.publishing import publish as publish_draft
from communities.views.planning.access import refuse_all_but_hq, refuse_strangers
from stores.partials import render_page
from stores.requests import StaffRequest

VERSIONS_A_PAGE = 20


@require_http_methods(["GET", "POST"])
@login_required
def publish(request: StaffRequest) -> HttpResponse:
    """The draft's difference to what is published, and the button."""
    refuse_all_but_hq(request)
    draft = the_draft()
    if draft is None:
        messages.info(request, "现在没有草稿")
        return redirect("plan:grid")
    now = timezone.now()
    today = timezone.localdate(now)
    tomorrow = today + timedelta(days=1)
    form = PublishForm(request.POST or None, today=today, initial={"valid_from": tomorrow})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            plan = publish_draft(
                draft=draft, valid_from=typed["valid_from"], note=typed["note"], seen=typed["seen"], by=request.user,
                at=now,
            )  # fmt: skip
        except PlanChanged as changed:
            messages.warning(request, str(changed))
            return redirect("plan:publish")
        except PlanRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已发布 v{plan.number}，{plan.valid_from:%-m月%-d日}起生效")
            return redirect("plan:grid")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "communities/plan/publish.html", {"form": form, "draft": draft}, status=status)


@require_GET
@login_required
def effect(request: StaffRequest) -> HttpResponse:
    """What publishing would change, in words and numbers; asked for by the page, since it counts the whole chain."""
    refuse_all_but_hq(request)
    draft = the_draft()
    if draft is None:
        return render(request, "communities/plan/effect.html", {})
    today = timezone.localdate()
    first = max(_day(request.GET.get("valid_from", ""), otherwise=today + timedelta(days=1)), today)
    cells = cell_facts(draft.cells.all())  # what is looked at: fixed before the counting begins
    diff = plan_diff(draft=draft, first=first)
    planned = {material for cell in cells for material in cell.saying.material_ids}
    names = {
        material: name
        for cell in cells
        for material, name in zip(cell.saying.material_ids, cell.material_names, strict=True)
    }
    found = material_findings(planned, day=diff.last)
    context: dict[str, Any] = {
        "diff": diff, "seen": fingerprint(cells), "slots": slot_names(), "today": today,
        "findings": [(names[material], of) for material, of in found.items()],
    }  # fmt: skip
    return render(request, "communities/plan/effect.html", context)


@require_GET
@login_required
def versions(request: StaffRequest) -> HttpResponse:
    """Every plan there was, the newest first."""
    refuse_strangers(request)
    rows = (
        PlanVersion.objects.filter(published_at__isnull=False)
        .select_related("published_by", "reverts")
        .annotate(cell_count=Count("cells"))
        .order_by("-published_at", "-number")
    )
    page = Paginator(rows, VERSIONS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "current": plan_of(timezone.localdate()), "newest": newest_published(), "draft": the_draft(),
        "is_hq": request.user.is_hq,
    }  # fmt: skip
    return render_page(request, "communities/plan/versions.html", context, partial="rows")


@require_POST
@login_required
def revert(request: StaffRequest, pk: int) -> HttpResponse:
    """Begin a draft with an older version's cells."""
    refuse_all_but_hq(request)
    version = get_object_or_404(PlanVersion, pk=pk)
    try:
        drafts.revert_to(version=version, by=request.user, at=timezone.now())
    except PlanRefused as refused:
        messages.warning(request, str(refused))
        return redirect("plan:versions")
    messages.success(request, f"已用 v{version.number} 的内容做成草稿，核对影响后发布才会生效")
    return redirect("plan:publish")


def _day(text: str, *, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise
