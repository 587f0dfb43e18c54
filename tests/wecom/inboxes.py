"""Events in the inbox, and handlers to work on them."""

from datetime import UTC, datetime

from tests.wecom.envelopes import event_xml
from wecom.models import CallbackEvent, CallbackJob
from wecom.services import inbox

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
State = CallbackJob.State


def put(number: int = 1, *, change: str = "add_external_contact", at: datetime = NOW) -> CallbackEvent:
    plaintext = event_xml("change_external_contact", change, ExternalUserID=f"wm{number}")
    inbox.store_event(plaintext=plaintext, at=at)
    return CallbackEvent.objects.get(body=plaintext)


def noting(notes, fact):
    """A handler that notes a fact of each event it gets."""

    def handler(event, *, at):
        notes.append(fact(event))

    return handler


def only_job() -> CallbackJob:
    return CallbackJob.objects.get()
