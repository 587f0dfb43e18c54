"""Hand-overs at a WeCom that refuses what WeCom would refuse; the truth is compared with the mirror afterwards."""

from datetime import timedelta

import pytest

from communities.handover_words import words_of
from communities.models import CustomerGroup, HandoverItem, HandoverJob, UnassignedCustomer
from communities.services import making, ordering
from communities.services.handover import asking, starting
from communities.services.unassigned import read_unassigned
from members.models import Contact, Member
from members.services.merging import merge_members
from stores.models import AuditEntry, Staff
from tests.factories import StaffFactory
from tests.handover.handing import DAY, external
from tests.mirror.mirroring import staff
from wecom.gateway import wecom

pytestmark = pytest.mark.django_db
ON_JOB, RESIGNED = "externalcontact/transfer_customer", "externalcontact/resigned/transfer_customer"


def live(userid: str) -> int:
    return Contact.objects.filter(staff__wecom_userid=userid, ended_at=None).count()


def test_on_job_customers_wait_a_day_groups_move_at_once_and_our_rows_follow_without_a_callback(handing):
    handing.start(message="以后由我为您服务")
    handing.go()
    first = handing.states(), handing.states("group"), live("manager0001")
    moved = set(CustomerGroup.objects.values_list("owner_userid", flat=True))
    handing.later(DAY)

    job = handing.go()

    assert first == ({"accepted": 20}, {"done": 2}, 20)
    assert moved == {"manager0002"}
    assert (handing.states(), live("manager0001"), live("manager0002")) == ({"done": 20}, 0, 40)
    assert job.finished_at == handing.now
    assert handing.mirror.ours()["groups"].keys() == handing.mirror.truth()["groups"].keys()
    assert handing.mirror.ours() == handing.mirror.truth()
    assert AuditEntry.objects.get(action="handover.finish").detail == {"done": 22, "total": 22}


def test_a_leavers_customers_and_groups_are_handed_on_by_the_other_apis(handing):
    handing.mirror.do("resign", userid="manager0001")
    handing.mirror.deliver()
    read_unassigned(gateway=wecom(), clock=handing.clock)
    assert UnassignedCustomer.objects.filter(userid="manager0001").count() == 20
    handing.start(message="离职的不带话")
    handing.go()
    handing.later(DAY)

    handing.go()

    assert handing.job.message == ""
    assert (handing.states(), handing.states("group")) == ({"done": 20}, {"done": 2})
    assert handing.calls(ON_JOB) == 0
    assert not UnassignedCustomer.objects.exists()
    assert set(CustomerGroup.objects.values_list("handover", flat=True)) == {0, 3}
    assert handing.mirror.ours() == handing.mirror.truth()


def test_refusals_and_a_full_taker_are_outcomes_with_words(handing):
    handing.start(groups=False)
    handing.go()
    refusing = external(HandoverItem.objects.filter(kind="customer")[0])
    handing.mirror.company.do("refuse_transfer", contact=refusing)
    handing.mirror.company.control("settings", customers_per_member=38)
    handing.later(DAY)

    handing.go()

    assert handing.states() == {"refused": 1, "done": 18, "full": 1}
    refused, full = (HandoverItem.objects.get(state=state) for state in ("refused", "full"))
    assert words_of(refused).what == "客户点了拒绝"
    assert "换一位接手人" in words_of(full).help
    assert handing.mirror.ours() == handing.mirror.truth()


def test_each_item_keeps_the_errcode_wecom_gave_it(handing):
    mine = handing.mirror.company.customers()
    body = {"handover_userid": "manager0001", "takeover_userid": "manager0002", "external_userid": mine[:1]}
    for _ in range(2):
        handing.mirror.company.ok(ON_JOB, body)
        handing.mirror.company.do("refuse_transfer", contact=mine[0])
    handing.start(groups=False)

    handing.go()

    failed = HandoverItem.objects.get(state="failed")
    assert (external(failed), failed.errcode) == (mine[0], 40128)
    assert words_of(failed).what == "90 天内已经转接过 2 次"
    assert handing.states() == {"failed": 1, "accepted": 19}


