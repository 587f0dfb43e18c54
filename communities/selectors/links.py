"""What a post says to its own group: the frozen words, with the group's own links in place of the shared ones."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from communities.models import PostTask, ShortLink
from communities.short_links import address_of


@dataclass(frozen=True, slots=True)
class OwnWords:
    text: str
    attachments: list[dict[str, Any]]


def own_words(tasks: Collection[PostTask]) -> dict[int, OwnWords]:
    """The words of each post that has frozen ones, by its key; one query for any number of posts."""
    frozen = {task.pk: task.content for task in tasks if task.content is not None}
    shared: dict[int, list[tuple[str, str]]] = {}
    own: dict[int, dict[str, str]] = {}
    if frozen:
        contents = {content.pk for content in frozen.values()}
        links = ShortLink.objects.filter(Q(task__in=frozen) | Q(task=None), content__in=contents)
        for token, target, content_id, task_id in links.values_list("token", "target", "content_id", "task_id"):
            if task_id is None:
                shared.setdefault(content_id, []).append((token, target))
            else:
                own.setdefault(task_id, {})[target] = token
    said = {}
    for pk, content in frozen.items():
        pairs = [
            (address_of(token), address_of(own[pk][target]))
            for token, target in shared.get(content.pk, ())
            if target in own.get(pk, {})
        ]
        hung = [one | {"url": _swapped(one["url"], pairs)} if "url" in one else one for one in content.attachments]
        said[pk] = OwnWords(_swapped(content.text, pairs), hung)
    return said


def _swapped(text: str, pairs: list[tuple[str, str]]) -> str:
    for before, after in pairs:
        text = text.replace(before, after)
    return text
