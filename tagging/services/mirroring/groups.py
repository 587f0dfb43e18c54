"""Our tag groups at WeCom: made, renamed and taken down there by the difference, and nothing of anybody else's touched.

WeCom lets an app change only what it made itself (wecom.md §3.4); we go further and change only what we hold the id of.
A tag that somebody deletes in WeCom's console is not made again: that is a person's decision, shown until it is undone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from members.models import CustomerTag
from members.services.wecom_tags import apply_tags
from stores.models import Staff
from tagging import tasks
from tagging.models import MirroredGroup, MirroredTag, Tag
from tagging.segmenting.rules import RuleRefused
from wecom.client.content import ContentRefused
from wecom.client.errors import WeComRefused, rule_for
from wecom.client.tags import TagGroup
from wecom.gateway import WeCom

TAGS_OF_COMPANY = 10_000
_AT_ONCE = 100  # tags in one request
_WORD = 30
_PATIENCE = 30.0  # seconds
_FOREIGN = 48002
_DELETED = "在企业微信管理后台被删除，已停止同步"
_TAKEN = "企业微信里已有同名的标签或标签组，是在管理后台建的，本系统不能改它；请换个名字"


@dataclass(frozen=True, slots=True)
class There:
    """One tag as WeCom lists it."""

    name: str
    group_id: str
    group_name: str


def switch_mirror(*, group: str, is_on: bool, by: Staff) -> MirroredGroup:
    """Keep a group at WeCom too, or take down what we made there. :raises RuleRefused: there is no such group"""
    if not Tag.objects.filter(group=group, archived_at=None).exists():
        raise RuleRefused("没有这个标签组")
    with transaction.atomic():
        row, _ = MirroredGroup.objects.update_or_create(
            name=group, defaults={"is_on": is_on, "by": by, "problem": ""}
        )  # fmt: skip
        if is_on:
            # Switched on anew, what was deleted in the console is made again.
            MirroredTag.objects.filter(tag__group=group, stopped_at__isnull=False).update(
                stopped_at=None, problem="", wecom_id=""
            )
    tasks.settle_tag_groups.delay_on_commit()
    return row


def rename_group(*, group: str, name: str) -> None:
    """Call a group otherwise, here and at WeCom. :raises RuleRefused: no name, too long, or taken"""
    name = _checked(name)
    if Tag.objects.filter(group=name).exists() or MirroredGroup.objects.filter(name=name).exists():
        raise RuleRefused(f"已经有标签组“{name}”")
    with transaction.atomic():
        if not Tag.objects.filter(group=group).update(group=name):
            raise RuleRefused("没有这个标签组")
        MirroredGroup.objects.filter(name=group).update(name=name)
    tasks.settle_tag_groups.delay_on_commit()


def rename_tag(*, tag: Tag, name: str) -> None:
    """Call a tag otherwise, here and at WeCom. :raises RuleRefused: no name, too long, or taken"""
    tag.name = _checked(name)
    try:
        with transaction.atomic():
            tag.save(update_fields=["name"])
    except IntegrityError as taken:
        raise RuleRefused("这个标签已经有了") from taken
    tasks.settle_tag_groups.delay_on_commit()


def archive_tag(*, tag: Tag, at: datetime) -> None:
    """Put a tag away: rules no longer give it, and WeCom's is taken down, off everybody."""
    Tag.objects.filter(pk=tag.pk, archived_at=None).update(archived_at=at)
    tasks.settle_tag_groups.delay_on_commit()


def settle_groups(*, gateway: WeCom, clock: Callable[[], datetime] = timezone.now) -> int:
    """Make WeCom's groups of ours what they should be; how many requests that took, one where nothing differs.

    A group that is refused says why and holds up no other. Safe to repeat and to be killed: what was made and not noted
    is found again by its name, for WeCom makes the same name in a group once.

    :raises WeComUnavailable: not now; what is done is done
    """
    if not MirroredGroup.objects.exists():
        return 0
    with gateway.transport.limiter.serialised("tag-groups", patience=_PATIENCE):
        listed = gateway.tags.groups()
        known = CustomerTag.objects.filter(deleted_at=None).values_list("pk", flat=True)
        apply_tags(groups=listed, asked=list(known), at=clock())
        there = _there(listed)
        calls = 1
        for group in MirroredGroup.objects.order_by("pk"):
            try:
                calls += _settle(group, there, gateway=gateway, at=clock())
            except (WeComRefused, ContentRefused) as refused:
                MirroredGroup.objects.filter(pk=group.pk).update(problem=_reason(refused))
            else:
                MirroredGroup.objects.filter(pk=group.pk).update(problem="", settled_at=clock())
    return calls


