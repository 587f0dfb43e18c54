"""The whole way, with a WeCom: HQ plans and publishes, a manager's phone sends, HQ sees it proven."""

import re
from datetime import datetime, time

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from communities.models import Broadcast, PlanCell, PostTask, Slot
from communities.selectors.plan_cells import cell_facts, fingerprint
from communities.services.cadence.running import run_slot
from communities.services.planning.publishing import publish
from tests.browser.looks import DESKTOP, PHONE, settled
from tests.execution.posts import S
from tests.factories import (
    CustomerGroupFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    StaffFactory,
    StoreFactory,
)
from wecom.gateway import wecom


@pytest.fixture
def four_oclock(sandboxed):
    """Ten to four today, in a store whose manager owns two of the sandbox company's groups, and a plan for today."""
    at = datetime.combine(timezone.localdate(), time(15, 58), tzinfo=timezone.get_default_timezone())
    sandboxed.company.control("settings", token_seconds=10**7)
    with time_machine.travel(at, tick=True):
        manager = ManagerFactory(name="王芳", store=StoreFactory(name="科技园店"), wecom_userid="manager0001")
        for n, chat in enumerate(sandboxed.company.groups()):
            CustomerGroupFactory(
                store=manager.store, chat_id=chat, name=f"福利{n}群", owner=manager, owner_userid="manager0001"
            )
        yield manager


def planned(wish):
    """HQ plans and publishes: today's slot of four o'clock for everybody."""
    words = {"version__text": "{店名}：阳光玫瑰到店", "version__link_url": "https://shop.example/g/1"}
    material = MaterialFactory(name="阳光玫瑰", **words, version__link_title="阳光玫瑰 3 人团")
    draft = PlanVersionFactory(published_at=None, valid_from=None)
    PlanCellFactory(version=draft, slot_id=3, day=timezone.localdate(), wish=wish, materials=[material])
    at, seen = timezone.now(), fingerprint(cell_facts(draft.cells.all()))
    publish(draft=draft, valid_from=timezone.localdate(at), note="", seen=seen, by=StaffFactory(), at=at)


def worked():
    """What beat and workers do by now."""
    return run_slot(day=timezone.localdate(), slot=Slot.objects.get(pk=3), at=timezone.now(), gateway=wecom())


def planned_on_the_page(page, material):
    """HQ puts today's four o'clock into the week, looks at the difference and publishes it."""
    today = timezone.localdate()
    page.get_by_role("button", name="修改计划").click()
    page.locator(f"td[data-square='3|w{today.weekday()}'] .chip-add").click()
    page.get_by_label("方式").select_option("group_send")
    page.get_by_label("找素材").press_sequentially(material.name)
    page.locator("#found").get_by_role("button", name=material.name).click()
    page.get_by_role("button", name="加入").click()
    expect(page.locator(f"td[data-square='3|w{today.weekday()}'] .chip")).to_contain_text(material.name)
    settled(page, "plan-desk")
    page.get_by_role("link", name="核对并发布").click()
    page.get_by_label("生效").fill(today.isoformat())
    expect(page.locator("#effect")).to_contain_text("影响 1 店、2 群")
    expect(page.locator(".plan-changes")).to_contain_text(material.name)
    expect(page.locator("#effect .card-head")).to_contain_text(f"{today.month}月{today.day}日–")
    settled(page, "publish-desk")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.locator(".notice-success")).to_contain_text("已发布")


def test_from_the_plan_on_hqs_desk_to_a_board_that_is_green_there(open_page, sandboxed, four_oclock):
    material = MaterialFactory(name="阳光玫瑰", version__text="{店名}：阳光玫瑰到店")
    desk = open_page("/plan/", user=StaffFactory(name="陈总"), size=DESKTOP)
    planned_on_the_page(desk, material)
    assert worked().released.posts == 2
    desk.goto(f"{sandboxed.site}/execution/")
    expect(desk.locator("td.heat b")).to_have_text("0/2")

    phone = sandboxed.page_in_phone("/today/", person=four_oclock)
    expect(phone.locator("#slot-3")).to_contain_text("科技园店：阳光玫瑰到店")
    phone.get_by_role("button", name="去群发助手确认").click()
    expect(phone.get_by_role("link", name="打开群发助手")).to_be_visible()
    (send,) = Broadcast.objects.all()
    sandboxed.company.advance(120)  # until WeCom has handed the task out, it answers 41063
    sandboxed.company.do("tap", msgid=send.msgid, userid="manager0001")
    phone.get_by_role("button", name="我点过发送了").click()
    expect(phone.get_by_text("正在向企业微信核实")).to_be_visible()
    worked()
    phone.evaluate("htmx.ajax('GET', '/today/', {target: '#slots', swap: 'outerHTML'})")
    expect(phone.locator("#slot-3")).to_contain_text("已完成")
    expect(phone.locator("#slot-3")).to_contain_text("企微核实 2")
    expect(phone.locator("#rhythm")).to_have_text("今日节奏 1/1")

    desk.reload()
    green = desk.locator("td.heat-5")
    expect(green).to_have_text(re.compile("2/2.*准时"))
    expect(desk.locator(".stat-proofs")).to_have_text(re.compile("企微核实2客户端回执0店长自报0"))
    settled(desk, "execution-green-desk")


def test_from_the_plan_to_a_green_board_one_group_after_the_other(sandboxed, four_oclock):
    planned(PlanCell.Wish.ASSISTED)
    assert worked().released.posts == 2
    page = sandboxed.page_in_phone("/today/", person=four_oclock)
    page.on("dialog", lambda dialog: dialog.accept())

    for count in (1, 2):
        page.get_by_role("button", name="一键发送").click()
        expect(page.locator("#slot-3")).to_contain_text(f"已发 {count}/2 群")

    expect(page.locator("#slot-3")).to_contain_text("已完成")
    expect(page.locator("#slot-3")).to_contain_text("客户端回执 2")
    assert {row["room"] for row in sandboxed.company.rows("said")} == set(sandboxed.company.groups())


def test_beside_a_chat_each_part_is_one_tap_and_the_clients_word_proves_it(sandboxed, four_oclock):
    planned(PlanCell.Wish.ASSISTED)
    worked()
    chat = sandboxed.company.groups()[0]
    page = sandboxed.page_in_phone("/sidebar/", person=four_oclock, entry="group_chat_tools", chat=chat)
    page.on("dialog", lambda dialog: dialog.accept())

    page.get_by_role("button", name="发文字").click()
    expect(page.get_by_role("button", name="发文字")).to_contain_text("已发")
    assert not PostTask.objects.filter(state=S.SENT).exists()  # half of it is not the post
    settled(page, "sidebar-phone")
    page.get_by_role("button", name="发链接").click()

    expect(page.locator("article .slot-head")).to_contain_text("客户端回执")
    assert PostTask.objects.get(state=S.SENT).group.chat_id == chat


def test_the_page_beside_a_chat_says_so_where_there_is_none(open_page, four_oclock):
    page = open_page("/sidebar/", user=four_oclock, size=PHONE)

    expect(page.get_by_text("请在客户群里打开")).to_be_visible()
