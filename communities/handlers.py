"""What communities do on WeCom's callbacks."""

from datetime import datetime

from communities.services import counting, welcoming
from wecom.events import Event
from wecom.gateway import wecom


def count_add(event: Event, *, at: datetime) -> None:
    """A customer came through a code."""
    token, customer = event.text("State"), event.text("ExternalUserID")
    if token and customer and event.pk is not None:
        counting.count_add(token=token, external_userid=customer, event=event.pk, at=event.occurred_at or at)


def welcome(event: Event, *, at: datetime) -> None:
    """A newcomer waits for her welcome. Without a welcome code she is owed none (wecom.md §2.1)."""
    code = event.text("WelcomeCode")
    if not code or event.pk is None:
        return
    newcomer = welcoming.Newcomer(
        event=event.pk, userid=event.text("UserID"), external_userid=event.text("ExternalUserID"),
        token=event.text("State"), welcome_code=code, occurred_at=event.occurred_at or event.received_at or at,
    )  # fmt: skip
    welcoming.welcome(newcomer, at=at, gateway=wecom())
