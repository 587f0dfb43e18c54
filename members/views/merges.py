"""Two members are one person: find the other, compare, confirm; and the record of all that was merged."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from members.forms import MergeForm
from members.models import Member
from members.selectors import habits
from members.selectors.listing import member_rows
from members.selectors.merges import merges_for, told
from members.selectors.scope import members_for, purchases_for
from members.selectors.search import MemberFilter, find_members
from members.services.merging import merge_members
from members.views.access import Moved, member_or_404
from stores.requests import StaffRequest

_CANDIDATES = 6
_PER_PAGE = 25


@require_GET
@login_required
def merge_list(request: StaffRequest) -> HttpResponse:
    """合并记录: who was merged into whom, when, by whom, why, and what moved."""
    merges = merges_for(request.user).order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        merges = merges.filter(pk__lt=int(before[:18]))
    stories = told(merges[: _PER_PAGE + 1])
    more = stories[_PER_PAGE - 1].merge.pk if len(stories) > _PER_PAGE else None
    context = {"stories": stories[:_PER_PAGE], "next_before": more, "before": before}
    return render(request, "members/merges.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def merge(request: StaffRequest, pk: int) -> HttpResponse:
    """HQ merges another member into this one: without `with` it asks for the other, with it both stand side by side."""
    user = request.user
    kept = _kept_or_404(request, pk)
    if isinstance(kept, HttpResponse):
        return kept
    other_key = request.POST.get("with") or request.GET.get("with") or ""
    if not other_key:
        return render(request, "members/merge.html", {"member": kept})
    if not (other_key.isascii() and other_key.isdigit()):
        raise Http404("没有这位会员")
    other = get_object_or_404(
        members_for(user).select_related("home_store").exclude(pk=kept.pk), pk=int(other_key[:18])
    )
    form = MergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        merge_members(
            kept=kept, absorbed=other, reason=form.cleaned_data["reason"], evidence={"chosen_by": "总部人工核对"},
            by=user, at=timezone.now(),
        )  # fmt: skip
        messages.success(request, "已合并为一位会员，依据和移动的数据见页面下方的合并记录")
        return redirect("members:detail", pk=kept.pk)
    context = {"member": kept, "other": other, "sides": _sides(request, kept, other), "form": form}
    return render(request, "members/merge.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def merge_find(request: StaffRequest, pk: int) -> HttpResponse:
    """Find the other member by what HQ typed; one match goes straight to the comparison."""
    user = request.user
    kept = _kept_or_404(request, pk)
    if isinstance(kept, HttpResponse):
        return kept
    text = request.POST.get("q", "").strip()[:64]
    found: list[Member] = []
    if text:
        matches = find_members(user, MemberFilter(text=text)).exclude(pk=kept.pk)
        found = list(matches.select_related("home_store").order_by("-joined_at", "-pk")[:_CANDIDATES])
    if len(found) == 1:
        response = redirect("members:merge", pk=kept.pk)
        response["Location"] += f"?with={found[0].pk}"
        return response
    context = {"member": kept, "text": text, "candidates": member_rows(user, found, at=timezone.now()), "asked": True}
    return render(request, "members/merge.html", context, status=200 if found else 422)


def _kept_or_404(request: StaffRequest, pk: int) -> Member | HttpResponse:
    if not request.user.is_hq:
        raise Http404("没有这个页面")
    try:
        return member_or_404(request, pk)
    except Moved as moved:
        return redirect("members:detail", pk=moved.survivor)


def _sides(request: StaffRequest, kept: Member, other: Member) -> list[dict[str, Any]]:
    user = request.user
    rows = member_rows(user, [kept, other], at=timezone.now())
    return [{"row": row, "totals": habits.totals(purchases_for(user).filter(member=row.member))} for row in rows]
