"""今日 on a phone and a desk: what a store manager sees and taps, and HQ's view of the same day."""

from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from communities.models import PostTask
from tests.browser.looks import DESKTOP, PHONE, settled
from tests.execution.posts import Channel, Evidence, S, moment, post
from tests.factories import (
    CustomerGroupFactory,
    ManagerFactory,
    MaterialFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    purchase,
)

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
