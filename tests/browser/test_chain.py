"""接龙 on two phones: the manager opens it piece by piece, customers join, wait, cancel and fetch; then once more."""

import os
from io import BytesIO

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from campaigns.h5.session import COOKIE
from campaigns.models import Campaign, Order
from communities.simulation import fruit
from tests.browser.conftest import PHONE
from tests.campaigns.selling import phone
from tests.factories import (
    CustomerGroupFactory,
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    StoreFactory,
    StoreProductFactory,
)

expect.set_options(timeout=15_000)
WEIGHTS = ("4.62", "4.96", "3.98", "5.52", "4.3", "5.2")


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    yield
    cache.clear()


def shot(page, name, *, full=False):
    """Kept only where somebody wants to look: SHOTS=/folder."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png", full_page=full)


@pytest.fixture
def as_member(open_page, live_server):
    """A member's phone at a page of ours."""

    def open_(member, address):
        page = open_page("/h/left/", size=PHONE)
        cookie = phone(member).cookies[COOKIE].value
        page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": live_server.url}])
        page.goto(live_server.url + address)
        return page

    return open_


def photo(number):
    out = BytesIO()
    ground = ((246, 240, 224), (226, 214, 186))
    fruit.scene(ground=ground, items=fruit.heap(fruit.durian, count=1, size=0.8, seed=number)).save(out, "JPEG")
    return {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def lay_out(manager, weights):
    """Pieces, one after the other, as the camera gives them."""
    for number, weight in enumerate(weights, start=1):
        manager.locator("input[type=file]").set_input_files(photo(number))
        manager.get_by_label("重量（斤）").fill(weight)
        manager.get_by_role("button", name="放进去，下一个").click()
        expect(manager.locator(".piece-rows li")).to_have_count(number)


def test_a_durian_chain_from_opening_to_the_next_day(open_page, as_member):  # noqa: PLR0915 -- one story, told through
    store = StoreFactory(name="科技园店", code="S00042", address="南山区科苑路 8 号", phone="0755-86001234")
    person = ManagerFactory(name="王芳", store=store)
    CustomerGroupFactory(store=store)
    durian = ProductFactory(name="猫山王榴莲", category="榴莲")
    StoreProductFactory(store=store, product=durian, price_fen=3_980)
    lin, chen, late = (MemberFactory(name=name, home_store=store) for name in ("林小姐", "陈小姐姐", "王小明"))

    manager = open_page("/campaigns/", user=person, size=PHONE)
    shot(manager, "staff-empty")
    manager.get_by_role("link", name="开接龙").click()
    manager.get_by_label("卖什么").first.select_option(label=str(durian))
    manager.get_by_label("按个（逐个称重拍照）").first.check()
    manager.locator("[name=item0-price]").fill("39.8")
    shot(manager, "staff-new", full=True)
    manager.get_by_role("button", name="下一步：拍照称重").click()
    lay_out(manager, WEIGHTS)
    shot(manager, "staff-pieces", full=True)
    manager.get_by_role("button", name="都放好了，开始接龙").click()
    expect(manager.get_by_text("接龙开始了")).to_be_visible()
    shot(manager, "staff-live", full=True)
    campaign = Campaign.objects.get()
    address = f"/h/{campaign.token}/"

    first = as_member(lin, address)
    expect(first.get_by_role("button", name="立即接龙")).to_be_disabled()
    shot(first, "member-first")
    watching = as_member(late, address)
    first.locator(".piece").nth(3).click()
    shot(first, "member-chosen")
    first.get_by_role("button", name="立即接龙").click()  # two taps
    expect(first.get_by_text("待取货")).to_be_visible()
    shot(first, "member-order", full=True)
    expect(watching.get_by_text("林** 接走")).to_be_visible()  # without a touch
    expect(watching.locator("#rows li")).to_have_count(1)

    second = as_member(chen, address)
    for number in (0, 1, 2, 4, 5):
        second.locator(".piece").nth(number).click()
    second.get_by_role("button", name="立即接龙").click()
    expect(second.get_by_text("待取货")).to_be_visible()
    expect(watching.locator("#count")).to_contain_text("已接满")
    shot(watching, "member-sold-out", full=True)
    watching.get_by_role("button", name="候补一份").click()
    expect(watching.get_by_text("候补中：猫山王榴莲")).to_be_visible()

    first.get_by_role("link", name="取消订单").click()
    shot(first, "member-cancel")
    first.get_by_role("button", name="取消这个订单").click()
    expect(first.get_by_role("heading", name="已取消")).to_be_visible()

    watching.reload()
    watching.get_by_text("已为您留着").click()
    shot(watching, "member-offer")
    watching.get_by_role("button", name="我要，到店付款").click()
    expect(watching.get_by_text("待取货")).to_be_visible()

    made = Order.objects.get(member=late)
    manager.goto(manager.url.split("/campaigns/")[0] + "/campaigns/redeem/")
    manager.get_by_label("四位取货码").fill(made.pickup_code)
    manager.get_by_role("button", name="查一下").click()
    shot(manager, "staff-redeem")
    manager.get_by_role("button", name="交货").click()
    expect(manager.get_by_text("已取货").first).to_be_visible()
    watching.reload()
    expect(watching.get_by_role("heading", name="已取货")).to_be_visible()

    returning = as_member(lin, address)
    returning.get_by_role("button", name="候补一份").click()
    expect(returning.get_by_text("候补中：猫山王榴莲")).to_be_visible()
    manager.goto(manager.url.split("/campaigns/")[0] + f"/campaigns/{campaign.pk}/")
    shot(manager, "staff-list", full=True)
    manager.get_by_role("button", name="现在截单").click()
    manager.get_by_role("button", name="再来一单").click()
    lay_out(manager, ("4.8", "5.1"))
    manager.get_by_role("button", name="都放好了，开始接龙").click()
    expect(manager.get_by_text("昨天没接上的 1 位已先留货")).to_be_visible()
    again = Order.objects.get(campaign__rerun_of=campaign)
    assert (again.member, again.state) == (lin, "reserved")
