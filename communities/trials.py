"""What experiments change about the plan: the app that runs them registers here and is asked for each day's posts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Planned:
    """A post as a cell of the plan wants it; `version_id` is the material's."""

    group_id: int
    store_id: int
    slot_number: int
    version_id: int
    must_do: bool


Chooser = Callable[[date, Collection[Planned]], Mapping[Planned, int | None]]
"""For those an experiment changes: the version to send instead, None for no post; a must-do post is never left out.
The same few queries for any number, and nothing is written."""

_choosers: dict[str, Chooser] = {}


def register(key: str, chooser: Chooser) -> None:
    """Call from `AppConfig.ready()`."""
    _choosers[key] = chooser


def unregister(key: str) -> None:
    _choosers.pop(key, None)


def changes(day: date, posts: Collection[Planned]) -> dict[Planned, int | None]:
    """What is to be sent instead, of those that change; the first to change a post has it."""
    found: dict[Planned, int | None] = {}
    for chooser in _choosers.values():
        for post, version in chooser(day, posts).items():
            if version is not None or not post.must_do:
                found.setdefault(post, version)
    return found
