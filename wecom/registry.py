"""Who works on which callback. Apps register in `AppConfig.ready()`; `wecom/` never imports them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from wecom.events import Event

Queue = Literal["fast", "default", "bulk"]
_NAME_LENGTH = 96


class Handler(Protocol):
    """Re-reads the truth an event points to and applies it: safe to repeat, late, early or out of order."""

    def __call__(self, event: Event, *, at: datetime) -> None: ...


class Park(Exception):
    """Raised by a handler for which trying again is pointless; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Registration:
    kind: str
    name: str
    handler: Handler
    queue: Queue


_registrations: dict[str, Registration] = {}


def register(kind: str, handler: Handler, *, name: str, queue: Queue = "default") -> None:
    """Have `handler` work on every event of a kind: "change_external_chat.update", or "change_external_chat" for all.

    `name` identifies the handler in stored jobs, so it outlives renames of the function: "communities.group_changed".
    Registering a name again replaces it. `queue="fast"` is for what has seconds, such as a welcome.
    """
    if len(name) > _NAME_LENGTH:
        raise ValueError(f"{name!r} 超过 {_NAME_LENGTH} 个字符")
    _registrations[name] = Registration(kind=kind, name=name, handler=handler, queue=queue)


def unregister(name: str) -> None:
    """Forget a handler; its stored jobs park when their turn comes."""
    _registrations.pop(name, None)


def handlers_of(kind: str) -> list[Registration]:
    """Everyone who wants this kind, in order of registration."""
    family = kind.partition(".")[0]
    return [one for one in _registrations.values() if one.kind in {kind, family}]


def handler_named(name: str) -> Registration | None:
    return _registrations.get(name)


def all_registrations() -> list[Registration]:
    return list(_registrations.values())
