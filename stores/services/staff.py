"""Staff accounts: a new password, and the day someone leaves."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from stores.models import ApiToken, Staff
from stores.services.auditing import audit
from stores.services.second_factor import reset_second_factor


@transaction.atomic
def change_password(*, staff: Staff, password: str, actor: Staff, at: datetime) -> None:
    """Set a password that was already checked; every session opened with the old one ends."""
    staff.set_password(password)
    staff.save(update_fields=["password"])
    audit(actor=actor, action="staff.password_changed", target=f"staff:{staff.pk}", store=staff.store, at=at)


@transaction.atomic
def end_employment(*, staff: Staff, actor: Staff | None, at: datetime) -> None:
    """Take away all access at once: the next request of any open session or key is refused. Safe to repeat.

    Whoever comes back later starts afresh: sessions, keys, password and second factor do not come back with her.
    `actor` is None where WeCom said so.
    """
    # A new unusable password also changes what every session is checked against.
    password = make_password(None)
    left = Staff.objects.filter(pk=staff.pk, is_active=True).update(
        is_active=False, is_staff=False, is_superuser=False, password=password
    )
    staff.is_active = staff.is_staff = staff.is_superuser = False
    if left:
        staff.password = password
        ApiToken.objects.filter(staff=staff, revoked_at=None).update(revoked_at=at)
        reset_second_factor(staff=staff, actor=actor, at=at)
        audit(actor=actor, action="staff.left", target=f"staff:{staff.pk}", store=staff.store, at=at)
