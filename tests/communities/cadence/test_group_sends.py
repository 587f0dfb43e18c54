"""A group-send exists at WeCom exactly once, whatever happens to its request."""

from datetime import timedelta

import pytest

from communities.models import Broadcast, PostTask, QuotaUse
from communities.services.cadence import broadcasting, proving, releasing
from communities.services.cadence.finding import Verdict, find_lost
from stores.models import Staff
from tests.communities.cadence.days import moment

CREATE = "externalcontact/add_msg_template"


def sends(chain):
    """(sender, number of tasks) at WeCom."""
    found: dict[str, int] = {}
    for row in chain.company.rows("send_task"):
        found[row["userid"]] = found.get(row["userid"], 0) + 1
    return found


BOTH_ONCE = {"manager0001": 1, "manager0002": 1}


def test_an_answer_lost_after_creation_is_found_again_in_the_list_and_not_created_twice(chain):
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="lost", times=1)
    first = chain.run(9, 58)
    second = chain.run(9, 59)

    assert (first.made.created, first.made.later) == (1, 1)
    assert (second.made.found, second.made.created) == (1, 0)
    assert sends(chain) == BOTH_ONCE
    assert Broadcast.objects.filter(state="created").exclude(msgid="").count() == 2


def test_a_request_that_never_arrived_is_made_again_after_a_look(chain):
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="http", times=1)
    first = chain.run(9, 57)
    second = chain.run(9, 58)

    assert (first.made.later, second.made.found, second.made.created) == (1, 0, 1)
    assert sends(chain) == BOTH_ONCE


def test_a_lost_one_is_not_asked_for_again_before_its_request_has_surely_ended(chain):
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="lost", times=1)
    chain.run(9, 58)
    at = chain.at(9, 58) + timedelta(seconds=59)

    made = broadcasting.make_group_sends(gateway=chain.gateway, clock=lambda: at)

    assert (made.found, made.created) == (0, 0)
    assert Broadcast.objects.filter(state="pending", attempted_at__isnull=False).count() == 1


def test_one_that_wecom_still_dispatches_is_waited_for(chain):
    chain.company.control("settings", dispatch_seconds=100)
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="lost", times=2)
    chain.run(9, 57)
    early = chain.run(9, 58)
    late = chain.run(9, 59)

    assert (early.made.found, early.made.created) == (0, 0)
    assert late.made.found == 2
    assert sends(chain) == BOTH_ONCE


def test_the_same_words_of_another_owner_are_not_taken_for_ones_own(chain):
    """Both owners say the same; only one of the requests was lost before it arrived."""
    chain.plan()
    chain.run(9, 58)
    lost = Broadcast.objects.get(owner_userid="manager0001")
    other = Broadcast.objects.get(owner_userid="manager0002")
    Broadcast.objects.update(msgid="", state="pending", attempted_at=moment(9, 58))
    other.owner_userid = "manager0003"

    verdicts = find_lost([lost, other], at=chain.at(9, 59), gateway=chain.gateway)

    assert verdicts[other.pk] is Verdict.ABSENT
    assert verdicts[lost.pk] == lost.msgid


def test_45009_pauses_the_api_for_a_minute_and_then_all_are_made_once(chain):
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="errcode", errcode=45009, times=1)
    first = chain.run(9, 57)
    calls = len(chain.company.see("ledger", name=CREATE)["entries"])
    again = chain.run(9, 57)
    assert len(chain.company.see("ledger", name=CREATE)["entries"]) <= calls + 1
    waiting = Broadcast.objects.filter(state="pending")

    assert first.made.later >= 1
    assert again.made.created == 0
    assert all(send.attempted_at is None and send.leased_until for send in waiting)
    # The pause is Redis's and runs on real time; a minute later it has ended.
    chain.gateway.transport.limiter._store.flushdb()
    chain.run(9, 59)
    assert sends(chain) == BOTH_ONCE


def test_a_file_wecom_has_forgotten_is_uploaded_again_once(chain):
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="errcode", errcode=40007, times=1)
    run = chain.run(9, 58)

    assert (run.made.created, run.made.refused) == (2, 0)
    assert sends(chain) == BOTH_ONCE


