"""What a decrypted callback says, whatever is missing from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree

# How long WeCom may go on showing things as they were before an event (wecom.md §1.4).
SETTLES = timedelta(seconds=5)
UNREADABLE = "unreadable"
KIND_LENGTH = 96
_MAX_DEPTH = 8  # the deepest known event has four levels

Value = str | list["Value"] | dict[str, "Value"]


class Unreadable(ValueError):
    """A signed plaintext that is neither XML nor JSON, or carries a DTD."""


@dataclass(frozen=True, slots=True)
class Event:
    """One callback. `kind` is `Event.ChangeType` ("change_external_chat.update") or `message.TYPE`."""

    kind: str
    fields: Mapping[str, Value]
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    pk: int | None = None

    def text(self, *path: str, default: str = "") -> str:
        """The text at a path of names, or the default where any of it is missing."""
        found = self._find(path)
        return found if isinstance(found, str) else default

    def texts(self, *path: str) -> list[str]:
        """The texts at a path: a list with one item, an empty one and a missing one are all lists."""
        found = self._find(path)
        if isinstance(found, str):
            return [found] if found else []
        return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []

    def groups(self, *path: str) -> list[Mapping[str, Value]]:
        """The structures at a path, one or many, as a list."""
        found = self._find(path)
        if isinstance(found, dict):
            return [found]
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def number(self, *path: str) -> int | None:
        """The whole number at a path, or None where it is missing or something else."""
        text = self.text(*path)
        return int(text) if text.isascii() and text.isdigit() else None

    def _find(self, path: tuple[str, ...]) -> Value | None:
        found: Value | None = dict(self.fields)
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found


def read_event(plaintext: str, *, received_at: datetime | None = None, pk: int | None = None) -> Event:
    """Parse a plaintext; a field WeCom left out is simply absent.

    :raises Unreadable: it is neither XML nor a JSON object, nests absurdly, or has a DTD.
    """
    fields = _fields(plaintext)
    return Event(kind=_kind(fields), fields=fields, occurred_at=_moment(fields), received_at=received_at, pk=pk)


def _fields(plaintext: str) -> dict[str, Value]:
    try:
        if plaintext.lstrip()[:1] == "{":
            found = _from_json(json.loads(plaintext), depth=0)
        else:
            found = _from_xml(ElementTree.fromstring(plaintext, forbid_dtd=True), depth=0)
    except (ParseError, ValueError, RecursionError) as error:
        raise Unreadable("无法解析的回调内容") from error
    return found if isinstance(found, dict) else {}


def _from_xml(element: Element, *, depth: int) -> Value:
    if depth > _MAX_DEPTH:
        raise Unreadable("嵌套过深")
    if not len(element):
        return (element.text or "").strip()
    found: dict[str, Value] = {}
    for child in element:
        value = _from_xml(child, depth=depth + 1)
        present = found.get(child.tag)
        if present is None:
            found[child.tag] = value
        elif isinstance(present, list):
            present.append(value)
        else:
            found[child.tag] = [present, value]
    return found


def _from_json(value: object, *, depth: int) -> Value:
    if depth > _MAX_DEPTH:
        raise Unreadable("嵌套过深")
    match value:
        case dict():
            return {str(key): _from_json(item, depth=depth + 1) for key, item in value.items()}
        case list():
            return [_from_json(item, depth=depth + 1) for item in value]
        case None:
            return ""
        case _:
            return str(value)


def _kind(fields: Mapping[str, Value]) -> str:
    kind, event, change = (_text(fields, name) for name in ("MsgType", "Event", "ChangeType"))
    of_event = f"{event}.{change}" if change else event
    name = of_event or (f"message.{kind}" if kind else "unknown")
    return name[:KIND_LENGTH].replace("\x00", "")


def _text(fields: Mapping[str, Value], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _moment(fields: Mapping[str, Value]) -> datetime | None:
    text = _text(fields, "CreateTime")
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
