"""The table of APIs: what each is called, who may call it, and what its lists are called when it fails."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wecom.sandbox.answers import Refused
from wecom.sandbox.arguments import Arguments
from wecom.sandbox.store import Store

Answer = dict[str, Any]
APP = frozenset({"app"})
BOTH = frozenset({"app", "contacts"})
CONTACTS = frozenset({"contacts"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an API after admission. `now` is the company's clock in whole seconds."""

    store: Store
    now: int
    arguments: Arguments
    query: Arguments
    secret: str = "app"  # noqa: S105 -- the kind of secret, not one
    upload: Upload | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """`secrets` says which secrets may call it, and `otherwise` what the others get."""

    path: str
    method: str
    handler: Callable[[Call], Answer]
    secrets: frozenset[str] = APP
    otherwise: int = 48002
    empty: Answer = field(default_factory=dict)
    with_token: bool = True
    serial: str = ""  # the argument whose value only one call at a time may write (45035)


APIS: dict[str, Api] = {}


def api(
    path: str,
    *,
    method: str = "POST",
    secrets: frozenset[str] = APP,
    otherwise: int = 48002,
    empty: Answer | None = None,
    with_token: bool = True,
    serial: str = "",
) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
    """Register a handler under a path below /cgi-bin/."""

    def register(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        APIS[path] = Api(path, method, handler, secrets, otherwise, empty or {}, with_token, serial)
        return handler

    return register


def cursor_of(*position: Any) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def position_of(arguments: Arguments, *start: Any) -> list[Any]:
    """Where a cursor points, or the start. :raises Refused: 40035 for a cursor we did not make."""
    text = arguments.text("cursor")
    if not text:
        return list(start)
    try:
        position = json.loads(base64.urlsafe_b64decode(text))
    except ValueError:
        raise Refused(40035, "cursor") from None
    same = isinstance(position, list) and [type(item) for item in position] == [type(item) for item in start]
    if not same:
        raise Refused(40035, "cursor")
    return list(position)


def page(rows: list[Any], limit: int, *, at: Callable[[Any], tuple[Any, ...]]) -> tuple[list[Any], str]:
    """Cut one row more than the limit off, and say where to go on; `rows` has up to limit + 1."""
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, cursor_of(*at(rows[-1])) if more else ""
