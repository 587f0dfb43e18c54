"""What beat asks for each minute and evening, on the clock."""

from datetime import date

import pytest

from communities import tasks
from communities.models import Broadcast, PostTask
from config.celery import app
from tests.communities.cadence.days import DAY, cell, moment, published, store_of


@pytest.fixture
def inline():
    """Tasks run where they are called."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.mark.parametrize(("hour", "day"), [(7, date(2026, 11, 10)), (19, date(2026, 11, 11))])
@pytest.mark.django_db
def test_the_evening_lays_out_tomorrow_and_the_morning_catches_up_today(inline, time_machine, hour, day):
    time_machine.move_to(moment(hour, 10))
    cell(published(), 1, day=day)
    store_of("zhang")

    tasks.bulk_materialise_next()

    assert list(PostTask.objects.values_list("day", flat=True)) == [day]


def test_minute_by_minute_a_slot_is_released_sent_polled_and_closed(chain, inline, time_machine):
    chain.plan()
    states = []
    for hour, minute in ((9, 40), (9, 59), (10, 3), (10, 16), (11, 1), (11, 11)):
        time_machine.move_to(chain.at(hour, minute))
        tasks.sweep_slots()
        tasks.bulk_poll_group_sends()
        states.append(
            (sorted(set(PostTask.objects.values_list("state", flat=True))), len(chain.company.rows("send_task")))
        )

    assert states == [
        (["planned"], 0), (["released"], 2), (["released"], 2), (["released"], 2), (["released"], 2), (["missed"], 2),
    ]  # fmt: skip
    assert list(Broadcast.objects.values_list("polls", "reminders")) == [(3, 1), (3, 1)]


@pytest.mark.django_db
def test_the_day_may_come_as_text_from_the_broker(time_machine):
    time_machine.move_to(moment(8))
    cell(published(), 1)
    store = store_of("zhang")

    tasks.bulk_materialise(DAY.isoformat(), [store.pk])
    tasks.bulk_materialise(DAY)

    assert PostTask.objects.count() == 1
