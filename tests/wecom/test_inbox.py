import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from kombu.exceptions import OperationalError

from tests.racing import race
from tests.wecom.envelopes import event_xml, idle
from wecom import selectors, tasks
from wecom.client.errors import Throttled, WeComRefused
from wecom.models import CallbackEvent, CallbackJob
from wecom.registry import Park
from wecom.services import inbox

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
State = CallbackJob.State


@pytest.fixture
def published(monkeypatch):
    """What would have been sent to the broker, the one boundary that is faked here."""
    sent = []
    monkeypatch.setattr(
        tasks.run_callback,
        "apply_async",
        lambda *, kwargs, queue, countdown=None, **_: sent.append((kwargs["job_id"], queue, countdown)),
    )
    return sent


def _store(number: int = 1, *, change: str = "add_external_contact", at: datetime = NOW) -> CallbackEvent:
    plaintext = event_xml("change_external_contact", change, ExternalUserID=f"wm{number}")
    inbox.store_event(plaintext=plaintext, at=at)
    return CallbackEvent.objects.get(body=plaintext)


def noting(notes, fact):
    """A handler that notes a fact of each event it gets."""

    def handler(event, *, at):
        notes.append(fact(event))

    return handler


def _job() -> CallbackJob:
    return CallbackJob.objects.get()


@pytest.mark.django_db
def test_new_customer_reaches_the_fast_queue_and_the_default_queue_fast_first(handlers, published):
    handlers("change_external_contact", idle, name="tests.contact")
    handlers("change_external_contact.add_external_contact", idle, name="tests.welcome", queue="fast")

    _store(1)
    _store(2, change="del_follow_user")

    assert [queue for _, queue, _ in published] == ["fast", "default", "default"]


@pytest.mark.django_db
def test_handler_gets_the_event_and_the_time_and_its_job_is_done(handlers, published):
    seen = []

    def handler(event, *, at):
        seen.append((event, at))

    handlers("change_external_contact", handler, name="tests.contact")
    stored = _store()

    inbox.run_job(job_id=_job().pk, at=NOW)

    ((event, at),) = seen
    assert (event.pk, event.kind, event.text("ExternalUserID"), event.received_at, at) == (
        stored.pk, "change_external_contact.add_external_contact", "wm1", NOW, NOW,
    )  # fmt: skip
    assert (_job().state, _job().attempts, _job().finished_at) == (State.DONE, 1, NOW)


@pytest.mark.django_db
def test_job_runs_once_however_often_its_message_arrives(handlers, published):
    runs = []
    handlers("change_external_contact", noting(runs, lambda event: event.pk), name="tests.contact")
    stored = _store()

    for _ in range(3):
        inbox.run_job(job_id=_job().pk, at=NOW)

    assert runs == [stored.pk]


@pytest.mark.django_db(transaction=True)
def test_of_five_workers_with_the_same_message_one_runs_the_job(handlers, published):
    running = threading.Semaphore(0)
    runs = []

    def handler(event, *, at):
        runs.append(event.pk)
        for _ in range(4):
            assert running.acquire(timeout=30)  # hold the job until every other worker has come and gone

    handlers("change_external_contact", handler, name="tests.contact")
    _store()
    job_id = _job().pk

    def work():
        inbox.run_job(job_id=job_id, at=NOW)
        running.release()

    results = race(*[work] * 5)

    assert results == [None] * 5
    assert len(runs) == 1
    assert _job().state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_control_workers_that_look_before_they_take_run_the_job_several_times(handlers, published):
    """The same race without the conditional update, so that the test above is known to be able to fail."""
    together = threading.Barrier(4)
    runs = []
    handlers("change_external_contact", idle, name="tests.contact")
    _store()
    job_id = _job().pk

    def careless():
        waiting = CallbackJob.objects.due(NOW).filter(pk=job_id).exists()
        together.wait(30)
        if waiting:
            CallbackJob.objects.filter(pk=job_id).update(state=State.RUNNING)
            runs.append(job_id)

    race(*[careless] * 4)

    assert len(runs) == 4


@pytest.mark.django_db(transaction=True)
def test_worker_killed_in_the_middle_leaves_a_job_that_is_swept_and_run_again(handlers, published):
    handlers(
        "change_external_contact", noting([], lambda _: os.kill(os.getpid(), signal.SIGKILL)), name="tests.contact"
    )
    _store()
    job_id = _job().pk

    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child == 0:
        inbox.run_job(job_id=job_id, at=NOW)
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert os.WTERMSIG(status) == signal.SIGKILL
    assert _job().state == State.RUNNING
    before_lease_ends = NOW + inbox.LEASE - timedelta(seconds=1)
    assert inbox.sweep_jobs(at=before_lease_ends) == 0
    after = NOW + inbox.LEASE + timedelta(minutes=5)
    assert inbox.sweep_jobs(at=after) == 1
    handlers("change_external_contact", idle, name="tests.contact")
    inbox.run_job(job_id=job_id, at=after)
    assert (_job().state, _job().attempts) == (State.DONE, 2)


