"""From WeCom's POST through the broker and a worker to an app's handler, with nothing faked."""

import threading

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connection

from config.celery import app
from tests.wecom.envelopes import deliver, event_xml
from wecom.models import CallbackJob
from wecom.tasks import sweep_callbacks


@pytest.mark.django_db(transaction=True)
def test_delivered_events_reach_their_handlers_through_a_worker(client, own_queues, store, handlers):
    broker, prefix = own_queues
    seen, all_seen = set(), threading.Event()

    def handler(event, *, at):
        seen.add(event.text("ExternalUserID"))
        if len(seen) == 5:
            all_seen.set()

    handlers("change_external_contact", handler, name="tests.contact")
    handlers("change_external_contact.add_external_contact", handler, name="tests.welcome", queue="fast")
    for number in range(4):
        deliver(client, event_xml("change_external_contact", "add_external_contact", ExternalUserID=f"wm{number}"))
    broker.delete(
        f"{prefix}default", f"{prefix}fast"
    )  # the broker forgets its messages; the minute's sweep makes up for them
    deliver(client, event_xml("change_external_contact", "del_follow_user", ExternalUserID="wm4"))
    sweep_callbacks()

    with start_worker(app, queues=["fast", "default"], perform_ping_check=False, pool="solo", shutdown_timeout=30):
        assert all_seen.wait(30)
        while CallbackJob.objects.exclude(state=CallbackJob.State.DONE).exists():
            assert not threading.Event().wait(0.01)

    connection.close()
    assert CallbackJob.objects.count() == 9
