"""The mirror of one group: a whole reading applied as a difference, a departure, an end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest

from communities.models import CustomerGroup, GroupMembership
from communities.models.groups import CAPACITY
from communities.services import people
from members.models import Identity, Member
from stores.models import Staff
from stores.services.auditing import audit
from stores.services.webhooks.emitting import emit
from wecom.client.groups import Group, GroupMember

_FEWEST = 2
_NEWS = timedelta(days=1)  # who was found in a group after longer than this is no news to anybody


@dataclass(slots=True)
class Difference:
    """What a reading changed. `is_stale` says that the row knew better, and nothing was applied."""

    is_new: bool = False
    is_changed: bool = False
    is_gone: bool = False
    is_stale: bool = False
    group_id: int = 0
    joined: list[int] = field(default_factory=list)  # stays in the ledger
    left: list[int] = field(default_factory=list)


@transaction.atomic
def apply_group(*, group: Group, corp_id: str, read_at: datetime, at: datetime) -> Difference:
    """Make a group and its ledger what WeCom said at `read_at`, in one transaction. Safe to repeat.

    Whoever is there and was not has joined; whoever was and is not has left. Somebody whose join time moved has
    left and come back. A reading older than the last one applied changes nothing.
    """
    row, is_new = _locked(group["chat_id"])
    if row.read_at is not None and row.read_at >= read_at:
        return Difference(group_id=row.pk, is_stale=True)
    difference = Difference(group_id=row.pk, is_new=is_new, is_changed=_describe(row, group, read_at=read_at))
    _diff_members(row, group["member_list"], difference, corp_id=corp_id, read_at=read_at, at=at)
    row.save()
    return difference


@transaction.atomic
def apply_departures(
    *, chat_id: str, numbers: Iterable[str], quit_scene: int | None, before: str, after: str, left_at: datetime,
    corp_id: str,
) -> bool:  # fmt: skip
    """Note who left, as an event tells it; False where the row is not at the version `before`, and must be read."""
    row = CustomerGroup.objects.select_for_update().filter(chat_id=chat_id).first()
    if row is None or not before or not after or row.member_version != before:
        return False
    went = _live(row).filter(who__in=_keys(numbers, corp_id))
    gone = went.update(left_at=Greatest(F("joined_at"), Value(left_at)), quit_scene=quit_scene)
    row.member_count = max(0, row.member_count - gone)
    row.member_version = after
    row.save(update_fields=["member_count", "member_version"])
    return True


@transaction.atomic
def explain_departures(
    *, chat_id: str, numbers: Iterable[str], quit_scene: int, left_at: datetime, corp_id: str
) -> int:
    """Say how and when those left whose absence a reading noticed before their event came. Returns how many."""
    explained = 0
    for who in _keys(numbers, corp_id):
        unexplained = GroupMembership.objects.filter(
            group__chat_id=chat_id, who=who, left_at__isnull=False, quit_scene=None, joined_at__lte=left_at
        ).order_by("-joined_at")  # fmt: skip
        stay = unexplained.first()
        if stay is not None:
            stay.left_at, stay.quit_scene = left_at, quit_scene
            stay.save(update_fields=["left_at", "quit_scene"])
            explained += 1
    return explained


@transaction.atomic
def dismiss_group(*, chat_id: str, at: datetime) -> Difference:
    """The group is no more: everybody has left it."""
    row, _ = _locked(chat_id)
    if row.dismissed_at is not None:
        return Difference(group_id=row.pk)
    _live(row).update(left_at=Greatest(F("joined_at"), Value(at)))
    row.dismissed_at, row.read_at, row.member_count = at, at, 0
    row.save(update_fields=["dismissed_at", "read_at", "member_count"])
    return Difference(group_id=row.pk, is_gone=True)


def set_handover(*, chat_ids: Iterable[str], handover: int) -> int:
    """Note how far the handing over of these groups is. Returns how many changed."""
    rows = CustomerGroup.objects.filter(chat_id__in=list(chat_ids)).exclude(handover=handover)
    return rows.update(handover=handover)


class CapacityRefused(ValueError):
    """No group holds that many."""


@transaction.atomic
def classify_group(*, group: CustomerGroup, kind: str, capacity: int, by: Staff, at: datetime) -> None:
    """Say what a group is for and how many it may hold, from 2 to WeCom's 500.

    :raises ValueError: the kind is unknown
    :raises CapacityRefused:
    """
    kind = CustomerGroup.Kind(kind).value
    if not _FEWEST <= capacity <= CAPACITY:
        raise CapacityRefused
    changed = CustomerGroup.objects.filter(pk=group.pk).exclude(kind=kind, capacity=capacity)
    if changed.update(kind=kind, capacity=capacity):
        detail = {"kind": kind, "capacity": capacity}
        audit(actor=by, action="group.classify", at=at, target=f"group:{group.pk}", store=group.store, detail=detail)


def link_members(*, limit: int = 5_000) -> int:
    """Give those in groups their member who became known since they joined. Returns how many."""
    linked, last = 0, 0
    while rows := dict(_unlinked().filter(pk__gt=last).order_by("pk").values_list("pk", "who")[:limit]):
        last = max(rows)
        linked += _link(rows)
    return linked


def link_stays(who: Iterable[bytes]) -> int:
    """The same for these people alone, by their hash.

    Called after the commit that made a member known, and after the one that noted the stay: whichever comes second
    finds what the first has written.
    """
    return _link(dict(_unlinked().filter(who__in=list(who)).values_list("pk", "who")))


def _unlinked() -> QuerySet[GroupMembership]:
    return GroupMembership.objects.filter(member=None, is_staff=False, left_at=None)


def _link(rows: Mapping[int, bytes | memoryview]) -> int:
    hashes = [bytes(who) for who in rows.values()]
    known = Identity.objects.filter(value_hash__in=hashes).values_list("value_hash", "member_id") if hashes else ()
    owners = {bytes(key): member for key, member in known}
    found = [GroupMembership(pk=pk, member_id=owners[bytes(who)]) for pk, who in rows.items() if bytes(who) in owners]
    return GroupMembership.objects.bulk_update(found, ["member"], batch_size=1_000) if found else 0


def move_memberships(*, kept: Member, absorbed: Member) -> int:
    """Two members became one: her stays in groups are the survivor's."""
    return GroupMembership.objects.filter(member=absorbed).update(member=kept)


