"""One member: who she is, what she agreed to, what she buys and when."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from members.masking import masked
from members.models import Consent, Contact, Identity, Member
from members.selectors import habits
from members.selectors.consents import consent_state
from members.selectors.merges import merges_of, told
from members.selectors.receipts import recent_receipts
from members.selectors.scope import purchases_for, sees_whole_chain
from members.services.consents import record_consent
from members.services.reveals import DAILY_LIMIT, RevealLimitReached, RevealNotAllowed, may_reveal, reveal_identity
from members.views.access import Moved, address_of, member_or_404
from stores.partials import render_page
from stores.requests import StaffRequest

_HISTORY = 20


@require_GET
@login_required
def member_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """The member's page; an absorbed member's old address leads to the survivor."""
    user, now = request.user, timezone.now()
    try:
        member = member_or_404(request, pk)
    except Moved as moved:
        return redirect("members:detail", pk=moved.survivor)
    lines = purchases_for(user).filter(member=member)
    months, usual = habits.months(lines, until=now), habits.usual(lines)
    identities = Identity.objects.filter(member=member).order_by("kind", "pk")
    context = {
        "member": member,
        "identities": [(identity, masked(identity)) for identity in identities],
        "may_reveal": may_reveal(user=user, member=member),
        "contacts": Contact.objects.filter(member=member).select_related("staff", "staff__store").order_by("added_at"),
        "totals": habits.totals(lines),
        "months": months,
        "month_bars": _month_bars(months),
        "usual": usual,
        "weekday_bars": list(zip(habits.WEEKDAYS, usual.by_weekday, strict=True)),
        "favourites": habits.favourites(lines),
        "receipts": recent_receipts(lines),
        "merges": told(merges_of(member)),
        "own_stores_only": not sees_whole_chain(user),
        **_consents(member),
    }
    response = render(request, "members/detail.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _month_bars(months: list[habits.Month]) -> list[tuple[str, float]]:
    return [(f"{month.first_day.month}月", float(Decimal(month.net_fen) / 100)) for month in months]


def _consents(member: Member) -> dict[str, Any]:
    standing = consent_state(member)
    return {
        "consents": [(purpose, label, standing[purpose]) for purpose, label in Consent.Purpose.choices],
        "consent_history": Consent.objects.filter(member=member).order_by("-at", "-pk")[:_HISTORY],
    }


@require_POST
@login_required
def reveal(request: StaffRequest, pk: int, identity_pk: int) -> HttpResponse:
    """A full number, once, to those who may; every look is audited."""
    user, member = request.user, member_or_404(request, pk)
    identity = get_object_or_404(Identity.objects.select_related("member__home_store"), pk=identity_pk, member=member)
    context: dict[str, Any] = {"identity": identity, "member": member}
    status = 200
    try:
        context["value"] = reveal_identity(identity=identity, by=user, at=timezone.now(), address=address_of(request))
    except RevealNotAllowed:
        context["problem"], status = "只有总部和归属门店的店长可以查看完整号码", 403
    except RevealLimitReached:
        context["problem"], status = f"今天已经查看了 {DAILY_LIMIT} 个号码，到上限了，请明天再看", 422
    response = render_page(request, "members/revealed.html", context, partial="number")
    response.status_code = status
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def consent(request: StaffRequest, pk: int) -> HttpResponse:
    """Note what the member said, as staff heard it."""
    user, member = request.user, member_or_404(request, pk)
    try:
        record_consent(
            member=member, purpose=request.POST.get("purpose", ""), decision=request.POST.get("decision", ""),
            source=f"员工登记：{user.name}", at=timezone.now(),
        )  # fmt: skip
    except ValueError:
        return HttpResponseBadRequest("不认识的用途或决定")
    if not getattr(request, "htmx", False):
        return redirect("members:detail", pk=member.pk)
    return render_page(request, "members/detail.html", {"member": member, **_consents(member)}, partial="consents")
