"""今日 on a phone and a desk: what a store manager sees and taps, and HQ's view of the same day."""

from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
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


def seen(page, name, *, full=True):
    import os

    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png", full_page=full)


def test_look(open_page, day, live_server):
    manager, tasks = day
    page = open_page("/today/", user=manager, size=PHONE)
    expect(page.get_by_text("已完成").first).to_be_visible()
    seen(page, "today-phone")
    seen(page, "today-phone-first", full=False)
    page.get_by_role("button", name="跳过").first.click()
    page.wait_for_timeout(300)
    seen(page, "today-skip", full=False)
    page.get_by_role("button", name="不跳过").click()
    page = open_page("/today/", user=manager, size=DESKTOP)
    seen(page, "today-desk")
    page = open_page(f"/stores/{manager.store_id}/today/", user=StaffFactory(name="陈总"), size=DESKTOP)
    seen(page, "today-hq")
    for path, name in [
        ("/execution/", "execution"),
        ("/execution/?view=month", "month"),
        (f"/execution/stores/{manager.store_id}/", "store"),
        (f"/execution/posts/{tasks[0].pk}/", "life"),
    ]:
        for size, kind in ((DESKTOP, "desk"), (PHONE, "phone")):
            page = open_page(path, user=StaffFactory(name="陈总"), size=size)
            seen(page, f"{name}-{kind}")
