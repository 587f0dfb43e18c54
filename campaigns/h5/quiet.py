"""The leave-me-alone page: one tap, and it holds everywhere, since everybody who sends asks the consent ledger."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.h5.pages import member_page
from campaigns.h5.session import MemberRequest
from members.models import Consent
from members.selectors.consents import consent_state
from members.services.consents import record_consent

_PURPOSES = (Consent.Purpose.MARKETING, Consent.Purpose.PROFILING, Consent.Purpose.PHONE)


@require_http_methods(["GET", "POST"])
@member_page
def quiet(request: MemberRequest) -> HttpResponse:
    """What we may and may not do for this member, each with a switch; or all off at once."""
    if request.method == "POST":
        wanted = request.POST.get("purpose", "")
        purposes = [each for each in _PURPOSES if wanted in {"all", each}]
        decision = Consent.Decision.GRANTED if request.POST.get("on") else Consent.Decision.WITHDRAWN
        for purpose in purposes:
            record_consent(
                member=request.member, purpose=purpose, decision=decision, source="h5", at=timezone.now()
            )  # fmt: skip
        return redirect("h5:quiet")
    state = consent_state(request.member)
    rows = [
        (each, entry, entry is not None and entry.decision == Consent.Decision.WITHDRAWN)
        for each in _PURPOSES
        for entry in [state[each]]
    ]
    return render(request, "h5/quiet.html", {"rows": rows, "is_silent": all(refused for _, _, refused in rows)})
