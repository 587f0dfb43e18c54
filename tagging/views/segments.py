"""Segments: the list, who is in one and why, and taking them along."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from members.selectors.exporting import COLUMNS, EXPORT_CAP, export_rows
from members.selectors.listing import member_rows
from members.views.access import address_of, member_or_404
from stores.downloads import table_download
from stores.models import Staff
from stores.requests import StaffRequest
from stores.services.auditing import audit
from tagging.models import Segment
from tagging.segmenting import rules as ruling
from tagging.segmenting.kinds import Scope
from tagging.selectors.segments import may_change, members_in, reach_of, segments_for
from tagging.services import segments as services
from tagging.services.tags import make_tag

_SHOWN = 20


@require_GET
@login_required
def segment_list(request: StaffRequest) -> HttpResponse:
    """One's own segments and the chain's, each in words."""
    rows = segments_for(request.user).select_related("store", "by").order_by("-changed_at", "-pk")[:200]
    context = {
        "rows": [(segment, _words(segment)) for segment in rows],
        "may_make": request.user.role in {Staff.Role.HQ, Staff.Role.MANAGER},
    }
    return render(request, "tagging/segments.html", context)


def _words(segment: Segment) -> str:
    return ruling.sentence(segment.rules)


def _segment(request: StaffRequest, pk: int, *, change: bool = False) -> Segment:
    segment = get_object_or_404(segments_for(request.user).select_related("store", "by"), pk=pk)
    if change and not may_change(request.user, segment):
        raise Http404("没有这个页面")
    return segment


@require_GET
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """Who is in it now, of one's own stores."""
    user, at, segment = request.user, timezone.now(), _segment(request, pk)
    found = list(
        members_in(user, segment.rules, at=at).select_related("home_store").order_by("-joined_at", "-pk")[:_SHOWN]
    )
    context = {
        "segment": segment, "sentence": _words(segment), "reach": reach_of(user, segment.rules, at=at),
        "rows": member_rows(user, found, at=at), "may_change": may_change(user, segment),
        "snapshots": segment.snapshots.filter(by=user).order_by("-taken_at")[:5],
    }  # fmt: skip
    response = render(request, "tagging/segment.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
@login_required
def why(request: StaffRequest, pk: int, member: int) -> HttpResponse:
    """Why is she in, or not: each rule with its answer."""
    segment, person = _segment(request, pk), member_or_404(request, member)
    is_in, groups = ruling.explained(segment.rules, person, Scope(request.user, timezone.now()))
    context = {"segment": segment, "member": person, "is_in": is_in, "groups": groups}
    return render(request, "tagging/why.html", context)


@require_POST
@login_required
def snapshot(request: StaffRequest, pk: int) -> HttpResponse:
    """Freeze who is in it now."""
    taken = services.take_snapshot(segment=_segment(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已存下 {taken.size} 位会员的名单")
    return redirect("segments:detail", pk=pk)


@require_POST
@login_required
def archive(request: StaffRequest, pk: int) -> HttpResponse:
    services.archive_segment(segment=_segment(request, pk, change=True), at=timezone.now())
    messages.success(request, "人群已停用")
    return redirect("segments:list")


@require_POST
@login_required
def tag(request: StaffRequest, pk: int) -> HttpResponse:
    """Make a tag that follows the segment's rules; HQ's business, for tags are the chain's."""
    segment = _segment(request, pk, change=True)
    if not request.user.is_hq:
        raise Http404("没有这个页面")
    days = request.POST.get("days", "").strip()
    if days and not (days.isascii() and days.isdigit() and len(days) < 6):  # noqa: PLR2004 -- digits
        messages.error(request, "有效天数请填整数")
        return redirect("segments:detail", pk=pk)
    try:
        made = make_tag(
            group=request.POST.get("group", ""), name=request.POST.get("name", ""), rules=segment.rules,
            lasts_days=int(days) if days else None, by=request.user, at=timezone.now(),
        )  # fmt: skip
    except ruling.RuleRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"标签“{made}”已建好，每天清晨自动打上")
    return redirect("segments:detail", pk=pk)


@require_GET
@login_required
def export(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Everybody in it, masked, at most a hundred thousand; in the audit trail."""
    user, at, segment = request.user, timezone.now(), _segment(request, pk)
    members = members_in(user, segment.rules, at=at)
    count = members.order_by()[: EXPORT_CAP + 1].count()
    if count > EXPORT_CAP:
        messages.error(request, f"一次最多导出 {EXPORT_CAP:,} 位会员，请再加条件")
        return redirect("segments:detail", pk=pk)
    audit(
        actor=user, action="segment.exported", at=at, target=f"segment:{segment.pk}", store=user.store,
        address=address_of(request), detail={"rows": count, "rules": segment.rules},
    )  # fmt: skip
    name = f"{segment.name}_{timezone.localtime(at):%Y%m%d_%H%M}"
    return table_download(request, "csv", COLUMNS, export_rows(user, members, at=at), name=name, title=segment.name)
