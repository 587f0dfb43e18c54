"""Customers as WeCom has them: who they are here, who knows them, and since when. One page of a list at a time.

Everything about a customer happens under a lock on her ids: an event and a full reading that meet her make one member.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import IntegrityError, connection, transaction

from members import identities, recognition
from members.models import Identity, MatchReview, Member
from members.services import wecom_pairs
from members.services.wecom_pairs import Applied, Key, SeenContact
from stores.models import Staff
from wecom.client.customers import ExternalContact

SOURCE = "wecom"
_TRIES = 3
_LOCK_SPACE, _LOCKS = 20_261, 1_024
_TAIL = 4
_GENDERS = {1: Member.Gender.MALE, 2: Member.Gender.FEMALE}


def apply_contacts(*, seen: Sequence[SeenContact], corp_id: str, read_at: datetime, at: datetime) -> Applied:
    """Make members, their ids and their contacts what WeCom says. Safe to repeat.

    A unionid that a member already has (from the POS, say) makes the customer that member. Where the
    external_userid and the unionid, or a phone a colleague noted, lead to two members, a `MatchReview` is opened
    and nothing merged. A contact about which WeCom was asked later than `read_at` is left alone.
    """
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                return _apply(seen, corp_id=corp_id, read_at=read_at, at=at)
        except IntegrityError:  # an import has just given one of these ids to a member
            if attempt == _TRIES - 1:
                raise
    raise AssertionError


@dataclass(slots=True)
class _Person:
    """One customer with everything that may tell who she is."""

    external_userid: str
    contact: ExternalContact
    hash: bytes
    unionid_hash: bytes | None
    phones: list[bytes]
    joined_at: datetime
    store_id: int | None
    member_id: int | None = None


def recognise(
    *, unionids: dict[bytes, str], external: dict[bytes, str], corp_id: str, at: datetime
) -> dict[bytes, int]:
    """Which members these people of a group are: external hash → member; nobody is created.

    `external` holds each person's external_userid by its hash, `unionids` the unionid by the same hash. Who is known
    by the unionid alone is known by the external_userid from now on.
    """
    union_hash = {who: _hash("unionid", unionid, "") for who, unionid in unionids.items()}
    owners = _owners([*external, *union_hash.values()])
    found = {who: owners[who] for who in external if who in owners}
    joining = {who: owners[key] for who, key in union_hash.items() if who not in found and key in owners}
    rows = [
        _identity(member_id, Identity.Kind.EXTERNAL_USERID, external[who], corp_id, at)
        for who, member_id in sorted(joining.items())
    ]
    Identity.objects.bulk_create(rows, ignore_conflicts=True)
    if joining:
        transaction.on_commit(partial(recognition.announce, joining))
    return found | joining


def external_hash(*, external_userid: str, corp_id: str) -> bytes:
    """The keyed hash under which a customer's external_userid is looked up, here and in the groups' ledger."""
    return _hash("external_userid", external_userid, corp_id)


def _apply(seen: Sequence[SeenContact], *, corp_id: str, read_at: datetime, at: datetime) -> Applied:
    staff = {one.wecom_userid: one for one in Staff.objects.filter(wecom_userid__in={one.userid for one in seen})}
    people = _people(seen, staff, corp_id=corp_id, at=at)
    _lock(people)
    hashes = {key for one in people for key in (one.hash, one.unionid_hash, *one.phones) if key is not None}
    owners = _owners(hashes)
    _settle_members(people, owners, at=at)
    _attach(people, owners, corp_id=corp_id, at=at)
    applied = Applied(members={one.external_userid: one.member_id for one in people if one.member_id is not None})
    applied.reviews = _open_reviews(people, owners, at=at)
    applied.strangers = {one.userid for one in seen} - set(staff)
    wecom_pairs.settle([one for one in seen if one.userid in staff], staff, applied, read_at=read_at, at=at)
    return applied


def _people(seen: Sequence[SeenContact], staff: dict[str, Staff], *, corp_id: str, at: datetime) -> list[_Person]:
    people: dict[str, _Person] = {}
    for one in seen:
        external = one.contact["external_userid"]
        unionid = one.contact.get("unionid", "")
        colleague = staff.get(one.userid)
        person = people.setdefault(
            external,
            _Person(
                external_userid=external, contact=one.contact, hash=_hash("external_userid", external, corp_id),
                unionid_hash=_hash("unionid", unionid, "") if unionid else None, phones=[],
                joined_at=one.added_at or at, store_id=colleague.store_id if colleague else None,
            ),
        )  # fmt: skip
        for written in one.follow.get("remark_mobiles", []):
            if phone := identities.normalise_phone(written):
                person.phones.append(_hash("phone", phone, ""))
    return sorted(people.values(), key=lambda person: person.hash)


def _lock(people: Iterable[_Person]) -> None:
    """Until the transaction ends nobody else decides who these ids are; locks are taken in one order by all.

    Ids share a fixed number of locks: PostgreSQL has room for some thousands only, all transactions together.
    """
    hashes = {key for one in people for key in (one.hash, one.unionid_hash) if key is not None}
    keys = sorted({int.from_bytes(key[:4], "big") % _LOCKS for key in hashes})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, key) FROM unnest(%s::int[]) AS key", [_LOCK_SPACE, keys])


def _owners(hashes: Iterable[bytes]) -> dict[bytes, int]:
    found = Identity.objects.filter(value_hash__in=list(hashes)).values_list("value_hash", "member_id")
    return {bytes(key): member_id for key, member_id in found}


def _settle_members(people: Iterable[_Person], owners: dict[bytes, int], *, at: datetime) -> None:
    """Everybody's member: known by the external_userid, else by the unionid, else new."""
    strangers: list[_Person] = []
    by_unionid: dict[bytes, _Person] = {}
    doubles: list[tuple[_Person, _Person]] = []  # two external ids of one new unionid on one page
    for one in people:
        one.member_id = owners.get(one.hash) or (owners.get(one.unionid_hash) if one.unionid_hash else None)
        if one.member_id is not None:
            continue
        first = by_unionid.setdefault(one.unionid_hash, one) if one.unionid_hash else one
        if first is one:
            strangers.append(one)
        else:
            doubles.append((one, first))
    created = Member.objects.bulk_create(
        Member(
            name=one.contact.get("name", "")[:64], gender=_GENDERS.get(one.contact.get("gender", 0), ""),
            home_store_id=one.store_id, joined_at=min(one.joined_at, at),
        )
        for one in strangers
    )  # fmt: skip
    for one, member in zip(strangers, created, strict=True):
        one.member_id = member.pk
    for one, first in doubles:
        one.member_id = first.member_id


