"""What communities do on WeCom's callbacks."""

from datetime import datetime

from communities.services import counting, welcome_touches, welcoming
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


def note_welcome(event: Event, *, at: datetime) -> None:
    """What she was told counts for how often she is written to; until it is decided and she is known, again later."""
    customer = event.text("ExternalUserID")
    if event.text("WelcomeCode") and customer and event.pk is not None:
        welcome_touches.note_welcome(
            event=event.pk, userid=event.text("UserID"), external_userid=customer,
            corp_id=wecom().transport.application.corp_id, at=at,
        )  # fmt: skip
