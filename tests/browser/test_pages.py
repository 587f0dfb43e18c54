"""Every page in a real browser: it stays at home, breaks no policy, can be tapped, labelled and searched."""

import re

import pytest
from playwright.sync_api import expect

from stores.models import ImportJob, StoreProduct
from tests.browser.looks import DESKTOP, PHONE
from tests.factories import (
    PASSWORD,
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    StoreProductFactory,
)

SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
    .filter(e => e.getClientRects().length && !e.closest('.skip-link, p, dd, small, .page-sub'))
    .map(e => {
        const around = e.matches('.stretched') ? 'li, tr' : e.matches('.form-check-input') ? 'label' : null;
        const tap = e.matches('.part-choice') ? e.labels[0] : around ? e.closest(around) : e;
        const box = tap.getBoundingClientRect();
        return [e.outerHTML.slice(0, 80), Math.round(box.width), Math.round(box.height)];
    })
    .filter(([, width, height]) => width < 44 || height < 44)"""
UNNAMED = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')].filter(e =>
    e.getClientRects().length && !(e.innerText || '').trim() && !e.getAttribute('aria-label') && !e.labels?.length
).map(e => e.outerHTML.slice(0, 80))"""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def shop():
    """A manager with a shelf, a guide, a member and an import."""
    manager = ManagerFactory(name="王芳", store=StoreFactory(name="滨江店", address="文三路 398 号", phone="0571-88"))
    GuideFactory(store=manager.store)
    for code, name in (("P1", "阳光玫瑰"), ("P2", "海南贵妃芒（大果礼盒装）")):
        StoreProductFactory(store=manager.store, product=ProductFactory(code=code, name=name))
    MemberFactory(home_store=manager.store)
    ImportJob.objects.create(kind="purchases", filename="很长很长的文件名-" * 5 + ".csv", uploaded_by=manager)
    return manager


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_stays_at_home_and_can_be_used(open_page, shop, size):
    """The `open_page` fixture itself fails on foreign requests, script errors and breaches of the policy."""
    hq = StaffFactory(name="陈总")
    store = f"/stores/{shop.store_id}/"
    item = f"{store}shelf/{StoreProduct.objects.first().pk}/"
    visits = [
        (None, ["/login/"]),
        (hq, ["/", "/stores/", "/stores/?q=zzz", store, item, "/account/"]),
        (shop, [store, item, "/account/", "/account/password/"]),
    ]
    for user, paths in visits:
        page = open_page(paths[0], user=user, size=size)
        for path in paths:
            page.goto(re.sub(r"(?<=\d)/.*", path, page.url), wait_until="networkidle")
            assert page.locator("h1").count() == 1, path
            assert page.evaluate(SIDEWAYS) <= 0, path
            assert page.evaluate(UNNAMED) == [], path
            if size is PHONE:
                assert page.evaluate(SMALL_TARGETS) == [], path
            assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_a_manager_logs_in_on_a_phone_and_logs_out(open_page, shop):
    page = open_page("/login/", size=PHONE)

    page.get_by_label("账号").fill(shop.username)
    password = page.get_by_label("密码", exact=True)
    password.fill(PASSWORD)
    page.get_by_role("button", name="显示密码").click()
    assert password.get_attribute("type") == "text"
    page.get_by_role("button", name="登录").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("滨江店")
    page.get_by_role("link", name="我的", exact=True).click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login/")


def test_the_navigation_is_a_tab_bar_on_a_phone_and_a_sidebar_on_a_desk(open_page, shop):
    for size, shown, hidden in ((PHONE, ".tabbar", ".sidebar"), (DESKTOP, ".sidebar", ".tabbar")):
        page = open_page("/groups/", user=shop, size=size)
        expect(page.locator(shown)).to_be_visible()
        expect(page.locator(hidden)).to_be_hidden()
        assert page.locator(f"{shown} [aria-current=page]").inner_text().strip() == "社群"


def test_the_keyboard_reaches_the_content_first(open_page, shop):
    page = open_page(f"/stores/{shop.store_id}/", user=shop)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


