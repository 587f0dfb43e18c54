"""Ids of members, one at a time: attach one, find or create whoever has it."""

from datetime import datetime

from django.db import IntegrityError, transaction

from members import identities
from members.models import Identity, Member
from stores.models import Store

_TAIL = 4


class IdentityTaken(Exception):
    """The id belongs to another member: `owner`. Merging the two is the caller's decision."""

    def __init__(self, owner: Member) -> None:
        super().__init__(owner.pk)
        self.owner = owner


class UnusableIdentity(ValueError):
    """An empty value, or a phone that is no mainland mobile number."""


def attach_identity(
    *, member: Member, kind: Identity.Kind, value: str, at: datetime, issuer: str = "", source: str = ""
) -> Identity:
    """Make an id the member's; a repeated call returns the same row.

    :raises IdentityTaken: it belongs to another member
    :raises UnusableIdentity: nobody can be known by it
    """
    value = _normalised(kind, value)
    try:
        with transaction.atomic():
            identity, _ = Identity.objects.get_or_create(
                value_hash=identities.value_hash(kind=kind, value=value, issuer=issuer),
                defaults={
                    "member": member, "kind": kind, "issuer": issuer, "value_encrypted": identities.encrypt(value),
                    "tail": value[-_TAIL:], "source": source, "created_at": at,
                },
            )  # fmt: skip
    except IntegrityError:
        # A bulk import holds the id in a transaction that has just committed.
        identity = Identity.objects.get(value_hash=identities.value_hash(kind=kind, value=value, issuer=issuer))
    if identity.member_id != member.pk:
        raise IdentityTaken(identity.member)
    return identity


def identify_member(
    *,
    kind: Identity.Kind,
    value: str,
    at: datetime,
    issuer: str = "",
    source: str = "",
    home_store: Store | None = None,
    name: str = "",
) -> tuple[Member, bool]:
    """The member known by an id, and whether she is new; created with the given store and name if nobody has it.

    :raises UnusableIdentity: nobody can be known by it
    """
    value = _normalised(kind, value)
    found = Identity.objects.select_related("member").filter(
        value_hash=identities.value_hash(kind=kind, value=value, issuer=issuer)
    )
    known = found.first()
    if known is not None:
        return known.member, False
    try:
        with transaction.atomic():
            member = Member.objects.create(name=name, home_store=home_store, joined_at=at)
            attach_identity(member=member, kind=kind, value=value, issuer=issuer, source=source, at=at)
    except IdentityTaken as taken:  # someone else was faster; our empty member went with the transaction
        return taken.owner, False
    return member, True


def _normalised(kind: Identity.Kind, value: str) -> str:
    text = value.strip()
    if kind == Identity.Kind.PHONE:
        text = identities.normalise_phone(text) or ""
    elif kind == Identity.Kind.CARD:
        text = text.upper()
    if not text:
        raise UnusableIdentity(kind)
    return text
