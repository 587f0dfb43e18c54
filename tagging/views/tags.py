"""标签: the chain's groups of tags, made and named by HQ, and which of them stand in 企业微信 too."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from stores.requests import StaffRequest
from tagging.models import Tag
from tagging.segmenting.rules import RuleRefused
from tagging.selectors.tags import refused_marks, tag_groups
from tagging.services.mirroring import groups
from tagging.services.tags import make_tag
from wecom.configuration import is_configured


@require_GET
@login_required
def tag_list(request: StaffRequest) -> HttpResponse:
    """All groups; those without a rule are put on by people and questionnaires."""
    _hq_only(request)
    return render(request, "tagging/tags.html", {
        "groups": tag_groups(), "refused": refused_marks(), "reaches_wecom": is_configured(),
    })  # fmt: skip


@require_POST
@login_required
def make(request: StaffRequest) -> HttpResponse:
    """A tag without a rule, put on by hand or by a questionnaire."""
    _hq_only(request)
    days = request.POST.get("days", "").strip()
    try:
        made = make_tag(
            group=request.POST.get("group", ""), name=request.POST.get("name", ""), rules=None,
            lasts_days=_days(days), by=request.user, at=timezone.now(),
        )  # fmt: skip
    except RuleRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"标签“{made}”已建好")
    return redirect("segments:tags")


@require_POST
@login_required
def change_group(request: StaffRequest) -> HttpResponse:
    """Rename a group, or keep it at WeCom, or not."""
    _hq_only(request)
    group, name = request.POST.get("group", ""), request.POST.get("name", "").strip()
    try:
        if request.POST.get("action") == "rename":
            groups.rename_group(group=group, name=name)
            said = f"标签组已改名为“{name}”"
        else:
            is_on = request.POST.get("action") == "mirror"
            groups.switch_mirror(group=group, is_on=is_on, by=request.user)
            said = f"“{group}”正在同步到企业微信" if is_on else f"“{group}”正在从企业微信撤下"
    except RuleRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("segments:tags")


@require_POST
@login_required
def change_tag(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename a tag, or put it away."""
    _hq_only(request)
    tag = get_object_or_404(Tag.objects.filter(archived_at=None), pk=pk)
    if request.POST.get("action") == "archive":
        groups.archive_tag(tag=tag, at=timezone.now())
        messages.success(request, f"标签“{tag}”已停用，会员身上的明早去掉")
        return redirect("segments:tags")
    try:
        groups.rename_tag(tag=tag, name=request.POST.get("name", ""))
    except RuleRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已改名为“{tag.name}”")
    return redirect("segments:tags")


def _hq_only(request: StaffRequest) -> None:
    if not request.user.is_hq:
        raise Http404("没有这个页面")


def _days(text: str) -> int | None:
    """:raises RuleRefused: not a number of days"""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):  # noqa: PLR2004 -- digits
        raise RuleRefused("有效天数请填整数")
    return int(text)
