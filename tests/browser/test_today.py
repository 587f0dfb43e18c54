"""今日 on a phone and a desk: what a store manager sees and taps, and HQ's view of the same day."""

import os
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from communities.models import Broadcast, PlanCell, PostTask, Slot
from communities.selectors.plan_cells import cell_facts, fingerprint
from communities.services.cadence.running import run_slot
from communities.services.planning.publishing import publish
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.looks import CONTRAST, SIDEWAYS, SMALL_TARGETS, UNNAMED
from tests.execution.posts import Channel, Evidence, S, moment, post
from tests.factories import (
    CustomerGroupFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    purchase,
)
from wecom.gateway import wecom

NOW = moment(16, 8)
WORDS = "下午茶时间到～阳光玫瑰 3 人成团 39.9 元两串，甜度 18+，今晚 20 点前到店自提。"


@pytest.fixture
def day():
    """The day of a store with four groups at eight past four: two slots done, one out, one to come."""
    with time_machine.travel(NOW, tick=True):
        store = StoreFactory(name="科技园店", code="S00042", city="深圳")
        manager = ManagerFactory(name="王芳", store=store, wecom_userid="manager0001")
        names = ["科技园店福利①群", "科技园店福利②群", "粤海街道鲜果团", "大冲商务中心午餐果切"]
        groups = [
            CustomerGroupFactory(store=store, name=name, member_count=count, chat_id=f"wrBoard{n}")
            for n, (name, count) in enumerate(zip(names, [486, 431, 298, 152], strict=True))
        ]
        mango = MaterialFactory(name="海南贵妃芒 5 斤装 ¥29.9", theme="offer")
        litchi = MaterialFactory(name="妃子笑荔枝 250g ¥1", theme="flash")
        grape = MaterialFactory(name="阳光玫瑰 2 串 · 3 人团 ¥39.9", theme="offer", version__text=WORDS)
        peach = MaterialFactory(
            name="明日预售：水蜜桃 6 枚装", theme="preview", version__text="明早 10 点开团，先到先得"
        )
        product = ProductFactory()
        for n in range(7):
            purchase(store=store, product=product, bought_at=NOW - timedelta(hours=1, minutes=n), paid_fen=75_514)
        levels = [Evidence.API_VERIFIED, Evidence.API_VERIFIED, Evidence.CLIENT_CALLBACK, Evidence.SELF_DECLARED]
        for group, level in zip(groups, levels, strict=True):
            post(group=group, slot=1, state=S.SENT, material=mango, evidence=level, channel=Channel.GROUP_SEND)
            post(
                group=group, slot=2, state=S.SENT, material=litchi, evidence=Evidence.API_VERIFIED, channel="group_send"
            )
            post(group=group, slot=4, state=S.PLANNED, material=peach)
        card = {
            "url": "https://shop.example/g/1",
            "title": "阳光玫瑰 3 人团 39.9 元",
            "description": "今晚 20 点前自提",
        }
        sent = {"state": S.SENT, "evidence": Evidence.CLIENT_CALLBACK, "done_at": NOW - timedelta(minutes=2)}
        tasks = [
            post(group=group, slot=3, material=grape, attachments=[card], **(sent if n == 0 else {}))
            for n, group in enumerate(groups)
        ]
        yield manager, tasks


