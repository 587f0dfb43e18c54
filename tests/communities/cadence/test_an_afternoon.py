"""The demo's afternoon from end to end: the published week, the 16:00 slot, taps, evidence, and what goes wrong.

The platform runs its own command, `manage.py run_slot --at`, beside a sandbox company in a process of its own, on one
clock which the command sets. HQ's and the stores' steps are those of their pages.
"""

import time
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from communities.models import PlanCell, PostTask, PostUrge, QuotaUse
from communities.selectors.execution import day_ranking
from communities.selectors.plan_cells import cell_facts, fingerprint
from communities.services.cadence.checking import check_posts, unreleased
from communities.services.planning.publishing import publish
from stores.models import Staff, Store
from tests.communities.cadence.days import DAY, material, moment
from tests.factories import (
    PlanCellFactory,
    PlanVersionFactory,
    ProductFactory,
    StaffFactory,
    StoreProductFactory,
)

YESTERDAY = moment(17, day=DAY - timedelta(days=1))


@pytest.fixture
def hq(chain):
    person = StaffFactory(name="陈总")
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def week(chain):
    """HQ publishes the week from tomorrow on: each day at four durian in one store's list, grapes for everybody."""
    chain.company.control("settings", quota_rule="day")
    durian = ProductFactory(name="榴莲")
    for store, stock in zip(chain.stores, (12, 0), strict=True):
        StoreProductFactory(store=store, product=durian, stock=stock)
    draft = PlanVersionFactory(published_at=None, valid_from=None)
    for weekday in range(7):
        PlanCellFactory(
            version=draft, weekday=weekday, day=None, slot_id=3, must_do=True, wish=PlanCell.Wish.GROUP_SEND,
            materials=[material("{店名}：{商品} {价格}，还有 {库存} 份", product=durian)],
        )  # fmt: skip
    seen = fingerprint(cell_facts(draft.cells.all()))
    publish(draft=draft, valid_from=DAY, note="第一周", seen=seen, by=StaffFactory(), at=YESTERDAY)
    return durian


def run(hour, minute, capsys):
    """What the command did by a moment, as it tells it; both clocks stand at that moment."""
    call_command("run_slot", f"{DAY:%Y-%m-%d}", "16", "--at", f"{DAY:%Y-%m-%d}T{hour:02}:{minute:02}")
    return capsys.readouterr().out


def seen(client, path, at):
    with time_machine.travel(at, tick=False):
        return client.get(path).content.decode()


def test_the_afternoon_of_the_demo(chain, week, hq, capsys):
    spent, other = (group.chat_id for group in chain.groups["manager0001"])
    chain.at(9, 30)
    # Somebody sent by hand this morning: under one a day that group's quota is gone, and nobody told the platform.
    words = {"text": {"content": "早"}}
    chain.company.do(
        "send_personally", userid="manager0001", recipients=[spent], chat_type="group", content=words
    )  # fmt: skip

    told = run(15, 58, capsys)

    assert "沙箱的时钟：停在 11-10 15:58:00" in told
    assert "生成任务 4" in told
    assert "发布 2，错过 0" in told
    assert chain.company.see("state")["now"] == moment(15, 58).timestamp()
    blocked = PostTask.objects.filter(owner_userid="manager0002")
    assert {post.state for post in blocked} == {"blocked"}
    assert "榴莲" in blocked[0].findings[0]["message"]
    assert "拦截 2" in seen(hq, "/execution/?slot=3", moment(15, 59))

    chain.at(16, 0)
    assert chain.tap(turn=1) == {
        "sent": 1,  # turn 0 is what he sent himself
        "no_friend": 0,
        "over_quota": 1,
    }
    run(16, 2, capsys)

    states = dict(PostTask.objects.filter(owner_userid="manager0001").values_list("group__chat_id", "state"))
    assert states == {spent: "released", other: "sent"}
    switched = PostTask.objects.get(group__chat_id=spent)
    assert (switched.channel, switched.evidence) == ("assisted", 0)
    assert switched.channel_reason == "企微报告该群群发次数已用完，改为协助发送"
    assert PostTask.objects.get(group__chat_id=other).evidence == PostTask.Evidence.API_VERIFIED
    assert QuotaUse.objects.get(group__chat_id=spent).state == "exhausted"
    assert ("manager0001", "16:00 下午茶，请用一键发送") in chain.cards()

    manager = Client()
    manager.force_login(Staff.objects.get(wecom_userid="manager0001"))
    with time_machine.travel(moment(16, 10), tick=False):
        manager.post(f"/today/posts/{switched.pk}/confirm/", {"call": "openExistedChatWithMsg"})

    # The durian comes in at the second store: what was held back goes out within the slot's hour. Its manager is slow.
    chain.stores[1].shelf.update(stock=5)
    check_posts(unreleased(at=moment(16, 12)), at=moment(16, 12))
    assert "发布 2，错过 0" in run(16, 13, capsys)
    run(16, 30, capsys)
    assert "待发 2" in seen(hq, "/execution/?state=waiting", moment(16, 31))
    with time_machine.travel(moment(16, 31), tick=False):
        answer = hq.post("/execution/urge/", {"store": chain.stores[1].pk}, follow=True)
    assert "已催办 1 位群主、2 条" in answer.content.decode()
    assert PostUrge.objects.count() == 2
    run(16, 32, capsys)
    assert [userid for userid, title in chain.cards() if title == "16:00 下午茶，请尽快发送"] == ["manager0002"]
    chain.at(16, 35)
    chain.tap("manager0002")
    manager.force_login(Staff.objects.get(wecom_userid="manager0002"))
    with time_machine.travel(moment(16, 35), tick=False):  # 我点过发送了: WeCom is asked at once
        manager.post("/today/tapped/", {"task": list(blocked.values_list("pk", flat=True))})
    told = run(16, 36, capsys)

    assert "已发送　企业群发　凭证：企微核实　3" in told
    assert "已发送　协助发送　凭证：客户端回执　1" in told
    board = day_ranking(
        day=DAY, stores=Store.objects.all(), everyone=True, state="", sort="share", at=moment(16, 40)
    )  # fmt: skip
    assert {name: count for name, count in board.total.items() if count} == {
        "total": 4,
        "on_time": 2,
        "late": 2,
        "api_verified": 3,
        "client_callback": 1,
    }
    assert board.store_ids == [chain.stores[1].pk, chain.stores[0].pk]


def test_the_command_without_a_moment_gives_the_sandbox_the_real_time_again(chain, capsys):
    chain.at(9, 0)

    call_command("run_slot", f"{DAY:%Y-%m-%d}", "16")

    assert "沙箱的时钟：现在" in capsys.readouterr().out
    assert chain.company.see("state")["now"] == pytest.approx(time.time(), abs=60)