@pytest.mark.django_db
def test_worker_whose_lease_ran_out_cannot_close_the_job_of_its_successor(handlers, published):
    def slow(event, *, at):
        # Meanwhile the lease ends and another worker takes the job.
        CallbackJob.objects.update(attempts=2, due_at=NOW + 2 * inbox.LEASE)

    handlers("change_external_contact", slow, name="tests.contact")
    _store()

    inbox.run_job(job_id=_job().pk, at=NOW)

    assert (_job().state, _job().finished_at) == (State.RUNNING, None)


@pytest.mark.django_db
def test_failing_handler_is_tried_again_later_and_later_and_then_parked(handlers, published):
    def broken(event, *, at):
        raise RuntimeError("access_token=abc123 rejected")

    handlers("change_external_contact", broken, name="tests.contact")
    _store()
    at, waits = NOW, []

    while _job().state == State.WAITING:
        at = _job().due_at
        inbox.run_job(job_id=_job().pk, at=at)
        waits.append((_job().due_at - at).total_seconds())

    assert waits[:-1] == [5, 20, 60, 300, 900, 3_600, 28_800]
    assert (_job().state, _job().attempts) == (State.DEAD, 8)
    assert _job().error == "RuntimeError: access_token=*** rejected"
    assert [countdown for _, _, countdown in published] == [None, 5, 20, 60]


@pytest.mark.django_db
def test_one_broken_handler_does_not_hold_up_the_other(handlers, published):
    done = []

    def broken(event, *, at):
        raise RuntimeError

    handlers("change_external_contact", broken, name="tests.broken")
    handlers("change_external_contact", noting(done, lambda _: 1), name="tests.sound")
    _store()

    for job in CallbackJob.objects.all():
        inbox.run_job(job_id=job.pk, at=NOW)
        inbox.run_job(job_id=job.pk, at=NOW + timedelta(seconds=6))

    assert done == [1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [Park("门店未映射"), WeComRefused(api="externalcontact/get", code=40035)],
)
def test_failure_that_cannot_pass_is_parked_at_once(handlers, published, error):
    def broken(event, *, at):
        raise error

    handlers("change_external_contact", broken, name="tests.contact")
    _store()

    inbox.run_job(job_id=_job().pk, at=NOW)

    assert (_job().state, _job().attempts) == (State.DEAD, 1)


@pytest.mark.django_db
def test_paused_api_is_left_alone_for_as_long_as_it_is_paused(handlers, published):
    def paused(event, *, at):
        raise Throttled("暂停", retry_after=3_600)

    handlers("change_external_contact", paused, name="tests.contact")
    _store()

    inbox.run_job(job_id=_job().pk, at=NOW)

    assert (_job().state, _job().due_at) == (State.WAITING, NOW + timedelta(hours=1))


@pytest.mark.django_db
def test_job_of_a_handler_that_is_gone_is_parked_with_the_reason(handlers, published):
    handlers("change_external_contact", idle, name="tests.contact")
    _store()
    CallbackJob.objects.update(handler="tests.removed")

    inbox.run_job(job_id=_job().pk, at=NOW)

    assert (_job().state, _job().error) == (State.DEAD, "处理程序已不存在")


@pytest.mark.django_db
def test_broker_that_is_down_costs_time_not_the_event(handlers, monkeypatch):
    handlers("change_external_contact", idle, name="tests.contact")

    def down(**_):
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.run_callback, "apply_async", down)
    _store()
    assert _job().queued_at is None

    sent = []
    monkeypatch.setattr(tasks.run_callback, "apply_async", lambda **message: sent.append(message["queue"]))

    assert inbox.sweep_jobs(at=NOW) == 1
    assert sent == ["default"]


@pytest.mark.django_db
def test_lost_message_is_queued_again_and_a_long_queue_is_not_filled_with_copies(handlers, published):
    handlers("change_external_contact", idle, name="tests.slow")
    handlers("change_external_contact", idle, name="tests.welcome", queue="fast")
    _store()
    published.clear()

    swept = [inbox.sweep_jobs(at=NOW + timedelta(seconds=seconds)) for seconds in (20, 60, 80, 301)]

    assert swept == [0, 1, 0, 2]
    assert [queue for _, queue, _ in published] == ["fast", "fast", "default"]