def test_stores_are_searched_sorted_and_paged_without_a_reload(open_page, watch):
    watch.expect("htmx:")  # htmx writes to the console when a newer search replaces one on its way
    for n in range(45):
        StoreFactory(code=f"S{n:03}", name=f"翠竹{n}店" if n % 2 else f"东湖{n}店")
    page = open_page("/stores/", user=StaffFactory())
    page.evaluate("window.untouched = true")

    page.get_by_role("searchbox").press_sequentially("翠竹", delay=10)
    page.wait_for_url("**q=%E7%BF%A0%E7%AB%B9**")
    expect(page.locator("#rows")).to_contain_text("共 22 家")
    page.get_by_role("link", name="下一页").click()
    expect(page.locator("#rows")).to_contain_text("第 21–22 家")
    page.get_by_role("columnheader", name="门店").get_by_role("link").click()
    expect(page.locator("#rows .row-title").first).to_have_text("翠竹43店")

    assert page.evaluate("window.untouched")
    assert "q=%E7%BF%A0%E7%AB%B9" in page.url
    page.get_by_label("阶段").select_option("fitout")
    expect(page.locator("#rows")).to_contain_text("没有符合条件的门店")
    page.go_back()
    expect(page.locator("#rows .row-title").first).to_have_text("翠竹43店")
    expect(page.locator("h1")).to_have_text("门店")


def test_text_committed_by_a_chinese_keyboard_searches(open_page):
    StoreFactory(name="翠竹店")
    StoreFactory(name="东湖店")
    page = open_page("/stores/", user=StaffFactory())

    page.evaluate("""() => {
        const box = document.querySelector('#id_q');
        box.dispatchEvent(new CompositionEvent('compositionstart', {bubbles: true}));
        box.value = '翠竹';
        box.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true, data: '翠竹'}));
    }""")

    expect(page.locator("#rows")).to_contain_text("共 1 家")


def test_a_price_is_changed_on_a_phone_in_place(open_page, shop, watch):
    page = open_page(f"/stores/{shop.store_id}/", user=shop, size=PHONE)
    watch.expect("422")  # the browser reports a refused form as a failed request

    page.get_by_role("link", name="修改阳光玫瑰").click()
    page.get_by_label("价格（元）").fill("abc")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("价格要写数字")).to_be_visible()
    page.get_by_label("价格（元）").fill("12.8")
    page.get_by_label("在售").uncheck()
    page.get_by_role("button", name="保存").click()

    expect(page.get_by_text("阳光玫瑰已保存")).to_be_visible()
    expect(page.locator(".shelf-row", has_text="阳光玫瑰")).to_contain_text("¥12.80")
    changed = StoreProduct.objects.get(product__name="阳光玫瑰")
    assert (changed.price_fen, changed.on_sale) == (1280, False)


def test_a_failed_request_says_so(open_page, shop, watch):
    page = open_page(f"/stores/{shop.store_id}/", user=shop)
    watch.expect("500")
    watch.expect("ERR_INTERNET_DISCONNECTED")
    watch.expect("Response Status Error")
    watch.expect("htmx:")
    page.route("**/shelf/**", lambda route: route.fulfill(status=500))

    page.get_by_role("link", name="修改阳光玫瑰").click()
    expect(page.get_by_text("服务器出了点问题")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("searchbox").fill("芒")
    expect(page.get_by_text("网络不通")).to_be_visible()


def test_a_session_that_ended_leads_to_the_log_in_page_and_back(open_page, shop):
    page = open_page(f"/stores/{shop.store_id}/", user=shop)
    page.wait_for_load_state("networkidle")  # the sales strip comes by itself and would meet the ended session first
    page.context.clear_cookies()

    page.get_by_role("searchbox").fill("芒")

    page.wait_for_url(f"**/login/?next=%2Fstores%2F{shop.store_id}%2F")
    expect(page.get_by_label("账号")).to_be_visible()


def test_a_chart_is_drawn_with_its_numbers_beside_it(open_page, shop):
    page = open_page("/", user=StaffFactory())

    expect(page.locator("[data-chart] svg")).to_be_visible()
    page.get_by_text("看数字").click()
    expect(page.locator(".chart-table td").first).to_have_text("杭州")


def test_a_members_row_opens_that_member_and_leaves_the_filters_alone(open_page):
    for name in ("林小满", "周立夏"):
        MemberFactory(name=name)
    for size in (PHONE, DESKTOP):
        page = open_page("/members/", user=StaffFactory(), size=size)

        page.locator(".more-filters summary").click()
        expect(page.get_by_label("入会")).to_be_visible()
        page.get_by_role("link", name="林小满").click()

        expect(page.locator("h1")).to_have_text("林小满")


def test_on_a_phone_the_staff_are_one_tap_from_the_shelf(open_page, shop):
    page = open_page(f"/stores/{shop.store_id}/", user=shop, size=PHONE)

    expect(page.get_by_role("heading", name="店员")).to_be_hidden()
    page.locator("label", has_text="门店与店员").click()

    expect(page.get_by_role("heading", name="店员")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_hidden()
