"""Tags: made from rules or by hand, given and taken by night, and by people in between."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from members.models import Member
from stores.models import Staff, Store
from tagging.models import MemberTag, Tag
from tagging.segmenting.kinds import Scope
from tagging.segmenting.rules import RuleRefused, checked, condition

_BATCH = 2_000
_WORD = 30  # WeCom's own limit
_LONGEST = 3_650  # days


def make_tag(*, group: str, name: str, rules: Any, lasts_days: int | None, by: Staff, at: datetime) -> Tag:
    """Make a tag; with rules it is given by night.

    :raises RuleRefused: no name, one that is taken or above 30 characters, bad rules or a bad time
    """
    group, name = group.strip(), name.strip()
    if not group or not name:
        raise RuleRefused("标签组和标签都要填")
    if max(len(group), len(name)) > _WORD:
        raise RuleRefused(f"标签组和标签最多 {_WORD} 个字")
    if lasts_days is not None and not 1 <= lasts_days <= _LONGEST:
        raise RuleRefused(f"有效天数请填 1 到 {_LONGEST}")
    rules = checked(rules) if rules is not None else None
    try:
        with transaction.atomic():
            return Tag.objects.create(group=group, name=name, rules=rules, lasts_days=lasts_days, by=by, made_at=at)
    except IntegrityError as taken:
        raise RuleRefused("这个标签已经有了") from taken


def put_on(*, member: Member, tag: Tag, source: str, by: Staff | None, at: datetime) -> None:
    """Give a member a tag; given again, its time starts anew, and a person's word stands over a rule's."""
    MemberTag.objects.update_or_create(
        member=member, tag=tag,
        defaults={"source": MemberTag.Source(source), "by": by, "at": at, "expires_at": _expiry(tag, at)},
    )  # fmt: skip


def take_off(*, member: Member, tag: Tag) -> None:
    """Take a tag off; a rule that still holds puts it back by night."""
    MemberTag.objects.filter(member=member, tag=tag).delete()


def apply_rules(*, store: Store, at: datetime) -> tuple[int, int]:
    """Give and take the tags with rules among a store's members: how many were given and taken. Safe to repeat.

    A rule asks of everything that is known, purchases of every store included. A tag without a time goes when its rule
    no longer holds; one with a time goes that long after it last held. What a person gave only goes by its time.
    """
    hers = Member.objects.filter(home_store=store, merged_into=None)
    given = 0
    for tag in Tag.objects.filter(archived_at=None, rules__isnull=False).order_by("pk"):
        try:
            wanted = hers.filter(condition(checked(tag.rules), Scope(_EVERYTHING, at)))
        except RuleRefused:
            continue  # it asks for a tag or category that is gone since
        worn = MemberTag.objects.filter(tag=tag, member__in=hers)
        mine = worn.filter(source=MemberTag.Source.RULE)
        if tag.lasts_days is None:
            mine.exclude(member__in=wanted.values("pk")).delete()
        else:
            mine.filter(member__in=wanted.values("pk")).update(expires_at=_expiry(tag, at))
        missing = wanted.exclude(pk__in=worn.values("member")).values_list("pk", flat=True)
        rows = [
            MemberTag(member_id=pk, tag=tag, source=MemberTag.Source.RULE, at=at, expires_at=_expiry(tag, at))
            for pk in missing
        ]  # fmt: skip
        given += len(MemberTag.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True))
    expired = MemberTag.objects.filter(Q(expires_at__lte=at) | Q(tag__archived_at__isnull=False), member__in=hers)
    return given, expired.delete()[0]


def move_to_survivor(*, kept: Member, absorbed: Member) -> int:
    """Give an absorbed member's tags to the kept one, but those she wears."""
    MemberTag.objects.filter(member=absorbed, tag__in=MemberTag.objects.filter(member=kept).values("tag")).delete()
    return MemberTag.objects.filter(member=absorbed).update(member=kept)


def _expiry(tag: Tag, at: datetime) -> datetime | None:
    return at + timedelta(days=tag.lasts_days) if tag.lasts_days else None


# The night looks with headquarters' eyes.
_EVERYTHING = Staff(role=Staff.Role.HQ, is_active=True)
