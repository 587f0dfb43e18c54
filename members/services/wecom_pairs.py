"""Contacts, member × colleague, as WeCom lists them; and what a listing may not know: whom a customer deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce

from members.identities import value_hash
from members.models import Contact, CustomerTag
from stores.models import Staff
from wecom.client.customers import ExternalContact, Follow, tags_of

Key = tuple[int, int]  # member, staff
_MIRRORED = ["remark", "state", "add_way", "added_at", "ended_at", "lost_at", "tags", "mirrored_at"]


@dataclass(frozen=True, slots=True)
class SeenContact:
    """One customer of one member of staff, as WeCom shows her."""

    contact: ExternalContact
    follow: Follow

    @property
    def userid(self) -> str:
        return self.follow["userid"].lower()

    @property
    def added_at(self) -> datetime | None:
        moment = self.follow.get("createtime")
        return None if moment is None else datetime.fromtimestamp(moment, UTC)


@dataclass(slots=True)
class Applied:
    """What a page changed: members by external_userid, and the keys of contacts.

    `strangers` are members of WeCom who are not our staff.
    """

    members: dict[str, int] = field(default_factory=dict)
    added: list[int] = field(default_factory=list)
    revived: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    reviews: int = 0
    strangers: set[str] = field(default_factory=set)


def end_contacts(*, external_userid: str, corp_id: str, userids: Iterable[str], read_at: datetime, at: datetime) -> int:
    """These colleagues no longer have this customer, as WeCom said at `read_at`. Returns how many contacts ended."""
    known = _pairs(external_userid, userids, corp_id).filter(ended_at=None, mirrored_at__lte=read_at)
    ids = list(known.values_list("pk", flat=True))
    return Contact.objects.filter(pk__in=ids, ended_at=None).update(ended_at=at, mirrored_at=read_at)


@transaction.atomic
def lose_contact(*, external_userid: str, corp_id: str, userid: str, lost_at: datetime) -> int:
    """The customer deleted this colleague at `lost_at`, as an event told; he may go on being listed with her.

    Unless she added him again since: only a listing that began later brings the contact back. Returns how many ended.
    """
    known = _pairs(external_userid, [userid], corp_id).filter(added_at__lt=lost_at)
    older = known.filter(Q(lost_at=None) | Q(lost_at__lt=lost_at))
    ids = list(older.values_list("pk", flat=True))
    return Contact.objects.filter(pk__in=ids).update(
        lost_at=lost_at, ended_at=Coalesce("ended_at", Value(lost_at))
    )  # fmt: skip


def forgive_loss(*, external_userid: str, corp_id: str, userid: str, added_at: datetime) -> int:
    """She added this colleague again at `added_at`, as an event told: what is listed counts again."""
    known = _pairs(external_userid, [userid], corp_id).filter(lost_at__lte=added_at)
    return Contact.objects.filter(pk__in=list(known.values_list("pk", flat=True))).update(lost_at=None)


def is_read_since(*, external_userid: str, corp_id: str, userid: str, since: datetime) -> bool:
    """Whether WeCom was asked about this pair after a moment."""
    return _pairs(external_userid, [userid], corp_id).filter(mirrored_at__gt=since).exists()


def end_unseen(*, userids: Sequence[str], since: datetime, at: datetime) -> list[int]:
    """End what a full reading that began at `since` did not meet among these colleagues. Returns the contacts."""
    unseen = Contact.objects.filter(staff__wecom_userid__in=userids, ended_at=None, mirrored_at__lt=since)
    gone = sorted(unseen.values_list("pk", flat=True))
    Contact.objects.filter(pk__in=gone, ended_at=None).update(ended_at=at, mirrored_at=at)
    return gone


def settle(
    seen: Sequence[SeenContact], staff: dict[str, Staff], applied: Applied, *, read_at: datetime, at: datetime
) -> None:
    """Make the contacts of one page what WeCom lists, and note in `applied` what that changed."""
    wanted = {(applied.members[one.contact["external_userid"]], staff[one.userid].pk): one for one in seen}
    known = {
        (row.member_id, row.staff_id): row
        for row in Contact.objects.select_for_update().filter(
            member_id__in={member for member, _ in wanted}, staff_id__in={person for _, person in wanted}
        ).order_by("pk")
    }  # fmt: skip
    new = [_contact(key, one, read_at=read_at, at=at) for key, one in wanted.items() if key not in known]
    applied.added = [row.pk for row in Contact.objects.bulk_create(new)]
    same: list[int] = []
    changed: list[Contact] = []
    gone_tags = _gone_tags(known.values())
    for key, one in wanted.items():
        row = known.get(key)
        if row is None or (row.mirrored_at is not None and row.mirrored_at > read_at):
            continue
        outcome = _update(row, one, gone_tags=gone_tags, read_at=read_at)
        if outcome is None:
            same.append(row.pk)
            continue
        changed.append(row)
        if outcome != "tidied":
            (applied.revived if outcome == "revived" else applied.changed).append(row.pk)
    Contact.objects.bulk_update(changed, _MIRRORED)
    Contact.objects.filter(pk__in=same).update(mirrored_at=read_at)


def _pairs(external_userid: str, userids: Iterable[str], corp_id: str) -> QuerySet[Contact]:
    who = value_hash(kind="external_userid", value=external_userid, issuer=corp_id)
    staff = [userid.lower() for userid in userids]
    return Contact.objects.filter(member__identities__value_hash=who, staff__wecom_userid__in=staff)


def _gone_tags(rows: Iterable[Contact]) -> frozenset[str]:
    """What these contacts still carry of tags that are known to be deleted: their deletion told of it already."""
    carried = {tag for row in rows for tag in row.tags}
    return frozenset(CustomerTag.objects.filter(pk__in=carried, deleted_at__isnull=False).values_list("pk", flat=True))


def _contact(key: Key, one: SeenContact, *, read_at: datetime, at: datetime) -> Contact:
    member_id, staff_id = key
    row = Contact(member_id=member_id, staff_id=staff_id, added_at=at)
    _update(row, one, gone_tags=frozenset(), read_at=read_at)
    return row


def _update(
    row: Contact, one: SeenContact, *, gone_tags: frozenset[str], read_at: datetime
) -> Literal["revived", "changed", "tidied"] | None:
    """What became of the row; "tidied" if it only lost ids of tags that are gone."""
    if row.lost_at is not None and (one.added_at is None or one.added_at < row.lost_at):
        return None  # listed still, although she deleted him
    was_ended = row.ended_at is not None
    carried = row.tags
    before = (row.remark, row.state, row.add_way, row.added_at, [tag for tag in carried if tag not in gone_tags])
    row.remark = one.follow.get("remark", "")[:64]
    row.state = one.follow.get("state", "")[:64]
    row.add_way = one.follow.get("add_way")
    row.added_at = one.added_at or row.added_at
    row.tags = tags_of(one.follow)
    row.ended_at, row.lost_at, row.mirrored_at = None, None, read_at
    if was_ended:
        return "revived"
    if before != (row.remark, row.state, row.add_way, row.added_at, row.tags):
        return "changed"
    return None if carried == row.tags else "tidied"
