"""The company's tags for customers as WeCom has them: one read again, and the full reading of all, 1 call."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from members.models import CustomerTag
from wecom.client.tags import TagGroup
from wecom.gateway import WeCom
from wecom.models import SyncRun
from wecom.services import syncing

KIND = "tags"
_FIELDS = ["name", "group_id", "group_name", "position", "group_position", "deleted_at"]


@dataclass(slots=True)
class Change:
    """The ids of tags that are new, changed and gone."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def read_tag(*, wecom: WeCom, tag_id: str, at: datetime) -> Change:
    """Ask WeCom about one tag and apply the answer; one it does not name is deleted."""
    found = wecom.tags.groups(tag_ids=[tag_id])
    return apply_tags(groups=found, asked=[tag_id], at=at)


def read_group(*, wecom: WeCom, group_id: str, at: datetime) -> Change:
    """Ask WeCom about one group of tags and apply the answer; tags it does not name are deleted."""
    found = wecom.tags.groups(group_ids=[group_id])
    asked = CustomerTag.objects.filter(group_id=group_id, deleted_at=None).values_list("pk", flat=True)
    return apply_tags(groups=found, asked=list(asked), at=at)


def sync_tags(*, wecom: WeCom, clock: Callable[[], datetime]) -> SyncRun:
    """Read all tags, and repair what differs.

    :raises SyncBusy: another worker is at it
    """
    with syncing.running(kind=KIND, clock=clock) as run:
        found = wecom.tags.groups()
        run.calls += 1
        asked = list(CustomerTag.objects.filter(deleted_at=None).values_list("pk", flat=True))
        with transaction.atomic():
            change = apply_tags(groups=found, asked=asked, at=clock())
            for kind, ids in (("tag_new", change.new), ("tag_changed", change.changed), ("tag_gone", change.gone)):
                syncing.note_drift(run, kind=kind, rows=ids)
            syncing.advance(run, position={"done": 1}, at=clock())
    return run


@transaction.atomic
def apply_tags(*, groups: Sequence[TagGroup], asked: Iterable[str], at: datetime) -> Change:
    """Make tags what WeCom says; those asked for and not found are deleted, and taken off every contact."""
    there = {
        tag["id"]: CustomerTag(
            id=tag["id"], name=tag["name"][:64], group_id=group["group_id"], group_name=group["group_name"][:64],
            position=tag.get("order", 0), group_position=group.get("order", 0),
        )
        for group in groups if not group.get("deleted")
        for tag in group["tag"] if not tag.get("deleted")
    }  # fmt: skip
    ids = sorted({*there, *asked})
    known = CustomerTag.objects.select_for_update().filter(pk__in=ids, deleted_at=None).order_by("pk")
    before = {row.pk: row for row in known}
    change = Change(
        new=sorted(there.keys() - before.keys()), gone=sorted(before.keys() - there.keys()),
        changed=sorted(pk for pk in there.keys() & before.keys() if not _same(there[pk], before[pk])),
    )  # fmt: skip
    CustomerTag.objects.bulk_create(
        [there[pk] for pk in sorted([*change.new, *change.changed])], update_conflicts=True, unique_fields=["id"],
        update_fields=_FIELDS, batch_size=1_000,
    )  # fmt: skip
    CustomerTag.objects.filter(pk__in=change.gone).update(deleted_at=at)
    _take_off(change.gone)
    return change


def _same(one: CustomerTag, other: CustomerTag) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _FIELDS)


def _take_off(tag_ids: Sequence[str]) -> None:
    """WeCom takes a deleted tag off everybody and tells nobody."""
    with connection.cursor() as cursor:
        for tag_id in tag_ids:
            cursor.execute(
                "UPDATE members_contact SET tags = array_remove(tags, %(tag)s) WHERE tags @> ARRAY[%(tag)s]"
                "::varchar[]", {"tag": tag_id},
            )  # fmt: skip
