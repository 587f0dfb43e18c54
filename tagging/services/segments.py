"""Making, changing and freezing segments."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from stores.models import Staff
from stores.services.auditing import audit
from tagging.models import Segment, SegmentSnapshot, SnapshotMember
from tagging.segmenting.rules import RuleRefused, checked
from tagging.selectors.segments import members_in, reach_of

_BATCH = 5_000


class SelectsEverybody(RuleRefused):
    """The rules leave nobody out: meant so now and then, and then somebody says so."""


def save_segment(
    *, segment: Segment | None, name: str, rules: Any, by: Staff, at: datetime, everybody_is_meant: bool = False
) -> Segment:
    """Make a segment, or change one.

    :raises SelectsEverybody: the rules select everybody, and nobody said that it is meant
    :raises RuleRefused: no name or one that is taken, no rules, or rules that contradict each other
    """
    name, rules = name.strip()[:32], checked(rules)
    if not name:
        raise RuleRefused("请给人群起个名字")
    if not everybody_is_meant and reach_of(by, rules, at=at).everybody:
        raise SelectsEverybody("这样会选中所有会员：请再加条件，或确认就是要选所有人")
    row = segment or Segment(store=by.store, by=by, made_at=at)
    row.name, row.rules, row.changed_at = name, rules, at
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as taken:
        raise RuleRefused("这个名字已经用过了") from taken
    return row


def archive_segment(*, segment: Segment, at: datetime) -> None:
    """Put a segment away; its snapshots stay."""
    Segment.objects.filter(pk=segment.pk, archived_at=None).update(archived_at=at)


@transaction.atomic
def take_snapshot(*, segment: Segment, by: Staff, at: datetime) -> SegmentSnapshot:
    """Write down who is in it now, of the members `by` may see; audited like an export."""
    snapshot = SegmentSnapshot.objects.create(segment=segment, rules=segment.rules, by=by, taken_at=at)
    rows = members_in(by, segment.rules, at=at).order_by("pk").values_list("pk", "home_store_id")
    batch: list[SnapshotMember] = []
    for member, store in rows.iterator(chunk_size=_BATCH):
        batch.append(SnapshotMember(snapshot=snapshot, member_id=member, store_id=store))
        if len(batch) == _BATCH:
            snapshot.size += len(SnapshotMember.objects.bulk_create(batch))
            batch.clear()
    snapshot.size += len(SnapshotMember.objects.bulk_create(batch))
    snapshot.save(update_fields=["size"])
    audit(
        actor=by, action="segment.snapshot", at=at, target=f"segment:{segment.pk}", store=by.store,
        detail={"rows": snapshot.size, "snapshot": snapshot.pk},
    )  # fmt: skip
    return snapshot
