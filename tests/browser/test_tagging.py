"""A guide talks to a member by one tap and says what came of it; headquarters builds a group and sees it counted."""

from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from tagging.models import Segment, Talk
from tagging.services.talks import plan_talks
from tests.browser.looks import CONTRAST, PHONE, SIDEWAYS, SMALL_TARGETS, UNNAMED
from tests.factories import StaffFactory
from tests.tagging.talking import FRIDAY, guide_with_durian, regular


@pytest.fixture
def guide():
    """A guide with two regulars and one who has not come for long; today is good for all three."""
    with time_machine.travel(FRIDAY, tick=True):
        guide, product = guide_with_durian()
        for number, name in enumerate(["王芳", "李娜"]):
            regular(guide, product, weeks=5 + number, name=name)
        regular(guide, product, weeks=2, until=FRIDAY - timedelta(days=100), name="赵敏")
        plan_talks(store=guide.store, at=FRIDAY)
        yield guide


def test_a_talk_is_had_and_a_group_is_counted_while_it_is_built(open_page, guide):
    phone = open_page("/today/", user=guide, size=PHONE)
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    talk = phone.locator("#talks .talk").first
    words = talk.locator(".talk-text").inner_text()
    talk.get_by_role("button", name="复制这句").click()
    expect(phone.locator("#toasts")).to_contain_text("已复制")
    assert phone.evaluate("navigator.clipboard.readText()") == words
    talk.get_by_role("button", name="成交").click()
    expect(phone.locator("#talks .card-head")).to_contain_text("1/3")
    assert Talk.objects.filter(state="sold").count() == 1
    assert phone.evaluate(SIDEWAYS) == 0
    for look in (UNNAMED, SMALL_TARGETS, CONTRAST):
        assert phone.evaluate(look) == []

    desk = open_page("/segments/new/", user=StaffFactory(name="陈总"))
    desk.get_by_label("名称").fill("常来的")
    desk.locator("[name=g0-0-kind]").select_option("visits")
    desk.locator("[name=g0-0-days]").fill("60")
    desk.locator("[name=g0-0-number]").fill("5")
    expect(desk.locator("#reach")).to_contain_text("2 位会员")
    desk.get_by_role("button", name="加条件").click()
    desk.locator("[name=g0-1-kind]").select_option("visits")
    desk.locator("[name=g0-1-days]").fill("60")
    desk.locator("[name=g0-1-number]").fill("5")
    desk.locator("[name=g0-1-not]").check()
    expect(desk.locator("#reach")).to_contain_text("互相矛盾")
    desk.get_by_role("button", name="去掉这个条件").last.click()
    expect(desk.locator("#reach")).to_contain_text("2 位会员")
    desk.get_by_role("button", name="保存人群").click()
    expect(desk.get_by_role("heading", name="常来的", exact=True)).to_be_visible()
    assert Segment.objects.get().name == "常来的"
