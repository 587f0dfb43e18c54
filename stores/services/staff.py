"""Staff accounts: a new password, and the day someone leaves."""

from datetime import datetime

from django.db import transaction

from stores.models import Staff
from stores.services.auditing import audit


@transaction.atomic
def change_password(*, staff: Staff, password: str, actor: Staff, at: datetime) -> None:
    """Set a password that was already checked; every session opened with the old one ends."""
    staff.set_password(password)
    staff.save(update_fields=["password"])
    audit(actor=actor, action="staff.password_changed", target=f"staff:{staff.pk}", store=staff.store, at=at)


@transaction.atomic
def end_employment(*, staff: Staff, actor: Staff | None, at: datetime) -> None:
    """Take away all access at once: the next request of any open session is refused. Safe to repeat.

    `actor` is None where WeCom said so.
    """
    left = Staff.objects.filter(pk=staff.pk, is_active=True).update(is_active=False, is_staff=False, is_superuser=False)
    staff.is_active = staff.is_staff = staff.is_superuser = False
    if left:
        audit(actor=actor, action="staff.left", target=f"staff:{staff.pk}", store=staff.store, at=at)