def _locked(chat_id: str) -> tuple[CustomerGroup, bool]:
    _, is_new = CustomerGroup.objects.get_or_create(chat_id=chat_id)
    return CustomerGroup.objects.select_for_update().get(chat_id=chat_id), is_new


def _live(row: CustomerGroup) -> QuerySet[GroupMembership]:
    return GroupMembership.objects.filter(group=row, left_at=None)


def _keys(numbers: Iterable[str], corp_id: str) -> list[bytes]:
    """The hashes of people an event names; it does not say which of them are colleagues."""
    return [people.key_of(number=n, is_staff=kind, corp_id=corp_id) for n in numbers for kind in (False, True)]


def _describe(row: CustomerGroup, group: Group, *, read_at: datetime) -> bool:
    owner_userid = group["owner"].lower()
    before = (row.name, row.owner_userid, row.dismissed_at)
    owner = Staff.objects.filter(wecom_userid=owner_userid).first() if owner_userid else None
    row.name = group.get("name", "")[:128]
    row.owner_userid, row.owner = owner_userid, owner
    if owner is not None and owner.store_id is not None:
        row.store_id = owner.store_id
    created = group.get("create_time")
    row.created_at = row.created_at if created is None else _moment(created)
    row.member_version = group.get("member_version", "")
    row.member_count = len(group["member_list"])
    row.dismissed_at, row.read_at = None, read_at
    return before != (row.name, row.owner_userid, row.dismissed_at)


def _diff_members(
    row: CustomerGroup, found: list[GroupMember], difference: Difference, *, corp_id: str, read_at: datetime,
    at: datetime,
) -> None:  # fmt: skip
    there = {people.key_of_member(one, corp_id=corp_id): one for one in found}
    known = {bytes(who): (pk, joined_at) for pk, who, joined_at in _live(row).values_list("pk", "who", "joined_at")}
    # WeCom's clock has whole seconds.
    returned = [who for who in there.keys() & known.keys() if _joined(there[who], known[who][1]) > known[who][1]]
    gone = [known[who][0] for who in [*(known.keys() - there.keys()), *returned]]
    GroupMembership.objects.filter(pk__in=gone).update(left_at=Greatest(F("joined_at"), Value(read_at)))
    for who in returned:
        # She left before she came back, whenever that was.
        GroupMembership.objects.filter(pk=known[who][0]).update(left_at=_joined(there[who], at))
    new = {who: there[who] for who in [*(there.keys() - known.keys()), *returned]}
    directory = people.look_up(list(new.values()), corp_id=corp_id, at=at)
    rows = [_stay(row, who, one, directory, at=at) for who, one in new.items()]
    GroupMembership.objects.bulk_create(rows, batch_size=1_000)
    if strangers := [bytes(one.who) for one in rows if not one.is_staff and one.member_id is None]:
        transaction.on_commit(partial(link_stays, strangers))
    difference.joined, difference.left = [row.pk for row in rows], gone
    if fresh := [one for one in rows if not one.is_staff and one.joined_at > at - _NEWS]:
        emit(event="member.joined_group", at=at, rows=lambda: [_joined_row(row, one) for one in fresh])


def _joined_row(row: CustomerGroup, one: GroupMembership) -> dict[str, Any]:
    return {
        "group": row.pk, "store": row.store.code if row.store is not None else None, "member": one.member_id,
        "joined_at": one.joined_at.isoformat(), "join_scene": one.join_scene, "state": one.state,
    }  # fmt: skip


def _stay(
    row: CustomerGroup, who: bytes, one: GroupMember, directory: people.Directory, *, at: datetime
) -> GroupMembership:
    return GroupMembership(
        group=row, who=who, is_staff=one["type"] == people.COLLEAGUE,
        member_id=directory.members.get(who), staff_id=directory.staff.get(who),
        joined_at=_joined(one, at), join_scene=one.get("join_scene"),
        inviter=one.get("invitor", {}).get("userid", "").lower()[:64], state=one.get("state", "")[:64],
    )  # fmt: skip


def _joined(one: GroupMember, at: datetime) -> datetime:
    moment = one.get("join_time")
    return at if moment is None else _moment(moment)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
