"""The ledger of touches and of complaints: what restraint counts. Every app that addresses a member writes here."""

from datetime import datetime

from django.db import transaction

from members.models import Member
from stores.models import Staff, Store
from tagging.models import Complaint, MemberFact, Talk, Touch
from tagging.restraint import WEEKDAYS


def record_touch(
    *, member_id: int, store_id: int | None, staff: Staff | None, channel: str, key: str, at: datetime
) -> None:
    """Note that a member was personally addressed; the same key counts once. :raises ValueError: unknown channel"""
    touch = Touch(member_id=member_id, store_id=store_id, staff=staff, channel=Touch.Channel(channel), key=key, at=at)
    Touch.objects.bulk_create([touch], ignore_conflicts=True)


def record_complaint(*, member: Member, store: Store, note: str, by: Staff | None, at: datetime) -> Complaint:
    """Note a complaint. :raises ValueError: it says nothing"""
    if not note.strip():
        raise ValueError(note)
    return Complaint.objects.create(member=member, store=store, note=note.strip()[:200], by=by, at=at)


def settle_complaint(*, complaint: Complaint, at: datetime) -> None:
    """The complaint is dealt with; a second tap changes nothing."""
    Complaint.objects.filter(pk=complaint.pk, settled_at=None).update(settled_at=at)


def record_fact(*, member: Member, key: str, value: str, source: str, by: Staff | None, at: datetime) -> None:
    """What a member said of herself; an empty value takes it back.

    :raises ValueError: unknown key, or no such weekday
    """
    key, value = MemberFact.Key(key).value, value.strip()[:32]
    if not value:
        MemberFact.objects.filter(member=member, key=key).delete()
        return
    if key == MemberFact.Key.WEEKDAY and value not in WEEKDAYS:
        raise ValueError(value)
    MemberFact.objects.update_or_create(
        member=member, key=key, defaults={"value": value, "source": source[:64], "by": by, "at": at}
    )


@transaction.atomic
def move_to_survivor(*, kept: Member, absorbed: Member) -> int:
    """Give what is known of an absorbed member to the kept one; where both said something, the newer word holds."""
    moved = Touch.objects.filter(member_id=absorbed.pk).update(member_id=kept.pk)
    moved += Complaint.objects.filter(member=absorbed).update(member=kept)
    hers = {fact.key: fact for fact in MemberFact.objects.filter(member=kept)}
    for fact in MemberFact.objects.filter(member=absorbed):
        mine = hers.get(fact.key)
        if mine is not None and mine.at >= fact.at:
            fact.delete()
            continue
        if mine is not None:
            mine.delete()
        MemberFact.objects.filter(pk=fact.pk).update(member=kept)
        moved += 1
    days = Talk.objects.filter(member=kept).values("day")
    Talk.objects.filter(member=absorbed, day__in=days).delete()
    return moved + Talk.objects.filter(member=absorbed).update(member=kept)
