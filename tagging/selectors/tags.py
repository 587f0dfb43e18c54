"""Tags as HQ keeps them: by group, each with its rule in words and how it stands at WeCom."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count

from tagging.models import ContactMarks, MirroredGroup, MirroredTag, Tag
from tagging.segmenting import rules as ruling

_REASONS = 5


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag; `sentence` is its rule in words, empty where people and questionnaires give it."""

    tag: Tag
    sentence: str
    mirrored: MirroredTag | None


@dataclass(slots=True)
class GroupRow:
    """One group of tags; `mirror` where it was ever kept at WeCom."""

    name: str
    mirror: MirroredGroup | None
    rows: list[TagRow] = field(default_factory=list)

    @property
    def is_mirrored(self) -> bool:
        return self.mirror is not None and self.mirror.is_on


def tag_groups() -> list[GroupRow]:
    """Every group that has tags, by name; two queries."""
    mirrors = {row.name: row for row in MirroredGroup.objects.all()}
    found: dict[str, GroupRow] = {}
    tags = Tag.objects.filter(archived_at=None).select_related("mirrored").order_by("group", "name")
    for tag in tags:
        group = found.setdefault(tag.group, GroupRow(tag.group, mirrors.get(tag.group)))
        group.rows.append(TagRow(tag, _sentence(tag), getattr(tag, "mirrored", None)))
    return list(found.values())


def refused_marks() -> Iterable[tuple[str, int]]:
    """Why marks could not be written, and on how many contacts: the most frequent reasons."""
    failed = ContactMarks.objects.filter(retry_at__isnull=False).values_list("problem")
    return list(failed.annotate(many=Count("*")).order_by("-many")[:_REASONS])


def _sentence(tag: Tag) -> str:
    if tag.rules is None:
        return ""
    try:
        return ruling.sentence(ruling.checked(tag.rules))
    except ruling.RuleRefused:
        return "规则里有已停用的条件，暂不打标签"
