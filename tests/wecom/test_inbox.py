import os
import signal
import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections

from tests.racing import race
from tests.wecom.envelopes import event_xml, idle
from tests.wecom.inboxes import NOW, State, noting, only_job, put
from wecom import tasks
from wecom.client.errors import Throttled, WeComRefused
from wecom.models import CallbackEvent, CallbackJob
from wecom.registry import Park
from wecom.services import inbox, waking


@pytest.mark.django_db
def test_new_customer_reaches_the_fast_queue_and_the_default_queue_fast_first(handlers, woken):
    handlers("change_external_contact", idle, name="tests.contact")
    handlers("change_external_contact.add_external_contact", idle, name="tests.welcome", queue="fast")

    put(1)
    put(2, change="del_follow_user")

    assert woken == [("fast", None), ("default", None)]  # the second event needs no second call


@pytest.mark.django_db
def test_handler_gets_the_event_and_the_time_and_its_job_is_done(handlers, woken):
    seen = []

    def handler(event, *, at):
        seen.append((event, at))

    handlers("change_external_contact", handler, name="tests.contact")
    stored = put()

    inbox.run_next(queue="default", at=NOW)

    ((event, at),) = seen
    assert (event.pk, event.kind, event.text("ExternalUserID"), event.received_at, at) == (
        stored.pk, "change_external_contact.add_external_contact", "wm1", NOW, NOW,
    )  # fmt: skip
    assert (only_job().state, only_job().attempts, only_job().finished_at) == (State.DONE, 1, NOW)


@pytest.mark.django_db
def test_job_runs_once_however_often_workers_look(handlers, woken):
    runs = []
    handlers("change_external_contact", noting(runs, lambda event: event.pk), name="tests.contact")
    stored = put()

    for _ in range(3):
        inbox.run_next(queue="default", at=NOW)

    assert runs == [stored.pk]


@pytest.mark.django_db(transaction=True)
def test_of_five_workers_who_look_at_once_one_runs_the_job(handlers, woken):
    running = threading.Semaphore(0)
    runs = []

    def handler(event, *, at):
        runs.append(event.pk)
        for _ in range(4):
            assert running.acquire(timeout=30)  # hold the job until every other worker has come and gone

    handlers("change_external_contact", handler, name="tests.contact")
    put()

    def work():
        taken = inbox.run_next(queue="default", at=NOW)
        running.release()
        return taken

    results = race(*[work] * 5)

    assert sorted(results) == [False] * 4 + [True]
    assert len(runs) == 1
    assert only_job().state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_control_workers_that_look_before_they_take_run_the_job_several_times(handlers, woken):
    """The same race without the conditional update, so that the test above is known to be able to fail."""
    together = threading.Barrier(4)
    runs = []
    handlers("change_external_contact", idle, name="tests.contact")
    put()
    job_id = only_job().pk

    def careless():
        waiting = CallbackJob.objects.due(NOW).filter(pk=job_id).exists()
        together.wait(30)
        if waiting:
            CallbackJob.objects.filter(pk=job_id).update(state=State.RUNNING)
            runs.append(job_id)

    race(*[careless] * 4)

    assert len(runs) == 4


@pytest.mark.django_db(transaction=True)
def test_worker_killed_in_the_middle_leaves_a_job_that_is_swept_and_run_again(handlers, woken):
    handlers(
        "change_external_contact", noting([], lambda _: os.kill(os.getpid(), signal.SIGKILL)), name="tests.contact"
    )
    put()
    connections.close_all()
    child = os.fork()
    if child == 0:
        inbox.run_next(queue="default", at=NOW)
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert os.WTERMSIG(status) == signal.SIGKILL
    assert only_job().state == State.RUNNING
    before_lease_ends = NOW + inbox.LEASE - timedelta(seconds=1)
    assert inbox.sweep_jobs(at=before_lease_ends) == []
    after = NOW + inbox.LEASE
    assert inbox.sweep_jobs(at=after) == ["default"]
    handlers("change_external_contact", idle, name="tests.contact")
    inbox.run_next(queue="default", at=after)
    assert (only_job().state, only_job().attempts) == (State.DONE, 2)


@pytest.mark.django_db
def test_worker_whose_lease_ran_out_cannot_close_the_job_of_its_successor(handlers, woken):
    def slow(event, *, at):
        # Meanwhile the lease ends and another worker takes the job.
        CallbackJob.objects.update(attempts=2, due_at=NOW + 2 * inbox.LEASE)

    handlers("change_external_contact", slow, name="tests.contact")
    put()

    inbox.run_next(queue="default", at=NOW)

    assert (only_job().state, only_job().finished_at) == (State.RUNNING, None)


