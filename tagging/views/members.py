"""One member's taste: a card on her page, and a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from members.models import Consent
from members.views.access import Moved, member_or_404
from stores.partials import render_page
from tagging.models import AXIS_LIMIT
from tagging.selectors.recommendations import profile_of
from tagging.selectors.shelves import opted_out

if TYPE_CHECKING:
    from django.http import HttpResponse

    from stores.requests import StaffRequest


@require_GET
@login_required
def member_taste(request: StaffRequest, pk: int) -> HttpResponse:
    """What she likes, why we think so, and what to offer her."""
    try:
        member = member_or_404(request, pk)
    except Moved as moved:
        return redirect("tastes:member", pk=moved.survivor)
    today = timezone.localdate()
    profile = profile_of(member, today=today)
    context = {
        "member": member, "profile": profile, "today": today,
        "opted_out": bool(opted_out(members=[member.pk], purpose=Consent.Purpose.PROFILING)),
        "radar": profile and {
            "categories": [axis.words.name for axis in profile.axes], "most": AXIS_LIMIT, "unit": "分",
            "series": [
                {"name": "她买的", "values": [axis.value for axis in profile.axes]},
                {"name": "大家买的", "values": [round(axis.usual, 1) for axis in profile.axes]},
            ],
        },
    }  # fmt: skip
    response = render_page(request, "tagging/member.html", context, partial="card")
    response["Cache-Control"] = "private, no-store"
    return response
