from datetime import timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from kombu.exceptions import OperationalError

from tests.racing import race
from tests.wecom.envelopes import idle
from tests.wecom.inboxes import NOW, State, noting, only_job, put
from wecom import selectors, tasks
from wecom.models import CallbackEvent, CallbackJob
from wecom.registry import Park
from wecom.services import inbox, waking


@pytest.mark.django_db
def test_broker_that_is_down_costs_time_not_the_event(handlers, store, monkeypatch):
    handlers("change_external_contact", idle, name="tests.contact")

    def down(**_):
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.work_callbacks, "apply_async", down)
    put()
    sent = []
    monkeypatch.setattr(tasks.work_callbacks, "apply_async", lambda **message: sent.append(message["queue"]))

    assert inbox.sweep_jobs(at=NOW) == ["default"]
    assert sent == ["default"]


@pytest.mark.django_db
def test_redis_that_is_down_costs_time_not_the_event(handlers, settings):
    handlers("change_external_contact", idle, name="tests.contact")
    settings.REDIS_URL = "unix:///nonexistent/redis.sock?db=0"

    put()

    assert only_job().state == State.WAITING


@pytest.mark.django_db
def test_lost_call_is_made_again_by_the_sweeper_while_there_is_work(handlers, woken):
    handlers("change_external_contact", idle, name="tests.contact")
    put()
    woken.clear()  # lost

    assert inbox.sweep_jobs(at=NOW) == ["default"]
    inbox.run_next(queue="default", at=NOW)
    assert inbox.sweep_jobs(at=NOW + timedelta(hours=1)) == []
    assert woken == [("default", None)]


@pytest.mark.django_db
def test_many_retries_due_together_are_one_call(handlers, woken):
    def broken(event, *, at):
        raise RuntimeError

    handlers("change_external_contact", broken, name="tests.contact")
    for number in range(3):
        put(number)
    woken.clear()
    waking.arrived(queue="default")

    for _ in range(3):
        inbox.run_next(queue="default", at=NOW)

    assert woken == [("default", None), ("default", 5)]


@pytest.mark.django_db
def test_replay_restarts_dead_letters_and_with_done_also_the_others(handlers, woken, capsys):
    runs = []

    def broken(event, *, at):
        raise Park("坏了")

    handlers("change_external_contact", broken, name="tests.contact")
    put(1)
    inbox.run_next(queue="default", at=NOW)
    handlers("change_external_contact", noting(runs, lambda event: event.text("ExternalUserID")), name="tests.contact")

    call_command("replay_callbacks", "--dry-run")
    call_command("replay_callbacks")
    call_command("replay_callbacks")
    inbox.run_next(queue="default", at=only_job().due_at)
    call_command("replay_callbacks", "--done", "--kind", "change_external_contact.add_external_contact")
    inbox.run_next(queue="default", at=only_job().due_at)
    call_command("replay_callbacks", "--done", "--since", "2026-01-06T00:00")

    assert runs == ["wm1", "wm1"]
    assert capsys.readouterr().out.splitlines() == [
        "将重放 1 个任务", "已重放 1 个任务", "已重放 0 个任务", "已重放 1 个任务", "已重放 0 个任务",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_people_who_replay_a_dead_letter_restart_it_once(handlers, woken):
    handlers("change_external_contact", idle, name="tests.contact")
    put()
    CallbackJob.objects.update(state=State.DEAD, attempts=8)

    counts = race(*[partial(inbox.replay_jobs, job_ids=[only_job().pk], at=NOW)] * 4)

    assert sorted(counts) == [0, 0, 0, 1]


@pytest.mark.django_db
def test_event_stored_before_its_handler_existed_can_be_worked_on_later(handlers, woken, capsys):
    put()
    assert CallbackJob.objects.count() == 0
    handlers("change_external_contact", idle, name="tests.late")

    call_command("replay_callbacks", "--missing")
    call_command("replay_callbacks", "--missing")

    assert capsys.readouterr().out.splitlines() == [
        "补建 1 个任务", "已重放 0 个任务", "补建 0 个任务", "已重放 0 个任务",
    ]  # fmt: skip
    inbox.sweep_jobs(at=only_job().due_at)
    inbox.run_next(queue="default", at=only_job().due_at)
    assert only_job().state == State.DONE


def test_replay_refuses_a_time_it_cannot_read():
    with pytest.raises(CommandError, match="不是时间"):
        call_command("replay_callbacks", "--since", "昨天")


@pytest.mark.django_db
def test_purge_forgets_finished_events_and_keeps_dead_letters(handlers, woken):
    handlers("change_external_contact", idle, name="tests.contact")
    old, parked, young = put(1), put(2), put(3, at=NOW + timedelta(days=2))
    CallbackJob.objects.exclude(event=parked).update(state=State.DONE, finished_at=NOW)
    CallbackJob.objects.filter(event=parked).update(state=State.DEAD)

    purged = inbox.purge_events(before=NOW + timedelta(days=1))

    assert purged == 1
    assert set(CallbackEvent.objects.values_list("pk", flat=True)) == {parked.pk, young.pk}
    assert old.pk not in {parked.pk, young.pk}


@pytest.mark.django_db
def test_state_of_the_inbox_counts_what_waits_and_what_is_dead(handlers, woken, django_assert_num_queries):
    handlers("change_external_contact", idle, name="tests.contact")
    for number in range(3):
        put(number, at=NOW + timedelta(seconds=number))
    CallbackJob.objects.filter(pk=CallbackJob.objects.latest("pk").pk).update(state=State.DEAD)

    with django_assert_num_queries(1):
        state = selectors.inbox_state(at=NOW + timedelta(minutes=1))

    assert state == selectors.InboxState(waiting=2, running=0, dead=1, oldest_due_at=NOW)
    assert [job.event.kind for job in selectors.dead_letters()] == ["change_external_contact.add_external_contact"]


@pytest.mark.django_db
def test_job_that_takes_down_its_worker_every_time_is_parked_in_the_end(handlers, woken):
    runs = []
    handlers("change_external_contact", noting(runs, lambda _: 1), name="tests.contact")
    put()
    CallbackJob.objects.update(state=State.RUNNING, attempts=inbox.MAX_ATTEMPTS)  # killed at its last attempt

    inbox.run_next(queue="default", at=NOW)

    assert (only_job().state, only_job().error, runs) == (State.DEAD, "处理进程多次中断", [])
