"""Tags: made from rules or by hand, given and taken by night, and by people in between."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from members.models import Consent, Member
from stores.models import Staff, Store
from tagging import tasks
from tagging.models import MemberTag, MirroredTag, Tag, TagWord
from tagging.segmenting.kinds import Scope
from tagging.segmenting.rules import RuleRefused, checked, condition
from tagging.selectors.shelves import opted_out

_BATCH = 2_000
_WORD = 30  # WeCom's own limit
_LONGEST = 3_650  # days
BY_PEOPLE = (MemberTag.Source.STAFF, MemberTag.Source.WECOM)


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


def put_on(
    *, member: Member, tag: Tag, source: str, by: Staff | None, at: datetime, tell: bool = True
) -> None:  # fmt: skip
    """Give a member a tag; given again, its time starts anew, and a person's word stands over a rule's.

    `tell` says whether WeCom is to follow at once.
    """
    origin = MemberTag.Source(source)
    with transaction.atomic():
        MemberTag.objects.update_or_create(
            member=member, tag=tag,
            defaults={"source": origin, "by": by, "at": at, "expires_at": _expiry(tag, at)},
        )  # fmt: skip
        if origin in BY_PEOPLE:
            _note_word(member=member, tag=tag, is_worn=True, by=by, at=at)
    if tell:
        tell_wecom(member.pk, [tag])


def take_off(*, member: Member, tag: Tag, by: Staff | None, at: datetime, tell: bool = True) -> None:
    """Take a tag off; a rule that holds does not put it back before its answer about this member has changed."""
    with transaction.atomic():
        MemberTag.objects.filter(member=member, tag=tag).delete()
        _note_word(member=member, tag=tag, is_worn=False, by=by, at=at)
    if tell:
        tell_wecom(member.pk, [tag])


def withdraw_answers(*, member: Member, tag_ids: Collection[int]) -> None:
    """Take off what she once answered and answers otherwise now; what others gave stays."""
    worn = MemberTag.objects.filter(member=member, tag__in=tag_ids, source=MemberTag.Source.QUESTIONNAIRE)
    gone = list(Tag.objects.filter(pk__in=worn.values("tag")))
    worn.delete()
    if gone:
        tell_wecom(member.pk, gone)


def apply_rules(*, store: Store, at: datetime) -> tuple[int, int]:
    """Give and take the tags with rules among a store's members: how many were given and taken. Safe to repeat.

    A rule asks of everything that is known, purchases of every store included. A tag without a time goes when its rule
    no longer holds; one with a time goes that long after it last held. Nobody is judged by rules who wants no profile.
    What a person gave or took stays so until the rule's answer about that member changes: then the rule's holds again.
    """
    hers = Member.objects.filter(home_store=store, merged_into=None)
    judged = hers.exclude(pk__in=opted_out(store_id=store.pk, purpose=Consent.Purpose.PROFILING))
    given = 0
    for tag in Tag.objects.filter(archived_at=None, rules__isnull=False).order_by("pk"):
        try:
            wanted = judged.filter(condition(checked(tag.rules), Scope(_EVERYTHING, at)))
        except RuleRefused:
            continue  # it asks for a tag or category that is gone since
        wanted = _after_words(tag, hers, wanted)
        worn = MemberTag.objects.filter(tag=tag, member__in=hers)
        mine = worn.filter(source=MemberTag.Source.RULE)
        if tag.lasts_days is None:
            mine.exclude(member__in=wanted.values("pk")).delete()
        else:
            mine.exclude(member__in=judged.values("pk")).delete()
            mine.filter(member__in=wanted.values("pk")).update(expires_at=_expiry(tag, at))
        missing = wanted.exclude(pk__in=worn.values("member")).values_list("pk", flat=True)
        rows = [
            MemberTag(member_id=pk, tag=tag, source=MemberTag.Source.RULE, at=at, expires_at=_expiry(tag, at))
            for pk in missing
        ]  # fmt: skip
        given += len(MemberTag.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True))
    expired = MemberTag.objects.filter(Q(expires_at__lte=at) | Q(tag__archived_at__isnull=False), member__in=hers)
    return given, expired.delete()[0]


def _after_words(tag: Tag, hers: QuerySet[Member], wanted: QuerySet[Member]) -> QuerySet[Member]:
    """Whom the rule wants, less those off whom a person took it; words on which the rule has moved are used up."""
    words = TagWord.objects.filter(tag=tag, member__in=hers)
    holds = Q(member__in=wanted.values("pk"))
    used_up = list(words.filter(Q(rule_held=False) & holds | Q(rule_held=True) & ~holds).values_list("pk", "member"))
    if used_up:
        MemberTag.objects.filter(
            tag=tag, member__in=[member for _, member in used_up], source__in=BY_PEOPLE
        ).update(source=MemberTag.Source.RULE)  # fmt: skip
        TagWord.objects.filter(pk__in=[pk for pk, _ in used_up]).delete()
    return wanted.exclude(pk__in=words.filter(is_worn=False).values("member"))


def _note_word(*, member: Member, tag: Tag, is_worn: bool, by: Staff | None, at: datetime) -> None:
    if tag.rules is None:
        return
    try:
        asked = condition(checked(tag.rules), Scope(_EVERYTHING, at))
    except RuleRefused:
        return
    held = Member.objects.filter(asked, pk=member.pk).exists()
    TagWord.objects.update_or_create(
        member=member, tag=tag, defaults={"is_worn": is_worn, "rule_held": held, "by": by, "at": at}
    )


def tell_wecom(member_id: int, changed: Iterable[Tag]) -> None:
    """Have WeCom follow at once, where any of these tags is kept there."""
    if MirroredTag.objects.filter(tag__in=changed).exclude(wecom_id="").exists():
        tasks.mirror_member_tags.delay_on_commit(member_id=member_id)


def move_to_survivor(*, kept: Member, absorbed: Member) -> int:
    """Give an absorbed member's tags to the kept one, but those she wears."""
    MemberTag.objects.filter(member=absorbed, tag__in=MemberTag.objects.filter(member=kept).values("tag")).delete()
    TagWord.objects.filter(member=absorbed, tag__in=TagWord.objects.filter(member=kept).values("tag")).delete()
    TagWord.objects.filter(member=absorbed).update(member=kept)
    return MemberTag.objects.filter(member=absorbed).update(member=kept)


def _expiry(tag: Tag, at: datetime) -> datetime | None:
    return at + timedelta(days=tag.lasts_days) if tag.lasts_days else None


# The night looks with headquarters' eyes.
_EVERYTHING = Staff(role=Staff.Role.HQ, is_active=True)
