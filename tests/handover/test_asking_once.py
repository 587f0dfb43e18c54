"""Nobody is asked for twice: kills, lost answers, the limits of a day, two workers."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from communities.handover_words import words_of
from communities.models import CustomerGroup, HandoverItem, HandoverJob
from communities.services.handover import asking, driving
from tests.handover.handing import DAY, Killed, external
from wecom.client.errors import OutcomeUnknown
from wecom.client.transfers import Transfers
from wecom.gateway import wecom

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("arrived", [True, False])
def test_a_worker_killed_around_the_call_asks_for_nobody_twice(handing, monkeypatch, arrived):
    handing.start(groups=False)
    real = Transfers.customers

    def dying(self, **given):
        if arrived:
            real(self, **given)
        raise Killed

    monkeypatch.setattr(Transfers, "customers", dying)
    with pytest.raises(Killed):
        handing.go()
    monkeypatch.undo()
    after_the_kill = handing.states()
    handing.later(driving.LEASE.total_seconds() + 1)

    handing.go()

    assert after_the_kill == {"asked": 20}
    assert handing.states() == {"accepted": 20}
    transfers = handing.mirror._rows("transfer")
    assert len(transfers) == len({one["subject"] for one in transfers}) == 20


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_about_groups_is_settled_by_their_owner(handing, monkeypatch, arrived):
    handing.start(customers=False)
    real = Transfers.groups

    def lossy(self, **given):
        if arrived:
            real(self, **given)
        raise OutcomeUnknown("lost")

    monkeypatch.setattr(Transfers, "groups", lossy)
    job = handing.go()
    assert (handing.states("group"), "lost" in job.stalled) == ({"asked": 2}, True)
    monkeypatch.undo()
    handing.go()
    too_early = handing.states("group")
    handing.later(90)

    handing.go()

    assert too_early == {"asked": 2}
    assert handing.states("group") == {"done": 2}
    assert len(handing.mirror._rows("transfer")) == 2


def test_a_refusal_of_long_ago_does_not_settle_a_request_that_never_arrived(handing, monkeypatch):
    handing.start(groups=False)
    handing.go()
    contact = external(HandoverItem.objects.order_by("pk")[0])
    handing.mirror.company.do("refuse_transfer", contact=contact)
    handing.later(DAY)
    handing.go()
    handing.start(groups=False)

    def lost(self, **given):
        raise OutcomeUnknown("lost")

    monkeypatch.setattr(Transfers, "customers", lost)
    handing.go()
    monkeypatch.undo()
    handing.later(90)

    handing.go()

    assert handing.states() == {"accepted": 1}


def test_never_answered_ends_after_three_tries(handing, monkeypatch):
    handing.start(groups=False)

    def lost(self, **given):
        raise OutcomeUnknown("lost")

    monkeypatch.setattr(Transfers, "customers", lost)
    for _ in range(4):
        handing.go()
        handing.later(90)

    assert handing.states() == {"failed": 20}
    assert words_of(HandoverItem.objects.first()).what == "企业微信没有给出结果"


def test_a_fault_of_the_configuration_keeps_items_waiting_and_is_shown(handing):
    handing.mirror.company.control("settings", trusted_ips=["10.0.0.1"])
    handing.start()

    job = handing.go()

    assert "可信 IP" in job.stalled
    assert job.next_at - handing.now == timedelta(hours=1)
    handing.mirror.company.control("settings", trusted_ips=["127.0.0.1"])
    assert handing.go().stalled == ""
    assert handing.states() == {"accepted": 20}


def test_no_more_groups_are_asked_for_in_a_day_than_one_person_may_take_over(handing, monkeypatch):
    monkeypatch.setattr(asking, "GROUPS_A_DAY", 1)
    handing.mirror.do("resign", userid="manager0001")
    handing.mirror.deliver()
    handing.start(customers=False)
    handing.now = datetime(2026, 11, 10, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    handing.mirror.company.control("clock", freeze=handing.now.timestamp())
    HandoverJob.objects.update(started_at=handing.now)

    job = handing.go()

    assert handing.states("group") == {"done": 1, "waiting": 1}
    assert job.next_at == datetime(2026, 11, 11, 0, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
    handing.later(DAY)
    assert handing.go().finished_at is not None


def test_wecoms_own_word_that_it_is_enough_for_today_is_obeyed(handing):
    handing.mirror.do("resign", userid="manager0001")
    handing.mirror.deliver()
    handing.mirror.company.control("settings", groups_taken_a_day=1)
    handing.start(customers=False)

    job = handing.go()

    assert handing.states("group") == {"done": 1, "waiting": 1}
    assert job.next_at == asking.tomorrow(handing.now)
    handing.later(DAY)
    assert handing.go().finished_at is not None


def test_two_workers_never_hold_one_hand_over(handing):
    handing.start()
    HandoverJob.objects.update(holder=uuid4(), leased_until=handing.now + timedelta(minutes=5))

    assert driving.advance_handover(job_id=handing.job.pk, gateway=wecom(), clock=handing.clock) is False
    assert not HandoverItem.objects.exists()


def test_a_worker_whose_hand_over_was_taken_over_stops_before_the_next_chunk(handing, monkeypatch):
    monkeypatch.setattr(asking, "AT_ONCE", 8)
    handing.start(groups=False)
    real = Transfers.customers

    def slow(self, **given):
        HandoverJob.objects.update(holder=uuid4())
        return real(self, **given)

    monkeypatch.setattr(Transfers, "customers", slow)
    with pytest.raises(driving.LeaseLost):
        handing.go()

    assert handing.states() == {"accepted": 8, "waiting": 12}


def test_a_second_hand_over_takes_only_what_the_first_left(handing):
    handing.start(groups=False)
    handing.go()
    [first, second] = [external(item) for item in HandoverItem.objects.order_by("pk")[:2]]
    for contact in (first, second):
        handing.mirror.company.do("refuse_transfer", contact=contact)
    handing.go()
    handing.start(groups=False)

    handing.go()

    assert {external(item) for item in HandoverItem.objects.filter(job=handing.job)} == {first, second}


def test_the_database_refuses_a_second_open_item_and_an_end_without_its_time(handing):
    handing.start()
    handing.go()
    group = CustomerGroup.objects.first()
    row = {"job": handing.job, "giver_userid": "manager0001", "kind": "group", "group": group}
    HandoverItem.objects.create(**row)

    with pytest.raises(IntegrityError), transaction.atomic():
        HandoverItem.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        HandoverItem.objects.filter(job=handing.job, state="done").update(decided_at=None)
