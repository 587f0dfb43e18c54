"""价值和标签 on a member's page: stage, RFM, whether she still comes, what is to be expected, and what she wears."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from members.models import Member
from members.selectors.scope import sees_whole_chain
from members.views.access import member_or_404
from stores.requests import StaffRequest
from tagging.models import MemberTag, MemberValue, Tag
from tagging.services import tags


@require_GET
@login_required
def member(request: StaffRequest, pk: int) -> HttpResponse:
    """The panel. It rests on purchases in every store, so sums are for those who see every store."""
    return _panel(request, member_or_404(request, pk))


@require_POST
@login_required
def wear(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a tag on by hand, or take one off."""
    person, number = member_or_404(request, pk), request.POST.get("tag", "")
    known = Tag.objects.filter(archived_at=None)
    tag = get_object_or_404(known, pk=int(number[:18]) if number.isascii() and number.isdigit() else 0)
    if request.POST.get("off"):
        tags.take_off(member=person, tag=tag, by=request.user, at=timezone.now())
    else:
        tags.put_on(member=person, tag=tag, source=MemberTag.Source.STAFF, by=request.user, at=timezone.now())
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("members:detail", pk=person.pk)
    return _panel(request, person)


def _panel(request: StaffRequest, person: Member) -> HttpResponse:
    value = MemberValue.objects.filter(pk=person.pk).first()
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    worn = list(
        MemberTag.objects.filter(live, member=person, tag__archived_at=None)
        .select_related("tag")
        .order_by("tag__group", "tag")
    )
    others = Tag.objects.filter(archived_at=None).exclude(pk__in=[one.tag_id for one in worn]).order_by("group", "name")
    context = {
        "member": person, "value": value, "sees_money": sees_whole_chain(request.user), "worn": worn, "others": others,
        "scores": [("最近", value.recency), ("次数", value.frequency), ("金额", value.monetary)] if value else [],
    }  # fmt: skip
    response = render(request, "tagging/member_value.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
