"""What a member agreed to, as the ledger stands."""

from members.models import Consent, Member


def consent_state(member: Member) -> dict[str, Consent | None]:
    """The newest entry of each purpose, None where she was never asked; of one moment the later written."""
    newest = {
        entry.purpose: entry
        for entry in Consent.objects.filter(member=member)
        .order_by("purpose", "-at", "-pk")
        .distinct("purpose")
    }  # fmt: skip
    return {purpose: newest.get(purpose) for purpose in Consent.Purpose.values}


def has_consent(*, member: Member, purpose: str) -> bool:
    """Whether the member agreed and did not take it back; never asked is no."""
    entry = consent_state(member)[purpose]
    return entry is not None and entry.decision == Consent.Decision.GRANTED
