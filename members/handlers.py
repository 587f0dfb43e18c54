"""WeCom's events about customers. Each is a hint to look: WeCom is asked again and its answer applied."""

from datetime import datetime

from django.utils import timezone

from members.services import wecom_sync
from wecom.events import Event
from wecom.gateway import wecom


def customer_changed(event: Event, *, at: datetime) -> None:  # noqa: ARG001 -- a contact needs the time of each reading
    """change_external_contact: a colleague and a customer found, changed or lost each other."""
    external_userid = event.text("ExternalUserID")
    if external_userid and event.kind != "change_external_contact.transfer_fail":
        wecom_sync.read_customer(
            wecom=wecom(), external_userid=external_userid, userid=event.text("UserID"), clock=timezone.now
        )
