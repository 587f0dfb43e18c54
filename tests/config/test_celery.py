"""Beat, broker and worker, joined as in production; only the minute is short."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from celery.contrib.testing.worker import start_worker
from celery.exceptions import QueueNotFound

from config import pulse, tasks
from config.celery import QUEUES, app, broker_url


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("redis://h:6379/1", "redis://h:6379/1"),
        ("rediss://:p@h:6380/0", "rediss://:p@h:6380/0"),
        ("unix:///tmp/r.sock?db=3", "redis+socket:///tmp/r.sock?virtual_host=3"),
        ("unix:///tmp/r.sock", "redis+socket:///tmp/r.sock?virtual_host=0"),
    ],
)
def test_celery_is_told_the_address_in_its_own_words(address, expected):
    assert broker_url(address) == expected


def test_the_three_queues_are_declared_and_a_misspelt_one_is_refused():
    assert tuple(app.amqp.queues) == QUEUES == ("fast", "default", "bulk")
    with pytest.raises(QueueNotFound):
        tasks.pulse.apply_async(kwargs={"queue": "quick"}, queue="quick")


def test_an_unacknowledged_message_outlives_the_longest_task():
    assert (
        app.conf.broker_transport_options["visibility_timeout"]
        > app.conf.task_time_limit
        > app.conf.task_soft_time_limit
    )
    assert (app.conf.task_acks_late, app.conf.task_reject_on_worker_lost) == (True, True)


@pytest.mark.parametrize(
    ("name", "queue"),
    [("stores.bulk_import", "bulk"), ("communities.fast_welcome", "fast"), ("stores.tidy", "default")],
)
def test_the_name_of_a_task_says_its_queue(name, queue):
    assert app.amqp.router.route({}, name)["queue"].name == queue


def test_every_scheduled_task_exists_and_goes_to_a_declared_queue():
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert app.amqp.router.route(dict(entry["options"]), entry["task"])["queue"].name in QUEUES
        # What comes round soon is dropped within a minute; what comes once a day waits an hour for a worker.
        assert entry["options"]["expires"] == (3600 if len(entry["schedule"].hour) == 1 else 60)


def test_beat_leaves_a_pulse_on_every_round(own_queues):
    client, prefix = own_queues
    beat = pulse.PulseScheduler(app=app)

    delay = beat.tick()

    assert 0 <= delay <= 20
    assert pulse.ages(at=datetime.now(UTC))["beat"] <= 1
    assert client.exists(f"{prefix}pulse") == 1


def test_beat_survives_a_redis_it_cannot_reach(settings):
    beat = pulse.PulseScheduler(app=app)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert beat.tick() >= 0


@pytest.mark.django_db(transaction=True)
def test_a_pulse_goes_from_beat_through_redis_to_a_worker(own_queues):
    client, prefix = own_queues
    app.loader.import_default_modules()
    beat = pulse.PulseScheduler(app=app)
    for entry in beat.schedule.values():
        entry.last_run_at = datetime.now(UTC) - timedelta(minutes=2)

    while beat.tick() == 0:
        pass
    sent = [json.loads(text) for queue in QUEUES for text in client.lrange(f"{prefix}{queue}", 0, -1)]
    with start_worker(app, queues=QUEUES, perform_ping_check=False, pool="solo", shutdown_timeout=30):
        deadline = datetime.now(UTC) + timedelta(seconds=20)
        while not set(QUEUES) <= set(pulse.ages(at=datetime.now(UTC))):
            assert datetime.now(UTC) < deadline
    beat.close()

    assert [message["headers"]["task"] for message in sent].count("config.pulse") == 3
    assert set(pulse.ages(at=datetime.now(UTC))) == {"beat", *QUEUES}
