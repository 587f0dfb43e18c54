"""The consent ledger: entries are added, never changed."""

from datetime import datetime

from django.db import transaction

from members.models import Consent, Member
from members.selectors.consents import consent_state

# The wording that was put before the member; a new wording gets a new name and asks again.
CURRENT_TEXT = "2026-11"


@transaction.atomic
def record_consent(
    *, member: Member, purpose: str, decision: str, source: str, at: datetime, text_version: str = CURRENT_TEXT
) -> Consent:
    """Add a decision to the ledger; the same decision on the same text again returns the entry that holds.

    :raises ValueError: the purpose or the decision is unknown
    """
    purpose, decision = Consent.Purpose(purpose).value, Consent.Decision(decision).value
    Member.objects.select_for_update().get(pk=member.pk)  # two clicks at once write one entry
    standing = consent_state(member)[purpose]
    if standing is not None and (standing.decision, standing.text_version) == (decision, text_version):
        return standing
    return Consent.objects.create(
        member=member, purpose=purpose, decision=decision, source=source, text_version=text_version, at=at
    )
