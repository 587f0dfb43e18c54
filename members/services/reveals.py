"""Show a full phone or card number: to few, seldom, and never unnoticed."""

from datetime import datetime, time

from django.db import transaction
from django.utils import timezone

from members.identities import decrypt
from members.models import Identity, Member
from stores.models import AuditEntry, Staff
from stores.services.auditing import audit

ACTION = "identity.revealed"
DAILY_LIMIT = 60


class RevealNotAllowed(Exception):
    """Only HQ and the manager of the member's home store may see full numbers."""


class RevealLimitReached(Exception):
    """One person has looked at as many numbers today as anyone may."""


def may_reveal(*, user: Staff, member: Member) -> bool:
    """Whether this person may see the member's full numbers at all."""
    return user.is_hq or (user.role == Staff.Role.MANAGER and user.store_id == member.home_store_id)


@transaction.atomic
def reveal_identity(*, identity: Identity, by: Staff, at: datetime, address: str | None = None) -> str:
    """The full value of one id; each look is audited and counts against the day's limit (Asia/Shanghai).

    :raises RevealNotAllowed: the person's role or store does not permit it
    :raises RevealLimitReached: the day's looks are used up
    """
    member = identity.member
    if not may_reveal(user=by, member=member):
        raise RevealNotAllowed
    Staff.objects.select_for_update().get(pk=by.pk)  # two looks at once count as two
    day_starts = timezone.make_aware(datetime.combine(timezone.localdate(at), time.min))
    looked = AuditEntry.objects.filter(actor=by, action=ACTION, at__gte=day_starts).count()
    if looked >= DAILY_LIMIT:
        raise RevealLimitReached
    audit(
        actor=by, action=ACTION, at=at, target=f"member:{member.pk}", store=member.home_store, address=address,
        detail={"identity": identity.pk, "kind": identity.kind},
    )  # fmt: skip
    return decrypt(identity.value_encrypted)