@pytest.mark.django_db
def test_failing_handler_is_tried_again_later_and_later_and_then_parked(handlers, woken):
    def broken(event, *, at):
        raise RuntimeError("access_token=abc123 rejected")

    handlers("change_external_contact", broken, name="tests.contact")
    put()
    at, waits = NOW, []

    while only_job().state == State.WAITING:
        at = only_job().due_at
        inbox.run_next(queue="default", at=at)
        waits.append((only_job().due_at - at).total_seconds())

    assert waits[:-1] == [5, 20, 60, 300, 900, 3_600, 28_800]
    assert (only_job().state, only_job().attempts) == (State.DEAD, 8)
    assert only_job().error == "RuntimeError: access_token=*** rejected"
    assert woken == [("default", None), ("default", 5), ("default", 20)]  # the rest is the sweeper's


@pytest.mark.django_db
def test_one_broken_handler_does_not_hold_up_the_other(handlers, woken):
    done = []

    def broken(event, *, at):
        raise RuntimeError

    handlers("change_external_contact", broken, name="tests.broken")
    handlers("change_external_contact", noting(done, lambda _: 1), name="tests.sound")
    put()

    for seconds in (0, 0, 6, 6):
        inbox.run_next(queue="default", at=NOW + timedelta(seconds=seconds))

    assert done == [1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [Park("门店未映射"), WeComRefused(api="externalcontact/get", code=40035)],
)
def test_failure_that_cannot_pass_is_parked_at_once(handlers, woken, error):
    def broken(event, *, at):
        raise error

    handlers("change_external_contact", broken, name="tests.contact")
    put()

    inbox.run_next(queue="default", at=NOW)

    assert (only_job().state, only_job().attempts) == (State.DEAD, 1)


@pytest.mark.django_db
def test_paused_api_is_left_alone_for_as_long_as_it_is_paused(handlers, woken):
    def paused(event, *, at):
        raise Throttled("暂停", retry_after=3_600)

    handlers("change_external_contact", paused, name="tests.contact")
    put()

    inbox.run_next(queue="default", at=NOW)

    assert (only_job().state, only_job().due_at) == (State.WAITING, NOW + timedelta(hours=1))


@pytest.mark.django_db
def test_job_of_a_handler_that_is_gone_is_parked_with_the_reason(handlers, woken):
    handlers("change_external_contact", idle, name="tests.contact")
    put()
    CallbackJob.objects.update(handler="tests.removed")

    inbox.run_next(queue="default", at=NOW)

    assert (only_job().state, only_job().error) == (State.DEAD, "处理程序已不存在")


@pytest.mark.django_db(transaction=True)
def test_of_six_deliveries_at_the_same_moment_one_is_stored(handlers, woken):
    handlers("change_external_contact", idle, name="tests.contact")
    plaintext = event_xml("change_external_contact", "add_external_contact", ExternalUserID="wm1")

    results = race(*[partial(inbox.store_event, plaintext=plaintext, at=NOW)] * 6)

    assert sorted(results) == [0] * 5 + [1]
    assert (CallbackEvent.objects.count(), CallbackJob.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_worker_that_finds_more_work_calls_another(handlers, woken):
    handlers("change_external_contact", idle, name="tests.contact")
    for number in range(2):
        put(number)
    assert woken == [("default", None)]
    waking.arrived(queue="default")

    assert [inbox.run_next(queue="default", at=NOW) for _ in range(3)] == [True, True, False]
    assert woken == [("default", None)] * 2


@pytest.mark.django_db
def test_each_welcome_calls_a_worker_of_its_own(handlers, woken):
    handlers("change_external_contact", idle, name="tests.welcome", queue="fast")

    for number in range(3):
        put(number)

    assert woken == [("fast", None)] * 3


@pytest.mark.django_db
def test_jobs_are_taken_in_the_order_they_became_due_and_queue_by_queue(handlers, woken):
    runs = []
    handlers("change_external_contact", noting(runs, lambda event: event.text("ExternalUserID")), name="tests.contact")
    handlers("change_external_contact", idle, name="tests.welcome", queue="fast")
    for number, seconds in ((1, 3), (2, 1), (3, 2)):
        put(number, at=NOW + timedelta(seconds=seconds))

    while inbox.run_next(queue="default", at=NOW + timedelta(seconds=5)):
        pass

    assert runs == ["wm2", "wm3", "wm1"]
    assert CallbackJob.objects.filter(queue="fast", state=State.WAITING).count() == 3


@pytest.mark.django_db
def test_turn_of_a_worker_ends_and_the_rest_is_left_to_the_next(handlers, woken, monkeypatch):
    handlers("change_external_contact", idle, name="tests.contact")
    for number in range(3):
        put(number)
    monkeypatch.setattr(tasks, "TURN_SECONDS", -1)

    tasks.work_callbacks(queue="default")

    assert CallbackJob.objects.filter(state=State.DONE).count() == 1
    assert woken == [("default", None)] * 2
