"""WeCom's events about staff and departments. Each is a hint to look: WeCom is asked again and its answer applied."""

from datetime import datetime

from stores.services import wecom_staff, wecom_sync
from wecom.client.errors import WeComError
from wecom.events import Event
from wecom.gateway import wecom


def member_left(event: Event, *, at: datetime) -> None:
    """change_contact.delete_user, in the fast queue: all access ends now, whatever else is waiting.

    While WeCom cannot be asked its event is taken at its word; the inbox asks again, and whom WeCom still has returns.
    """
    userid = event.text("UserID")
    if not userid:
        return
    try:
        wecom_sync.read_user(wecom=wecom(), userid=userid, at=at)
    except WeComError:
        wecom_staff.remove_user(userid=userid, at=at)
        raise


def contact_changed(event: Event, *, at: datetime) -> None:
    """change_contact: a person or a department was made, changed or deleted."""
    change = event.kind.partition(".")[2]
    if change == "delete_user":
        return  # has been done already, by `member_left`
    userid, number = event.text("UserID"), event.number("Id")
    if change.endswith("_user") and userid:
        new = event.text("NewUserID")
        if new:
            wecom_staff.rename_user(old=userid, new=new)
        wecom_sync.read_user(wecom=wecom(), userid=new or userid, at=at)
    elif change.endswith("_party") and number is not None:
        wecom_sync.read_department(wecom=wecom(), number=number, at=at)
