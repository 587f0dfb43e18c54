"""The records of merges, told so that a person can follow them."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from members import merge_registry
from members.models import Member, MemberMerge
from members.selectors.scope import members_for, sees_whole_chain
from members.selectors.survivors import everyone_merged_into
from stores.models import Staff

_FIELD_LABELS = {
    "name": "姓名",
    "gender": "性别",
    "birthday": "生日",
    "home_store": "归属门店",
    "joined_at": "更早的入会时间",
}
_EVIDENCE_LABELS = {"import_job": "导入任务", "chosen_by": "认定方式"}


@dataclass(frozen=True)
class MergeStory:
    """One merge in words: what moved, what was filled in, and on what grounds."""

    merge: MemberMerge
    moved: list[tuple[str, int]]
    filled: list[str]
    evidence: list[tuple[str, str]]


def merges_for(user: Staff | AnonymousUser) -> QuerySet[MemberMerge]:
    """The merges into members this user may see; HQ sees those into members absorbed later, too."""
    merges = MemberMerge.objects.all()
    return merges if sees_whole_chain(user) else merges.filter(kept__in=members_for(user))


def merges_of(member: Member) -> QuerySet[MemberMerge]:
    """Every merge this member is the result of, the newest first."""
    return MemberMerge.objects.filter(absorbed__in=everyone_merged_into(member.pk)).order_by("-pk")


def told(merges: QuerySet[MemberMerge]) -> list[MergeStory]:
    """The merges with the names of what moved."""
    labels = merge_registry.labels()
    stories = []
    for merge in merges.select_related("kept", "absorbed", "by"):
        moved = [(labels.get(key, key), count) for key, count in merge.moved.items() if key != "filled" and count]
        filled = [_FIELD_LABELS.get(field, field) for field in merge.moved.get("filled", [])]
        evidence = [(_EVIDENCE_LABELS.get(key, key), str(value)) for key, value in merge.evidence.items() if value]
        stories.append(MergeStory(merge, moved, filled, evidence))
    return stories