def _settle(group: MirroredGroup, there: dict[str, There], *, gateway: WeCom, at: datetime) -> int:
    tags = list(Tag.objects.filter(group=group.name).select_related("mirrored").order_by("pk"))
    for tag in tags:
        row = getattr(tag, "mirrored", None)
        if row is not None and row.wecom_id and row.wecom_id not in there and tag.archived_at is None and group.is_on:
            MirroredTag.objects.filter(pk=tag.pk).update(stopped_at=at, problem=_DELETED, wecom_id="")
            row.stopped_at, row.wecom_id = at, ""
    wanted = [tag for tag in tags if group.is_on and tag.archived_at is None]
    calls = _take_down([tag for tag in tags if tag not in wanted], there, gateway=gateway, at=at)
    calls += _rename(group, wanted, there, gateway=gateway)
    missing = [tag for tag in wanted if not _id_of(tag) and not _is_stopped(tag)]
    if missing and len(there) + len(missing) > TAGS_OF_COMPANY:
        raise ContentRefused(f"企业微信最多 {TAGS_OF_COMPANY:,} 个标签，已有 {len(there):,} 个")
    for first in range(0, len(missing), _AT_ONCE):
        calls += _add(group, missing[first : first + _AT_ONCE], there, gateway=gateway, at=at)
    return calls


def _take_down(tags: Sequence[Tag], there: dict[str, There], *, gateway: WeCom, at: datetime) -> int:
    """Delete tags of ours by their ids, never a whole group: somebody else's tag may stand in it."""
    ids = [_id_of(tag) for tag in tags if _id_of(tag)]
    present = [number for number in ids if number in there]
    for first in range(0, len(present), _AT_ONCE):
        gateway.tags.delete(tag_ids=present[first : first + _AT_ONCE])
        apply_tags(groups=[], asked=present[first : first + _AT_ONCE], at=at)
    MirroredTag.objects.filter(wecom_id__in=ids).update(wecom_id="", problem="")
    for number in present:
        there.pop(number)
    return -(-len(present) // _AT_ONCE)


def _rename(
    group: MirroredGroup, tags: Sequence[Tag], there: dict[str, There], *, gateway: WeCom
) -> int:  # fmt: skip
    calls = 0
    ours = [(tag, there[_id_of(tag)]) for tag in tags if _id_of(tag) in there]
    for group_id in {one.group_id for _, one in ours if one.group_name != group.name}:
        gateway.tags.edit(tag_or_group_id=group_id, name=group.name)
        CustomerTag.objects.filter(group_id=group_id).update(group_name=group.name)
        calls += 1
    for tag, one in ours:
        if one.name == tag.name:
            continue
        calls += 1
        try:
            gateway.tags.edit(tag_or_group_id=_id_of(tag), name=tag.name)
        except WeComRefused as refused:
            MirroredTag.objects.filter(pk=tag.pk).update(problem=_reason(refused))
        else:
            CustomerTag.objects.filter(pk=_id_of(tag)).update(name=tag.name)
            MirroredTag.objects.filter(pk=tag.pk).update(problem="")
    return calls


def _add(
    group: MirroredGroup, tags: Sequence[Tag], there: dict[str, There], *, gateway: WeCom, at: datetime
) -> int:  # fmt: skip
    names = {tag.name: tag for tag in tags}
    standing = group.wecom_id if any(one.group_id == group.wecom_id for one in there.values()) else ""
    made = gateway.tags.add(
        names=list(names), group_id=standing, group_name="" if standing else group.name
    )  # fmt: skip
    apply_tags(groups=[made], asked=[], at=at)
    there.update(_there([made]))
    MirroredGroup.objects.filter(pk=group.pk).update(wecom_id=made["group_id"])
    group.wecom_id = made["group_id"]
    rows = [
        MirroredTag(tag=names[one["name"]], wecom_id=one["id"]) for one in made["tag"] if one["name"] in names
    ]  # fmt: skip
    MirroredTag.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["tag"], update_fields=["wecom_id", "problem", "stopped_at"]
    )
    return 1


def _there(groups: Sequence[TagGroup]) -> dict[str, There]:
    return {
        tag["id"]: There(tag["name"], group["group_id"], group["group_name"])
        for group in groups if not group.get("deleted")
        for tag in group["tag"] if not tag.get("deleted")
    }  # fmt: skip


def _id_of(tag: Tag) -> str:
    row = getattr(tag, "mirrored", None)
    return row.wecom_id if row is not None else ""


def _is_stopped(tag: Tag) -> bool:
    row = getattr(tag, "mirrored", None)
    return row is not None and row.stopped_at is not None


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _WORD:
        raise RuleRefused(f"请填 1 到 {_WORD} 个字")
    return name


def _reason(refused: WeComRefused | ContentRefused) -> str:
    if isinstance(refused, ContentRefused):
        return str(refused)[:200]
    return _TAKEN if refused.code == _FOREIGN else f"{rule_for(refused.code).meaning}（{refused.code}）"[:200]