@pytest.mark.django_db
def test_replay_restarts_dead_letters_and_with_done_also_the_others(handlers, published, capsys):
    runs = []

    def broken(event, *, at):
        raise Park("坏了")

    handlers("change_external_contact", broken, name="tests.contact")
    _store(1)
    inbox.run_job(job_id=_job().pk, at=NOW)
    handlers("change_external_contact", noting(runs, lambda event: event.text("ExternalUserID")), name="tests.contact")

    call_command("replay_callbacks", "--dry-run")
    call_command("replay_callbacks")
    call_command("replay_callbacks")
    inbox.run_job(job_id=_job().pk, at=_job().due_at)
    call_command("replay_callbacks", "--done", "--kind", "change_external_contact.add_external_contact")
    inbox.run_job(job_id=_job().pk, at=_job().due_at)
    call_command("replay_callbacks", "--done", "--since", "2026-01-06T00:00")

    assert runs == ["wm1", "wm1"]
    assert capsys.readouterr().out.splitlines() == [
        "将重放 1 个任务", "已重放 1 个任务", "已重放 0 个任务", "已重放 1 个任务", "已重放 0 个任务",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_people_who_replay_a_dead_letter_restart_it_once(handlers, published):
    handlers("change_external_contact", idle, name="tests.contact")
    _store()
    CallbackJob.objects.update(state=State.DEAD, attempts=8)

    counts = race(*[partial(inbox.replay_jobs, job_ids=[_job().pk], at=NOW)] * 4)

    assert sorted(counts) == [0, 0, 0, 1]


@pytest.mark.django_db
def test_event_stored_before_its_handler_existed_can_be_worked_on_later(handlers, published, capsys):
    _store()
    assert CallbackJob.objects.count() == 0
    handlers("change_external_contact", idle, name="tests.late")

    call_command("replay_callbacks", "--missing")
    call_command("replay_callbacks", "--missing")

    assert capsys.readouterr().out.splitlines() == [
        "补建 1 个任务", "已重放 0 个任务", "补建 0 个任务", "已重放 0 个任务",
    ]  # fmt: skip
    inbox.sweep_jobs(at=_job().due_at)
    inbox.run_job(job_id=_job().pk, at=_job().due_at)
    assert _job().state == State.DONE


def test_replay_refuses_a_time_it_cannot_read():
    with pytest.raises(CommandError, match="不是时间"):
        call_command("replay_callbacks", "--since", "昨天")


@pytest.mark.django_db
def test_purge_forgets_finished_events_and_keeps_dead_letters(handlers, published):
    handlers("change_external_contact", idle, name="tests.contact")
    old, parked, young = _store(1), _store(2), _store(3, at=NOW + timedelta(days=2))
    CallbackJob.objects.exclude(event=parked).update(state=State.DONE, finished_at=NOW)
    CallbackJob.objects.filter(event=parked).update(state=State.DEAD)

    purged = inbox.purge_events(before=NOW + timedelta(days=1))

    assert purged == 1
    assert set(CallbackEvent.objects.values_list("pk", flat=True)) == {parked.pk, young.pk}
    assert old.pk not in {parked.pk, young.pk}


@pytest.mark.django_db
def test_state_of_the_inbox_counts_what_waits_and_what_is_dead(handlers, published, django_assert_num_queries):
    handlers("change_external_contact", idle, name="tests.contact")
    for number in range(3):
        _store(number, at=NOW + timedelta(seconds=number))
    CallbackJob.objects.filter(pk=CallbackJob.objects.latest("pk").pk).update(state=State.DEAD)

    with django_assert_num_queries(1):
        state = selectors.inbox_state(at=NOW + timedelta(minutes=1))

    assert state == selectors.InboxState(waiting=2, running=0, dead=1, oldest_due_at=NOW)
    assert [job.event.kind for job in selectors.dead_letters()] == ["change_external_contact.add_external_contact"]


@pytest.mark.django_db(transaction=True)
def test_of_six_deliveries_at_the_same_moment_one_is_stored(handlers, published):
    handlers("change_external_contact", idle, name="tests.contact")
    plaintext = event_xml("change_external_contact", "add_external_contact", ExternalUserID="wm1")

    results = race(*[partial(inbox.store_event, plaintext=plaintext, at=NOW)] * 6)

    assert sorted(len(jobs) for jobs in results) == [0] * 5 + [1]
    assert (CallbackEvent.objects.count(), CallbackJob.objects.count()) == (1, 1)
