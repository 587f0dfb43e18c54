"""Which member of staff knows which member."""

from datetime import datetime

from django.db import transaction

from members.models import Contact, Member
from stores.models import Staff


@transaction.atomic
def record_contact(*, member: Member, staff: Staff, at: datetime, remark: str = "") -> Contact:
    """Note that staff and member are in contact; an ended contact lives again, since its first day."""
    contact, created = Contact.objects.get_or_create(
        member=member, staff=staff, defaults={"added_at": at, "remark": remark}
    )
    if not created and (contact.ended_at is not None or at < contact.added_at or (remark and remark != contact.remark)):
        contact = Contact.objects.select_for_update().get(pk=contact.pk)
        contact.added_at = min(contact.added_at, at)
        contact.ended_at = None
        contact.remark = remark or contact.remark
        contact.save(update_fields=["added_at", "ended_at", "remark"])
    return contact


def end_contact(*, member: Member, staff: Staff, at: datetime) -> bool:
    """Note that the contact ended; False where there was no live one, so repeating is harmless."""
    live = Contact.objects.filter(member=member, staff=staff, ended_at=None)
    return bool(live.update(ended_at=at))