def settled(page, name):
    """Nothing on the page is too small, unnamed, too pale or too wide. `SHOTS=folder` keeps pictures to look at."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png", full_page=True)
    assert page.evaluate(SIDEWAYS) <= 0, name
    assert page.evaluate(UNNAMED) == [], name
    assert page.evaluate(CONTRAST) == [], name
    if page.viewport_size == PHONE:
        assert page.evaluate(SMALL_TARGETS) == [], name


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_boards_can_be_read_and_tapped(open_page, day, size, live_server):
    manager, tasks = day
    kind = "phone" if size is PHONE else "desk"
    page = open_page("/today/", user=manager, size=size)
    settled(page, f"today-{kind}")
    page.get_by_role("button", name="跳过").first.click()
    expect(page.get_by_role("heading", name="为什么跳过？")).to_be_visible()
    settled(page, f"skip-{kind}")

    hq = StaffFactory(name="陈总")
    page = open_page("/execution/", user=hq, size=size)
    day_of = f"/execution/stores/{manager.store_id}/"
    looks = {
        "execution": "/execution/", "month": "/execution/?view=month", "store": day_of, "home": "/",
        "life": f"/execution/posts/{tasks[0].pk}/", "hq-today": f"/stores/{manager.store_id}/today/",
    }  # fmt: skip
    for name, path in looks.items():
        page.goto(live_server.url + path, wait_until="networkidle")
        settled(page, f"{name}-{kind}")


def test_the_next_tap_is_on_the_first_screen_of_a_phone(open_page, day):
    manager, _ = day
    page = open_page("/today/", user=manager, size=PHONE)

    box = page.get_by_role("button", name="复制并打开群").bounding_box()

    assert box["y"] + box["height"] <= page.locator(".tabbar").bounding_box()["y"]
    assert box["height"] >= 44


def test_outside_the_client_a_manager_copies_says_sent_and_takes_it_back(open_page, day):
    manager, _ = day
    page = open_page("/today/", user=manager, size=PHONE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="复制并打开群").click()
    expect(page.locator("#sheet-sent")).to_contain_text(WORDS)
    assert page.evaluate("navigator.clipboard.readText()") == WORDS
    page.get_by_role("button", name="已发", exact=True).click()

    expect(page.locator("#slot-3")).to_contain_text("已发 2/4 群")
    page.locator("#slot-3 summary").click()
    expect(page.locator("#slot-3 .progress-rows")).to_contain_text("店长自报 16:0")
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#slot-3")).to_contain_text("已发 1/4 群")
    expect(page.locator("#slot-3 details")).to_have_attribute("open", "")


def test_a_slot_is_skipped_with_two_taps_and_the_rhythm_moves_on(open_page, day):
    manager, _ = day
    page = open_page("/today/", user=manager, size=PHONE)

    page.locator("#slot-3").get_by_role("button", name="跳过").click()
    page.get_by_role("button", name="缺货").click()

    expect(page.locator("#slot-3")).to_contain_text("已完成")
    expect(page.locator("#rhythm")).to_have_text("今日节奏 3/4")
    expect(page.locator("#slot-4")).to_have_class("slot is-current")


def test_the_list_renews_itself_without_a_jump_and_not_under_a_sheet(open_page, day):
    manager, tasks = day
    page = open_page("/today/", user=manager, size=PHONE)
    page.locator("#slot-1 summary").click()
    PostTask.objects.filter(pk=tasks[1].pk).update(
        state=S.SENT, evidence=Evidence.API_VERIFIED, done_at=NOW, done_by=manager
    )

    page.evaluate("htmx.ajax('GET', '/today/', {target: '#slots', swap: 'outerHTML'})")

    expect(page.locator("#slot-3")).to_contain_text("已发 2/4 群")
    expect(page.locator("#slot-1 details")).to_have_attribute("open", "")


def test_hq_ticks_the_late_store_and_urges(open_page, day):
    page = open_page("/execution/", user=StaffFactory(), size=DESKTOP)

    page.get_by_label("选科技园店").check()
    page.get_by_role("button", name="催办 1").click()

    expect(page.get_by_role("status").first).to_contain_text("已催办 1 位群主、3 条")


# ---- the whole way, with a WeCom ----------------------------------------------------------------------------------
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


def test_from_the_plan_to_a_green_board_by_group_send(sandboxed, four_oclock):
    planned(PlanCell.Wish.GROUP_SEND)
    assert worked().released.posts == 2
    page = sandboxed.page_in_phone("/today/", person=four_oclock)
    expect(page.locator("#slot-3")).to_contain_text("科技园店：阳光玫瑰到店")

    page.get_by_role("button", name="去群发助手确认").click()
    expect(page.get_by_role("link", name="打开群发助手")).to_be_visible()
    (send,) = Broadcast.objects.all()
    sandboxed.company.advance(120)  # until WeCom has handed the task out, it answers 41063
    sandboxed.company.do("tap", msgid=send.msgid, userid="manager0001")
    page.get_by_role("button", name="我点过发送了").click()
    expect(page.get_by_text("正在向企业微信核实")).to_be_visible()
    worked()
    page.evaluate("htmx.ajax('GET', '/today/', {target: '#slots', swap: 'outerHTML'})")

    expect(page.locator("#slot-3")).to_contain_text("已完成")
    expect(page.locator("#slot-3")).to_contain_text("企微核实 2")
    expect(page.locator("#rhythm")).to_have_text("今日节奏 1/1")


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
