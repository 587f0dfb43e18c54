"""Two members turn out to be one person."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from members import merge_registry
from members.models import Consent, Contact, Identity, Member, MemberMerge, Purchase
from members.selectors.survivors import survivor_of
from stores.models import Staff
from stores.services.auditing import audit

# What a survivor takes over where it knows nothing itself.
_FILLED = ("name", "gender", "birthday", "home_store_id")


class SelfMerge(Exception):
    """A member cannot be merged into herself."""


class _Outrun(Exception):
    """Another merge changed who survives between the look and the lock."""


def merge_members(
    *, kept: Member, absorbed: Member, reason: str, evidence: dict[str, Any], by: Staff | None, at: datetime
) -> MemberMerge:
    """Make two members one: everything of `absorbed` becomes `kept`'s, and the record says why and how much.

    Members merged earlier stand for their survivors. If both already are one person, nothing moves but what came
    to lie with the absorbed member since, and the earlier record is returned; so repetition is safe and of two
    opposite merges at once one wins. `evidence` is shown to staff and kept: no full phone numbers in it.
    A caller that merges many pairs in one transaction locks all their members first, in primary-key order.

    :raises SelfMerge: both are the same row
    """
    if kept.pk == absorbed.pk:
        raise SelfMerge
    while True:
        pair = survivor_of(kept.pk), survivor_of(absorbed.pk)
        try:
            with transaction.atomic():  # an outrun attempt gives its locks back before the next one asks for others
                survivor, loser = _lock_pair(pair)
                if survivor.pk == loser.pk:
                    return _already_merged(survivor, {kept.pk, absorbed.pk})
                return _merge_survivors(survivor, loser, reason=reason, evidence=evidence, by=by, at=at)
        except _Outrun:
            continue


def _lock_pair(pair: tuple[int, int]) -> tuple[Member, Member]:
    locked = {row.pk: row for row in Member.objects.select_for_update().filter(pk__in=pair).order_by("pk")}
    if any(row.merged_into_id is not None for row in locked.values()):
        raise _Outrun
    return locked[pair[0]], locked[pair[1]]


def _already_merged(survivor: Member, asked: set[int]) -> MemberMerge:
    absorbed = Member.objects.filter(pk__in=asked - {survivor.pk})
    for old in absorbed:
        _move_everything(survivor, old)
    # Two members with one survivor: at least one of them was absorbed, and the record of the later one joined them.
    return MemberMerge.objects.filter(absorbed__in=absorbed).latest("pk")


def _merge_survivors(
    survivor: Member, loser: Member, *, reason: str, evidence: dict[str, Any], by: Staff | None, at: datetime
) -> MemberMerge:
    moved: dict[str, Any] = dict(_move_everything(survivor, loser))
    moved["filled"] = _fill_blanks(survivor, loser)
    loser.merged_into = survivor
    loser.save(update_fields=["merged_into"])
    merge = MemberMerge.objects.create(
        kept=survivor, absorbed=loser, reason=reason, evidence=evidence, moved=moved, by=by, at=at
    )
    audit(
        actor=by, action="member.merged", target=f"member:{survivor.pk}", store=survivor.home_store, at=at,
        detail={"absorbed": loser.pk, "reason": reason, "moved": moved},
    )  # fmt: skip
    return merge


def _move_everything(kept: Member, absorbed: Member) -> dict[str, int]:
    return {key: mover(kept=kept, absorbed=absorbed) for key, mover in merge_registry.movers().items()}


def _fill_blanks(kept: Member, absorbed: Member) -> list[str]:
    filled = [field for field in _FILLED if not getattr(kept, field) and getattr(absorbed, field)]
    for field in filled:
        setattr(kept, field, getattr(absorbed, field))
    if absorbed.joined_at < kept.joined_at:
        kept.joined_at = absorbed.joined_at
        filled.append("joined_at")
    kept.save(update_fields=[*_FILLED, "joined_at"])
    return [field.removesuffix("_id") for field in filled]


@transaction.atomic
def gather_strays() -> int:
    """Give the survivors what was written to members after they had been absorbed; how many members had such rows.

    A writer that looked a member up before a merge and wrote after it leaves a stray; a long import is such a writer.
    """
    strays = absorbed_with_rows()
    for stray in strays:
        survivor = Member.objects.select_for_update().get(pk=survivor_of(stray.pk))
        _move_everything(survivor, stray)
    return len(strays)


def absorbed_with_rows() -> QuerySet[Member]:
    """Absorbed members who still own identities, consents, contacts or purchases."""
    owns_any = Q()
    for model in (Identity, Consent, Contact, Purchase):
        owns_any |= Q(Exists(model.objects.filter(member=OuterRef("pk"))))
    return Member.objects.filter(owns_any, merged_into__isnull=False).order_by("pk")


def move_identities(*, kept: Member, absorbed: Member) -> int:
    return Identity.objects.filter(member=absorbed).update(member=kept)


def move_consents(*, kept: Member, absorbed: Member) -> int:
    return Consent.objects.filter(member=absorbed).update(member=kept)


def move_purchases(*, kept: Member, absorbed: Member) -> int:
    return Purchase.objects.filter(member=absorbed).update(member=kept)


def move_contacts(*, kept: Member, absorbed: Member) -> int:
    """Where the same member of staff knew both, one contact is left: since the earlier day, live if either is."""
    theirs = {contact.staff_id: contact for contact in Contact.objects.filter(member=kept)}
    moving = list(Contact.objects.filter(member=absorbed).order_by("pk"))
    for contact in moving:
        known = theirs.get(contact.staff_id)
        if known is None:
            contact.member = kept
            contact.save(update_fields=["member"])
            continue
        known.added_at = min(known.added_at, contact.added_at)
        known.remark = known.remark or contact.remark
        ends = (known.ended_at, contact.ended_at)
        known.ended_at = None if None in ends else max(end for end in ends if end)
        known.save(update_fields=["added_at", "remark", "ended_at"])
        contact.delete()
    return len(moving)