def test_a_transfer_under_way_to_somebody_else_is_no_success_of_ours(handing):
    handing.mirror.do("hire", userid="manager0003", name="第三人", department=3)
    [first, *_] = handing.mirror.company.customers()
    body = {"handover_userid": "manager0001", "takeover_userid": "manager0003", "external_userid": [first]}
    handing.mirror.company.ok(ON_JOB, body)
    handing.start(groups=False)

    handing.go()

    failed = HandoverItem.objects.get(state="failed")
    assert (external(failed), failed.errcode) == (first, 40129)


def test_a_taker_who_cannot_serve_fails_all_at_one_call_and_says_why(handing):
    handing.mirror.company.control("staff", userid="manager0002", real_named=0)
    handing.start()

    job = handing.go()

    assert (handing.states(), handing.states("group")) == ({"failed": 20}, {"failed": 2})
    assert {words_of(item).what for item in HandoverItem.objects.all()} == {"接手人还没有实名认证"}
    assert job.finished_at is not None
    assert handing.calls(ON_JOB) == 1


def test_a_giver_who_left_meanwhile_is_handed_over_as_a_leaver(handing):
    handing.start()
    starting.plan_items(job=handing.job, gateway=wecom(), clock=handing.clock)
    handing.mirror.do("resign", userid="manager0001")

    handing.go()

    assert (handing.states(), handing.states("group")) == ({"accepted": 20}, {"done": 2})
    assert set(HandoverItem.objects.values_list("other_way", flat=True)) == {True}
    assert handing.calls(RESIGNED) == 1


def test_a_giver_said_to_have_left_who_works_here_is_handed_over_on_the_job(handing):
    handing.start()
    starting.plan_items(job=handing.job, gateway=wecom(), clock=handing.clock)
    HandoverJob.objects.update(resigned=True)

    handing.go()

    assert (handing.states(), handing.states("group")) == ({"accepted": 20}, {"done": 2})
    assert handing.calls(ON_JOB) == 1


def test_stopping_ends_what_was_not_asked_and_lets_the_rest_run(handing, monkeypatch):
    monkeypatch.setattr(asking, "AT_ONCE", 8)
    handing.mirror.company.control("fail_next", api=ON_JOB, errcode=60020, times=1)
    handing.start()
    handing.go()

    stopped = starting.drop_handover(job=handing.job, by=StaffFactory(), at=handing.now)

    assert stopped == 22
    assert handing.go().finished_at is not None
    assert handing.states() == {"dropped": 20}


def test_a_code_that_names_the_giver_names_the_taker_at_wecom_and_here(handing):
    store, gateway = handing.mirror.stores[0], wecom()
    Staff.objects.filter(wecom_userid="manager0001").update(role=Staff.Role.MANAGER)
    wish = ordering.Wish(scene="checkout", kind="contact", bait="领券")
    code = ordering.order_code(store=store, wish=wish, by=StaffFactory(), at=handing.now)
    making.make_code(code_id=code.pk, at=handing.now, gateway=gateway)
    handing.start(customers=False)

    handing.go()

    code.refresh_from_db()
    assert code.userids == ["manager0002"]
    assert gateway.codes.contact_way(config_id=code.config_id)["user"] == ["manager0002"]


def test_a_refusal_is_seen_by_its_event_without_waiting_for_the_next_look(handing):
    handing.start(groups=False)
    handing.go()
    handing.mirror.news()
    handing.mirror.company.do("refuse_transfer", contact=external(HandoverItem.objects.order_by("pk")[0]))

    handing.mirror.deliver()

    assert HandoverJob.objects.due(handing.now + timedelta(minutes=1)).exists()


def test_a_leaver_we_never_knew_is_handed_over_too_and_her_customers_become_members(handing):
    giver = staff("manager0001")
    handing.mirror.do("resign", userid="manager0001")
    Contact.objects.filter(staff=giver).delete()
    CustomerGroup.objects.filter(owner=giver).update(owner=None)
    Staff.objects.filter(pk=giver.pk).update(wecom_userid="")
    handing.start(groups=False)
    handing.go()
    handing.later(DAY)

    handing.go()

    assert handing.job.giver_name == "manager0001"
    assert live("manager0002") == 40


def test_merged_members_keep_their_hand_overs(handing):
    handing.start(groups=False)
    handing.go()
    one, two = HandoverItem.objects.order_by("pk")[:2]
    merge_members(kept=one.member, absorbed=two.member, reason="同一人", evidence={}, by=None, at=handing.now)

    two.refresh_from_db()
    survivor = Member.objects.get(pk=two.member_id)
    assert survivor.merged_into is None
