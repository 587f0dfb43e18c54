"""An entry code from its order to its poster, in Chromium; then it breaks, is noticed, is mended and goes quiet."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from communities import poster
from communities.models import EntryCode
from communities.services import making, monitoring
from tests.browser.looks import DESKTOP, settled
from tests.factories import ManagerFactory, StoreFactory
from tests.mirror.mirroring import Mirror
from wecom.gateway import wecom


@pytest.fixture
def mirror(sandboxed):
    """The platform that has read the sandbox company: a manager with a shop and one group."""
    mirror = Mirror(company=sandboxed.company, stores=[StoreFactory(name=f"{number:04}店") for number in (1, 2)])
    ManagerFactory(wecom_userid="manager0001", store=mirror.stores[0])
    mirror.do("dismiss", chat_id=mirror.company.groups()[1])
    mirror.read_all("staff", "groups")
    return mirror


def filled(company, chat):
    """So many neighbours join that nobody else can."""
    room = 500 - len(company.group(chat)["member_list"])
    made = company.control("batch", steps=[["create_contact", {}]] * room)["results"]
    company.control("batch", steps=[["join", {"chat_id": chat, "person": one["result"]}] for one in made])


def checked(store, *, times):
    """What the monitor does in so many hours."""
    for hour in range(times):
        monitoring.check_store(store=store, at=timezone.now() + timedelta(hours=hour), gateway=wecom())


def downloaded(page, name):
    with page.expect_download() as download:
        page.get_by_role("link", name=name, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_manager_logs_in_prints_a_poster_and_sees_an_alert_come_and_go(open_page, sandboxed, mirror):
    page = open_page("/login/", size=DESKTOP)
    page.get_by_role("link", name="企业微信登录").click()
    page.locator("button[value=manager0001]").click()
    page.wait_for_url("**/today/")

    page.goto(f"{sandboxed.site}/codes/new/")
    page.get_by_label("扫码后").select_option("group")
    page.get_by_label("利益点").fill("进群领 10 元券")
    page.get_by_role("button", name="生成").click()
    expect(page.locator("#state")).to_contain_text("正在企业微信里生成")
    code = EntryCode.objects.get()
    making.make_code(code_id=code.pk, at=timezone.now(), gateway=wecom())
    page.get_by_role("link", name="打印海报").click()  # comes by itself
    expect(page.locator(".poster-bait")).to_have_text("进群领 10 元券")
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    if poster.fonts():
        name, picture = downloaded(page, "图片")
        assert (name.rpartition(".")[2], Image.open(io.BytesIO(picture)).size) == ("png", poster.SIZE)
        name, document = downloaded(page, "PDF")
        assert (name.rpartition(".")[2], document[:5]) == ("pdf", b"%PDF-")
        assert len(document) > 10_000

    store, company = code.store, sandboxed.company
    filled(company, company.groups()[0])
    mirror.read_all("groups")
    checked(store, times=1)
    page.goto(f"{sandboxed.site}/codes/")
    page.get_by_text("有 1 个码需要处理").click()
    expect(page.locator("#rows")).to_contain_text("1 个群都满了，新来的顾客可能进不去")
    expect(page.locator("#rows")).to_contain_text("请群主在企业微信里再建一个客户群")
    settled(page, "alerts")

    company.do("create_group", owner="manager0001", name="0001店·福利3群")
    mirror.read_all("groups")
    checked(store, times=3)
    page.reload()
    expect(page.get_by_text("所有码都正常")).to_be_visible()
    page.goto(f"{sandboxed.site}/codes/")
    expect(page.locator(".code-state")).to_have_text("可用")
