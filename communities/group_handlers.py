"""WeCom's events about customer groups. Each is a hint to look; only a departure tells all that matters itself."""

from datetime import datetime

from django.utils import timezone

from communities.models import CustomerGroup
from communities.services import group_sync, groups
from wecom.configuration import application
from wecom.events import SETTLES, Event
from wecom.gateway import wecom


class NotYetShown(Exception):
    """WeCom still shows the group as it was before the event: try again in a while."""


def group_changed(event: Event, *, at: datetime) -> None:
    """change_external_chat: a group was made, changed or dismissed."""
    chat_id = event.text("ChatId")
    if not chat_id:
        return
    if event.text("UpdateDetail") == "del_member":
        _people_left(event, chat_id, at=at)
    elif not _is_known(event, chat_id):
        _read(event, chat_id)


def _people_left(event: Event, chat_id: str, *, at: datetime) -> None:
    """Apply the event itself where it follows on what we have, else read the group; either way note how they went.

    Joins are always read: only a reading says who invited somebody and through which code she came.
    """
    numbers, scene = event.texts("MemChangeList", "Item"), event.number("QuitScene")
    left_at, corp_id = event.occurred_at or event.received_at or at, application().corp_id
    done = bool(numbers) and groups.apply_departures(
        chat_id=chat_id, numbers=numbers, quit_scene=scene, left_at=left_at, corp_id=corp_id,
        before=event.text("LastMemVer"), after=event.text("CurMemVer"),
    )  # fmt: skip
    if not done and not _is_known(event, chat_id):
        _read(event, chat_id)
    if not done and scene is not None:
        groups.explain_departures(chat_id=chat_id, numbers=numbers, quit_scene=scene, left_at=left_at, corp_id=corp_id)


def _is_known(event: Event, chat_id: str) -> bool:
    """Whether the group was read when WeCom must have shown this event's change already, or is at its version."""
    row = CustomerGroup.objects.filter(chat_id=chat_id).only("member_version", "read_at").first()
    if row is None or row.read_at is None:
        return False
    version = event.text("CurMemVer")
    if version and row.member_version == version:
        return True
    return event.received_at is not None and row.read_at > event.received_at + SETTLES


def _read(event: Event, chat_id: str) -> None:
    group_sync.read_group(wecom=wecom(), chat_id=chat_id, clock=timezone.now)
    before = event.text("LastMemVer")
    if before and CustomerGroup.objects.filter(chat_id=chat_id, member_version=before, dismissed_at=None).exists():
        raise NotYetShown(chat_id)
