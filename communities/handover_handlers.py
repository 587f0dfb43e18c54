"""WeCom's events about transfers: a hint to look at the hand-over, which reads the truth itself."""

from datetime import datetime

from communities.services.handover.starting import wake_handovers
from wecom.events import Event


def transfer_failed(event: Event, *, at: datetime) -> None:
    """transfer_fail: the customer refused, or the taker is full."""
    wake_handovers(taker_userid=event.text("UserID"), at=at)


def contact_ended(event: Event, *, at: datetime) -> None:
    """del_external_contact: where a transfer ended it, the giver's hand-over is further than we know."""
    if event.text("Source") == "DELETE_BY_TRANSFER":
        wake_handovers(giver_userid=event.text("UserID"), at=at)
