"""价值 on a member's page: stage, RFM, whether she still comes, what is to be expected."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from members.selectors.scope import sees_whole_chain
from members.views.access import member_or_404
from stores.requests import StaffRequest
from tagging.models import MemberValue


@require_GET
@login_required
def member(request: StaffRequest, pk: int) -> HttpResponse:
    """The panel. It rests on purchases in every store, so sums are for those who see every store."""
    person = member_or_404(request, pk)
    value = MemberValue.objects.filter(pk=person.pk).first()
    scores = [("最近", value.recency), ("次数", value.frequency), ("金额", value.monetary)] if value else []
    context = {"member": person, "value": value, "scores": scores, "sees_money": sees_whole_chain(request.user)}
    response = render(request, "tagging/member_value.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
