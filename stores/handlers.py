"""WeCom's events about staff and departments. Each is a hint to look: WeCom is asked again and its answer applied."""

from datetime import datetime

from stores.services import wecom_staff, wecom_sync
from wecom.events import Event
from wecom.gateway import wecom


def contact_changed(event: Event, *, at: datetime) -> None:
    """change_contact: a person or a department was made, changed or deleted."""
    change = event.kind.partition(".")[2]
    userid, number = event.text("UserID"), event.number("Id")
    if change.endswith("_user") and userid:
        new = event.text("NewUserID")
        if new:
            wecom_staff.rename_user(old=userid, new=new)
        wecom_sync.read_user(wecom=wecom(), userid=new or userid, at=at)
    elif change.endswith("_party") and number is not None:
        wecom_sync.read_department(wecom=wecom(), number=number, at=at)
