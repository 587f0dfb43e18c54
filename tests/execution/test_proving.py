"""What a store says of its posts: once, never weaker than what is known, and never against what has happened."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from communities.models import Broadcast, PostEvidence, PostTask
from communities.services.cadence import proving
from stores.models import AuditEntry
from tests.execution.posts import DAY, Evidence, S, moment, post
from tests.factories import ManagerFactory, MaterialFactory
from tests.racing import race

pytestmark = pytest.mark.django_db
AT = moment(10, 5)


@pytest.fixture
def manager():
    return ManagerFactory(name="王芳", wecom_userid="wangfang")


def kept(task):
    return PostTask.objects.get(pk=task.pk)


def test_a_second_tap_changes_nothing(manager):
    task = post(store=manager.store)

    proving.declare_sent(task=task, staff=manager, at=AT)
    proving.declare_sent(task=task, staff=manager, at=AT + timedelta(seconds=2))

    assert (kept(task).state, kept(task).evidence, kept(task).done_at) == (S.SENT, Evidence.SELF_DECLARED, AT)
    assert list(PostEvidence.objects.values_list("level", "at", "by")) == [(Evidence.SELF_DECLARED, AT, manager.pk)]


def test_a_stronger_word_raises_the_evidence_and_a_weaker_one_never_lowers_it(manager):
    task = post(store=manager.store)
    proving.declare_sent(task=task, staff=manager, at=AT)

    proving.confirm_client_send(task=task, staff=manager, detail={"call": "sendChatMessage"}, at=AT)
    proving.declare_sent(task=task, staff=manager, at=AT)

    assert kept(task).evidence == Evidence.CLIENT_CALLBACK
    assert set(task.proofs.values_list("level", flat=True)) == {Evidence.SELF_DECLARED, Evidence.CLIENT_CALLBACK}
    assert task.proofs.get(level=Evidence.CLIENT_CALLBACK).detail == {"call": "sendChatMessage"}


@pytest.mark.parametrize("state", [S.PLANNED, S.BLOCKED, S.SKIPPED, S.WITHDRAWN])
def test_what_is_not_out_cannot_be_called_sent(manager, state):
    task = post(store=manager.store, state=state)

    with pytest.raises(proving.NotSendable):
        proving.declare_sent(task=task, staff=manager, at=AT)

    assert kept(task).state == state
    assert not PostEvidence.objects.exists()


@pytest.mark.parametrize("state", [S.MISSED, S.FAILED])
def test_what_was_missed_or_failed_is_made_up_until_midnight_and_stays_known_as_such(manager, state):
    task = post(store=manager.store, state=state)

    proving.declare_sent(task=task, staff=manager, at=moment(15))

    assert kept(task).state == S.SENT
    assert kept(task).miss_reason or kept(task).failure
    late = post(store=manager.store, state=state, slot=2)
    with pytest.raises(proving.NotSendable):
        proving.declare_sent(task=late, staff=manager, at=moment(9, day=DAY + timedelta(days=1)))


def test_what_was_never_released_is_frozen_when_it_is_made_up(manager):
    material = MaterialFactory(version__text="{店名}的阳光玫瑰到了")
    task = post(store=manager.store, state=S.MISSED, miss_reason=PostTask.MissReason.NOT_RELEASED, material=material)

    proving.declare_sent(task=task, staff=manager, at=moment(15))

    assert kept(task).content.text == f"{manager.store.name}的阳光玫瑰到了"
    assert kept(task).channel_reason == "补发"


def test_a_skip_takes_all_the_groups_and_leaves_what_is_sent(manager):
    tasks = [post(store=manager.store, state=state) for state in (S.PLANNED, S.BLOCKED, S.RELEASED, S.SENT, S.MISSED)]

    count = proving.skip(tasks=tasks, staff=manager, reason="out_of_stock", note="", at=AT)

    assert count == 3
    assert [kept(task).state for task in tasks] == [S.SKIPPED, S.SKIPPED, S.SKIPPED, S.SENT, S.MISSED]
    assert kept(tasks[0]).done_by == manager


def test_other_reasons_need_words_and_unknown_ones_are_none(manager):
    task = post(store=manager.store)

    with pytest.raises(proving.SkipNeedsWords):
        proving.skip(tasks=[task], staff=manager, reason="other", note="  ", at=AT)
    with pytest.raises(ValueError, match="lazy"):
        proving.skip(tasks=[task], staff=manager, reason="lazy", note="", at=AT)

    assert kept(task).state == S.RELEASED


def test_ones_own_word_can_be_taken_back_and_leaves_a_trace(manager):
    task = post(store=manager.store)
    proving.declare_sent(task=task, staff=manager, at=AT)

    proving.take_back(task=task, staff=manager, at=AT)

    assert (kept(task).state, kept(task).evidence, kept(task).done_at) == (S.RELEASED, Evidence.NONE, None)
    assert not PostEvidence.objects.exists()
    assert AuditEntry.objects.get().action == "posts.declaration_taken_back"


@pytest.mark.parametrize(
    ("fields", "back"),
    [
        ({"state": S.RELEASED}, S.RELEASED),
        ({"state": S.PLANNED}, S.PLANNED),
        ({"state": S.BLOCKED, "findings": [{"check": "sold_out", "severity": "block", "message": "售罄"}]}, S.BLOCKED),
    ],
)
def test_a_skip_taken_back_stands_where_it_stood(manager, fields, back):
    task = post(store=manager.store, **fields)
    proving.skip(tasks=[task], staff=manager, reason="short_handed", note="", at=AT)

    proving.take_back(task=task, staff=manager, at=AT)

    assert (kept(task).state, kept(task).skip_reason) == (back, "")


def test_a_made_up_post_taken_back_is_missed_again(manager):
    task = post(store=manager.store, state=S.MISSED)
    proving.declare_sent(task=task, staff=manager, at=moment(15))

    proving.take_back(task=task, staff=manager, at=moment(15))

    assert kept(task).state == S.MISSED


def test_what_the_client_or_wecom_vouches_for_cannot_be_taken_back(manager):
    task = post(store=manager.store)
    proving.confirm_client_send(task=task, staff=manager, detail={}, at=AT)

    with pytest.raises(proving.NothingToTakeBack):
        proving.take_back(task=task, staff=manager, at=AT)

    assert kept(task).state == S.SENT


def test_yesterdays_word_stands(manager):
    task = post(store=manager.store, state=S.SENT)

    with pytest.raises(proving.NothingToTakeBack):
        proving.take_back(task=task, staff=manager, at=moment(9, day=DAY + timedelta(days=1)))


def test_after_the_tap_wecom_is_asked_soon(manager):
    task = post(store=manager.store)
    send = Broadcast.objects.create(
        day=DAY, slot=task.slot, store=task.store, owner_userid="wangfang", content=task.content, state="created",
        msgid="m1", next_poll_at=moment(11),
    )  # fmt: skip
    PostTask.objects.filter(pk=task.pk).update(broadcast=send, channel="group_send")

    assert proving.ask_soon(tasks=[kept(task)], at=AT) == 1
    assert proving.ask_soon(tasks=[kept(task)], at=AT) == 0
    send.refresh_from_db()
    assert send.next_poll_at == AT


@pytest.mark.django_db(transaction=True)
def test_of_a_tap_and_a_skip_at_the_same_moment_one_wins_and_the_other_leaves_no_trace():
    manager = ManagerFactory()
    task = post(store=manager.store)

    for _ in range(5):
        PostTask.objects.filter(pk=task.pk).update(
            state=S.RELEASED, skip_reason="", evidence=0, done_at=None, done_by=None
        )
        PostEvidence.objects.all().delete()
        race(
            partial(proving.declare_sent, task=task, staff=manager, at=AT),
            partial(proving.skip, tasks=[task], staff=manager, reason="out_of_stock", note="", at=AT),
        )
        row = kept(task)
        is_sent = row.state == S.SENT
        assert (bool(row.skip_reason), task.proofs.count()) == (not is_sent, int(is_sent))


@pytest.mark.django_db(transaction=True)
def test_four_taps_at_the_same_moment_leave_one_word():
    manager = ManagerFactory()
    task = post(store=manager.store)

    results = race(*[partial(proving.declare_sent, task=task, staff=manager, at=AT)] * 4)

    assert results == [None] * 4
    assert (kept(task).state, task.proofs.count()) == (S.SENT, 1)


@pytest.mark.django_db(transaction=True)
def test_the_control_that_reads_before_it_writes_loses_the_race():
    """The same race without the condition in the update: both find the post open, and both have their way."""
    manager = ManagerFactory()
    task = post(store=manager.store)
    both_have_read = threading.Barrier(2)

    def naive(**change):
        row = kept(task)
        assert row.state == S.RELEASED
        both_have_read.wait(30)
        for name, value in change.items():
            setattr(row, name, value)
        row.save(update_fields=list(change))
        connection.close()

    race(
        partial(naive, state=S.SENT, evidence=1, done_at=AT),
        partial(naive, state=S.SKIPPED, skip_reason="out_of_stock"),
    )

    row = kept(task)
    assert (row.skip_reason, row.evidence) == ("out_of_stock", 1)  # said to be sent and skipped at once