def _attach(people: Iterable[_Person], owners: dict[bytes, int], *, corp_id: str, at: datetime) -> None:
    rows: dict[bytes, Identity] = {}
    for one in people:
        if one.member_id is None:
            continue
        if one.hash not in owners:
            rows[one.hash] = _identity(one.member_id, Identity.Kind.EXTERNAL_USERID, one.external_userid, corp_id, at)
        if one.unionid_hash is not None and one.unionid_hash not in owners:
            unionid = one.contact["unionid"]
            rows.setdefault(one.unionid_hash, _identity(one.member_id, Identity.Kind.UNIONID, unionid, "", at))
    Identity.objects.bulk_create(rows.values())
    new = {key: row.member_id for key, row in rows.items()}
    owners.update(new)
    if new:
        transaction.on_commit(partial(recognition.announce, new))


def _open_reviews(people: Iterable[_Person], owners: dict[bytes, int], *, at: datetime) -> int:
    reason = MatchReview.Reason
    pairs: dict[Key, str] = {}
    for one in people:
        for key, why in [(one.unionid_hash, reason.UNIONID), *((phone, reason.PHONE) for phone in one.phones)]:
            other = owners.get(key) if key is not None else None
            if one.member_id is not None and other is not None and other != one.member_id:
                pairs.setdefault((one.member_id, other), why)
    if not pairs:
        return 0
    rows = [
        MatchReview(member_id=member, other_id=other, reason=why, opened_at=at)
        for (member, other), why in pairs.items()
    ]
    MatchReview.objects.bulk_create(rows, ignore_conflicts=True)  # a pair is asked about once
    return len(rows)


def _identity(member_id: int, kind: Identity.Kind, value: str, issuer: str, at: datetime) -> Identity:
    return Identity(
        member_id=member_id, kind=kind, issuer=issuer, value_hash=_hash(kind, value, issuer),
        value_encrypted=identities.encrypt(value), tail=value[-_TAIL:], source=SOURCE, created_at=at,
    )  # fmt: skip


def _hash(kind: str, value: str, issuer: str) -> bytes:
    return identities.value_hash(kind=kind, value=value, issuer=issuer)
