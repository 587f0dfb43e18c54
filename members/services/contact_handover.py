"""Contacts after a hand-over that WeCom has completed: no full reading is needed to see it here."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from members.models import Contact
from stores.models import Staff

ASSIGNED = 202  # WeCom's add_way of a customer assigned by an administrator


@transaction.atomic
def hand_over_contacts(*, members: Mapping[int, datetime], giver: Staff | None, taker: Staff, at: datetime) -> None:
    """These members are the taker's customers since the moment given, and the giver's no more. Safe to repeat."""
    mine = Contact.objects.filter(member_id__in=members, ended_at=None)
    if giver is not None:
        mine.filter(staff=giver).update(ended_at=at, mirrored_at=at)
    known = {
        row.member_id: row
        for row in Contact.objects.select_for_update().filter(member_id__in=members, staff=taker).order_by("pk")
    }
    Contact.objects.bulk_create(
        [
            Contact(member_id=member, staff=taker, added_at=since, add_way=ASSIGNED, mirrored_at=at)
            for member, since in members.items() if member not in known
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    revived = [row for row in known.values() if row.ended_at is not None]
    for row in revived:
        row.added_at, row.ended_at, row.add_way, row.mirrored_at = members[row.member_id], None, ASSIGNED, at
    Contact.objects.bulk_update(revived, ["added_at", "ended_at", "add_way", "mirrored_at"])