def test_what_wecom_refuses_for_good_goes_to_the_owners_hands_with_its_reason(chain):
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="errcode", errcode=40098, times=1)
    run = chain.run(9, 58)
    refused = Broadcast.objects.get(state="refused")
    posts = PostTask.objects.filter(owner_userid=refused.owner_userid)

    assert (run.made.created, run.made.refused) == (1, 1)
    assert list(posts.values_list("state", "channel", "broadcast")) == [("released", "assisted", None)] * 2
    assert "成员尚未实名认证" in posts[0].channel_reason
    assert set(QuotaUse.objects.filter(broadcast=refused).values_list("state", flat=True)) == {"freed"}
    assert (refused.owner_userid, "10:00 早市，请用一键发送") in chain.cards()


def test_what_could_not_be_made_before_the_slot_closed_is_never_made(chain):
    chain.plan()
    chain.company.control("settings", outage="down")
    chain.run(9, 58)
    chain.company.control("settings", outage="")
    run = chain.run(11, 1)

    assert run.made.created == 0
    assert sends(chain) == {}
    assert list(PostTask.objects.values_list("state", "miss_reason").distinct()) == [("missed", "not_released")]


def test_a_second_part_waits_until_the_first_is_settled(chain, monkeypatch):
    monkeypatch.setattr("communities.services.cadence.releasing.GROUPS_A_SEND", 1)
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="lost", times=1)
    chain.run(9, 57)
    waiting = list(
        Broadcast.objects.filter(owner_userid="manager0001").order_by("part").values_list("state", flat=True)
    )
    chain.run(9, 58)
    chain.run(9, 59)

    assert waiting in (["pending", "pending"], ["created", "created"])
    assert sends(chain) == {"manager0001": 2, "manager0002": 2}
    assert Broadcast.objects.filter(state="created").count() == 4


@pytest.mark.parametrize("errcode", [-1, 45033])
def test_a_busy_wecom_is_asked_again(chain, errcode):
    chain.plan()
    chain.company.control("fail_next", api=CREATE, effect="errcode", errcode=errcode, times=1)
    chain.run(9, 57)
    chain.run(9, 58)

    assert sends(chain) == BOTH_ONCE


def skip(tasks, staff, at):
    return proving.skip(tasks=tasks, staff=staff, reason="out_of_stock", note="", at=at)


def test_skipping_all_the_groups_of_a_group_send_stops_it_at_wecom(chain):
    chain.plan()
    chain.run(9, 58)
    mine = list(PostTask.objects.filter(owner_userid="manager0001"))
    manager = Staff.objects.get(wecom_userid="manager0001")

    skip(mine[:1], manager, moment(10, 0))
    chain.run(10, 0)
    half = Broadcast.objects.get(owner_userid="manager0001")
    skip(mine[1:], manager, moment(10, 1))
    chain.run(10, 1)

    send = Broadcast.objects.get(owner_userid="manager0001")
    assert half.state == "created"
    assert (send.state, send.next_poll_at, send.error) == ("cancelled", None, "所有群都已跳过，已停止")
    assert "停止" in chain.company.cannot("tap", msgid=send.msgid, userid="manager0001")
    assert set(QuotaUse.objects.filter(broadcast=send).values_list("state", flat=True)) == {"freed"}
    assert Broadcast.objects.get(owner_userid="manager0002").state == "created"


def test_a_skip_before_the_group_send_is_made_means_it_never_is_and_taking_it_back_goes_by_hand(chain):
    chain.plan()
    at = chain.at(9, 58)
    for store in chain.stores:
        releasing.release(store_ids=[store.pk], at=at)
    mine = list(PostTask.objects.filter(owner_userid="manager0001"))
    manager = Staff.objects.get(wecom_userid="manager0001")

    skip(mine, manager, at)
    chain.run(9, 59)
    proving.take_back(task=mine[0], staff=manager, at=moment(10, 0))

    assert sends(chain) == {"manager0002": 1}
    assert Broadcast.objects.get(owner_userid="manager0001").state == "cancelled"
    back = PostTask.objects.get(pk=mine[0].pk)
    assert (back.state, back.channel, back.broadcast) == ("released", "assisted", None)


def test_a_task_that_cannot_be_stopped_now_is_stopped_a_minute_later(chain):
    chain.plan()
    chain.run(9, 58)
    chain.company.control(
        "fail_next", api="externalcontact/cancel_groupmsg_send", effect="errcode", errcode=41063, times=1
    )
    skip(PostTask.objects.filter(owner_userid="manager0001"), Staff.objects.get(wecom_userid="manager0001"), moment(10))

    chain.run(10, 0)
    first = Broadcast.objects.get(owner_userid="manager0001").state
    chain.run(10, 1)

    assert (first, Broadcast.objects.get(owner_userid="manager0001").state) == ("created", "cancelled")
