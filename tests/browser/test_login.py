"""Coming in, in Chromium: by WeCom through the sandbox, by password and a phone's code."""

import re

import pytest
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from tests.browser.looks import DESKTOP, PHONE
from tests.factories import PASSWORD, ManagerFactory, StaffFactory, StoreFactory


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_manager_scans_at_wecom_and_lands_on_the_own_day(open_page, sandboxed, size):
    manager = ManagerFactory(wecom_userid="manager0001", store=StoreFactory(name="滨江店"))
    page = open_page("/login/", size=size)

    page.get_by_role("link", name="企业微信登录").click()
    expect(page.get_by_role("heading", name="企业微信扫码登录")).to_be_visible()
    page.locator("button[value=manager0001]").click()

    page.wait_for_url("**/today/")
    page.goto(f"{sandboxed.site}/stores/{manager.store_id}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("滨江店")


def test_a_page_that_asked_for_a_log_in_is_shown_after_it(open_page, sandboxed):
    ManagerFactory(wecom_userid="manager0001")
    page = open_page("/account/", size=PHONE)

    page.get_by_role("link", name="企业微信登录").click()
    page.locator("button[value=manager0001]").click()

    page.wait_for_url("**/account/")


def test_a_stranger_reads_why_and_finds_the_way_back(open_page, sandboxed, watch):
    watch.expect("403")
    page = open_page("/login/", size=PHONE)

    page.get_by_role("link", name="企业微信登录").click()
    page.locator("button[value=manager0002]").click()

    expect(page.get_by_role("heading", name="你还没有开通店圈")).to_be_visible()
    page.get_by_role("link", name="回到登录页").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()


def test_hq_enrols_a_phone_and_comes_in_with_it_next_time(open_page, settings):
    settings.TOTP_REQUIRED = True
    hq = StaffFactory(name="陈总")
    page = open_page("/login/")
    type_password(page, hq)

    expect(page.get_by_role("img", name="绑定手机的二维码")).to_be_visible()
    device = TOTPDevice.objects.get(user=hq)
    page.get_by_label("App 里显示的 6 位数字").fill(code_of(device))
    page.get_by_role("button", name="绑定这部手机").click()
    codes = page.locator(".recovery-codes li").all_inner_texts()
    page.get_by_role("link", name="我收好了，继续").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("总览")

    TOTPDevice.objects.update(last_t=-1)  # as if half a minute had passed
    later = open_page("/login/", size=PHONE)
    type_password(later, hq)
    later.get_by_label("6 位动态码或恢复码").fill(code_of(device))
    later.get_by_role("button", name="进入").click()
    expect(later.get_by_role("heading", level=1)).to_have_text("总览")

    lost = open_page("/login/", size=PHONE)
    type_password(lost, hq)
    lost.get_by_label("6 位动态码或恢复码").fill(codes[0])
    lost.get_by_role("button", name="进入").click()
    expect(lost.get_by_role("heading", level=1)).to_have_text("总览")

    assert len(codes) == 10
    assert all(re.fullmatch(r"(\w{4}-){3}\w{4}", code) for code in codes)


def type_password(page, person):
    page.get_by_label("账号").fill(person.username)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def code_of(device):
    return f"{TOTP(device.bin_key).token():06d}"
