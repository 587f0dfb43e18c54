"""WeCom's events about customers and their tags. Each is a hint to look: WeCom is asked again, its answer applied."""

from datetime import datetime

from django.utils import timezone

from members.services import wecom_sync, wecom_tags
from members.services.wecom_sync import Told
from wecom.events import Event
from wecom.gateway import wecom

_LOST = "del_follow_user"
_ADDED = ("add_external_contact", "add_half_external_contact")


def customer_changed(event: Event, *, at: datetime) -> None:
    """change_external_contact: a colleague and a customer found, changed or lost each other."""
    external_userid, change = event.text("ExternalUserID"), event.kind.partition(".")[2]
    if not external_userid or change == "transfer_fail":
        return
    occurred_at = event.occurred_at or event.received_at or at
    told = Told(
        userid=event.text("UserID"), received_at=event.received_at,
        added_at=occurred_at if change in _ADDED else None, lost_at=occurred_at if change == _LOST else None,
    )  # fmt: skip
    wecom_sync.customer_changed(wecom=wecom(), external_userid=external_userid, told=told, clock=timezone.now)


def tag_changed(event: Event, *, at: datetime) -> None:
    """change_external_tag: a tag or a group of tags was made, changed, moved or deleted."""
    number = event.text("Id")
    if not number:
        return
    # A shuffle names the group.
    if event.text("TagType") == "tag" and not event.kind.endswith(".shuffle"):
        wecom_tags.read_tag(wecom=wecom(), tag_id=number, at=at)
    else:
        wecom_tags.read_group(wecom=wecom(), group_id=number, at=at)
