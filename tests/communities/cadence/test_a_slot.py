"""A slot from plan to evidence, beside the sandbox."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from communities.models import Broadcast, PostEvidence, PostTask, QuotaUse, SlotCard
from communities.services.cadence import closing
from communities.services.cadence.checking import check_posts, unreleased
from communities.services.cadence.materialising import materialise
from tests.communities.cadence.days import DAY, EVENING, cell, material, moment, published
from tests.factories import CustomerGroupFactory, ProductFactory, RegionLeadFactory, StoreProductFactory

NEXT = date(2026, 11, 11)
OPEN, PROVEN = ("released", "group_send", 0), ("sent", "group_send", 3)


def test_a_must_do_slot_is_one_group_send_per_owner_whose_taps_are_proven(chain):
    chain.plan()
    run = chain.run(9, 59)
    waiting = chain.states()
    chain.at(9, 59)
    tapped = chain.tap()
    chain.run(10, 2)

    assert (run.released.posts, run.made.created) == (4, 2)
    assert waiting == [OPEN, OPEN]
    assert tapped["sent"] == 2
    assert chain.states() == [PROVEN, PROVEN]
    assert chain.states("manager0002") == [OPEN, OPEN]
    assert list(PostTask.objects.filter(state="sent").values_list("done_at", "done_by__wecom_userid").distinct()) == [
        (moment(9, 59), "manager0001")
    ]
    assert list(PostEvidence.objects.values_list("level", flat=True)) == [3, 3]
    assert sorted(QuotaUse.objects.values_list("state", flat=True)) == ["held", "held", "spent", "spent"]
    assert list(Broadcast.objects.order_by("owner_userid").values_list("state", flat=True)) == ["done", "created"]


def test_a_repeated_run_sends_nothing_twice(chain):
    chain.plan()
    for minute in (56, 57, 58):
        chain.run(9, minute)

    assert len(chain.company.rows("send_task")) == 2
    assert Broadcast.objects.filter(state="created").count() == 2


def test_a_may_do_slot_is_one_card_per_owner_and_a_second_after_a_quarter_of_an_hour(chain):
    chain.plan(must_do=False)
    chain.run(9, 59)
    first = chain.cards()
    chain.run(10, 14)
    chain.run(10, 15)
    chain.run(10, 16)

    assert chain.states() == [("released", "assisted", 0)] * 2
    assert sorted(first) == [("manager0001", "10:00 早市，该发群了"), ("manager0002", "10:00 早市，该发群了")]
    assert sorted(chain.cards()[2:]) == [
        ("manager0001", "10:00 早市，还没有发完"), ("manager0002", "10:00 早市，还没有发完"),
    ]  # fmt: skip
    assert PostTask.objects.values_list("channel_reason", flat=True)[0] == "可做内容，群发次数留给必做"


def test_an_owner_who_has_sent_is_not_reminded_again(chain):
    chain.plan(must_do=False)
    chain.run(9, 59)
    PostTask.objects.filter(owner_userid="manager0001").update(state="sent", evidence=1, done_at=moment(10, 3))
    chain.run(10, 15)

    assert [userid for userid, _ in chain.cards()[2:]] == ["manager0002"]


def test_who_has_not_tapped_a_group_send_is_reminded_by_wecom_once_at_a_quarter_past(chain):
    chain.plan()
    chain.run(9, 59)
    chain.run(10, 2)
    chain.run(10, 15)
    chain.run(10, 16)

    reminded = [row["reminded"] for row in chain.company.rows("send_task")]
    assert reminded == [int(moment(10, 15).timestamp())] * 2
    assert list(Broadcast.objects.values_list("reminders", flat=True)) == [1, 1]


def test_the_region_lead_hears_of_late_stores_after_45_minutes(chain):
    RegionLeadFactory(region=chain.stores[0].region, wecom_userid="lead")
    chain.company.do("hire", userid="lead", name="王区", department=1)
    chain.plan(must_do=False)
    chain.run(9, 59)
    chain.run(10, 44)
    before = [userid for userid, _ in chain.cards()]
    chain.run(10, 45)
    chain.run(10, 50)

    assert "lead" not in before
    assert [title for userid, title in chain.cards() if userid == "lead"] == ["早市：1 家门店超过 45 分钟未发完"]


def test_what_nobody_sent_is_missed_and_a_tap_after_that_is_sent_late_and_next_morning_the_rest_is_stopped(chain):
    chain.plan()
    for hour, minute in ((9, 59), (10, 2), (10, 15), (11, 0), (11, 1)):
        chain.run(hour, minute)
    missed = chain.states()
    chain.at(14)
    chain.tap()
    chain.run(9, 20, day=NEXT)

    assert missed == [("missed", "group_send", 0)] * 2
    assert PostTask.objects.filter(state="missed").values_list("miss_reason", flat=True)[0] == "not_sent"
    late = PostTask.objects.filter(state="sent")
    assert [(post.done_at, post.miss_reason) for post in late] == [(moment(14), "")] * 2
    assert all(post.done_at > post.closes_at for post in late)
    other = Broadcast.objects.get(owner_userid="manager0002")
    assert (other.state, other.next_poll_at) == ("cancelled", None)
    assert sorted(QuotaUse.objects.values_list("state", flat=True)) == ["freed", "freed", "spent", "spent"]
    assert "停止" in chain.company.cannot("tap", msgid=other.msgid, userid="manager0002")


def test_what_wecom_refused_for_quota_goes_to_the_owners_hands_while_the_slot_is_open(chain):
    chain.company.control("settings", quota_rule="day")
    chat = chain.groups["manager0001"][0].chat_id
    chain.at(9, 30)
    chain.company.do(
        "send_personally",
        userid="manager0001",
        recipients=[chat],
        chat_type="group",
        content={"text": {"content": "早"}},
    )
    chain.plan()
    chain.run(9, 59)
    chain.tap(turn=1)
    chain.run(10, 2)

    assert chain.states() == [("released", "assisted", 0), PROVEN]
    post = PostTask.objects.get(group__chat_id=chat)
    assert post.channel_reason == "企微报告该群群发次数已用完，改为协助发送"
    assert QuotaUse.objects.get(group__chat_id=chat).state == "exhausted"
    assert ("manager0001", "10:00 早市，请用一键发送") in chain.cards()


def test_a_group_that_changed_hands_fails_with_wecoms_reason(chain):
    chain.plan()
    chain.run(9, 59)
    chat = chain.groups["manager0001"][0].chat_id
    chain.company.ok("externalcontact/groupchat/onjob_transfer", {"chat_id_list": [chat], "new_owner": "manager0002"})
    chain.tap()
    chain.run(10, 2)

    post = PostTask.objects.get(group__chat_id=chat)
    assert (post.state, post.failure) == ("failed", "企微：群主已不在该群或已不是群主，未送达")
    assert QuotaUse.objects.get(group__chat_id=chat).state == "freed"


def test_groups_wecom_leaves_out_are_sent_by_hand_and_the_others_go_on(chain):
    """A group of another owner that our copy still gives to this one is in `fail_list`."""
    chat = chain.groups["manager0002"][0].chat_id
    group = chain.groups["manager0002"][0]
    group.owner_userid = "manager0001"
    group.save()
    chain.plan(wish="group_send")
    run = chain.run(9, 59)

    post = PostTask.objects.get(group__chat_id=chat)
    assert run.made.created >= 2
    assert (post.state, post.channel, post.broadcast) == ("released", "assisted", None)
    assert "改为协助发送" in post.channel_reason
    assert QuotaUse.objects.get(group=group).state == "freed"


def test_a_post_blocked_because_the_durian_is_sold_out_is_let_go_when_it_is_back(chain):
    durian = ProductFactory(name="榴莲")
    shelves = [StoreProductFactory(store=store, product=durian, stock=5) for store in chain.stores]
    chain.plan(what=material("{商品} {价格}", product=durian))
    shelves[0].stock = 0
    shelves[0].save()
    first = chain.run(9, 59)
    [(state, *_), _] = chain.states()
    findings = PostTask.objects.filter(state="blocked").values_list("findings", flat=True)[0]
    shelves[0].stock = 3
    shelves[0].save()
    check_posts(unreleased(at=moment(10, 5)), at=moment(10, 5))
    second = chain.run(10, 6)

    assert (first.released.posts, state, findings[0]["check"]) == (2, "blocked", "sold_out")
    assert "榴莲" in findings[0]["message"]
    assert second.released.posts == 2


def test_after_an_absence_only_the_open_slot_is_released_and_the_others_are_missed_with_the_reason(chain):
    plan = published()
    for slot in (1, 2, 3):
        cell(plan, slot, must_do=False)
    materialise(day=DAY, at=EVENING)

    run = chain.run(12, 30, slot=2)

    assert run.released.posts == 4
    assert run.closed.missed == 4
    assert (
        list(
            PostTask.objects.filter(owner_userid="manager0001")
            .order_by("slot", "group")
            .values_list("state", "miss_reason")
        )
        == [("missed", "not_released")] * 2 + [("released", "")] * 2 + [("planned", "")] * 2
    )


def test_nothing_is_released_in_the_quiet_hours(chain):
    chain.plan(slot=4)
    PostTask.objects.update(due_at=moment(22), release_at=moment(21, 50), closes_at=moment(23))

    run = chain.run(22, 5, slot=4)
    closing.close(at=moment(23))

    assert run.released.posts == 0
    assert chain.states() == [("missed", "group_send", 0)] * 2


def test_an_owner_wecom_does_not_reach_has_his_card_brought_to_the_stores_manager(chain):
    CustomerGroupFactory(store=chain.stores[0], chat_id="wrx", owner_userid="gone")
    chain.plan(must_do=False)
    chain.run(9, 59)
    chain.run(9, 59)

    gone = SlotCard.objects.get(userid="gone")
    assert (gone.state, bool(gone.error)) == ("refused", True)
    assert SlotCard.objects.filter(userid="manager0001", kind="switched", state="sent").exists()


def test_the_command_tells_what_it_did_and_where_the_slot_stands(chain, capsys):
    chain.plan()
    chain.at(9, 59)
    call_command("run_slot", "2026-11-10", "10", "--at", "2026-11-10T09:59")
    told = capsys.readouterr().out

    assert "发布 4，错过 0" in told
    assert "新建 2" in told
    assert "待发送　企业群发　凭证：无　4" in told
    with pytest.raises(CommandError, match="没有 11:00 的时段"):
        call_command("run_slot", "2026-11-10", "11")


def test_the_command_makes_the_days_posts_where_there_are_none(chain, capsys):
    cell(published(), 1)
    chain.at(9, 40)
    call_command("run_slot", "2026-11-10", "10:00", "--at", "2026-11-10T09:40")
    told = capsys.readouterr().out

    assert "生成任务 4" in told
    assert "最早的待发布在 11-10 09:4" in told or "最早的待发布在 11-10 09:5" in told
