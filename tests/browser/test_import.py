"""From a till's GBK export to a member's page, as a store manager does it."""

import threading

import pytest

from members.models import Identity
from stores.models import ImportJob
from stores.services import imports
from tests.browser.conftest import PHONE
from tests.factories import PASSWORD, ManagerFactory, ProductFactory, StoreFactory
from tests.stores.importing import now, queued_only, sales_file

SHOTS = []


@pytest.fixture
def broker_away(monkeypatch):
    """The queue's message is kept; the test plays the worker and so decides when it comes."""
    return queued_only(monkeypatch)


def run_in_a_worker(job_id: int) -> threading.Thread:
    worker = threading.Thread(target=lambda: imports.run_job(job_id=job_id, clock=now))
    worker.start()
    return worker


def test_a_manager_uploads_a_gbk_file_watches_it_and_opens_the_member(open_page, broker_away, tmp_path):
    store = StoreFactory(code="S00042", name="科技园店")
    ManagerFactory(username="wangfang", name="王芳", store=store)
    ProductFactory(code="10001", name="红富士苹果")
    export = sales_file(tmp_path / "9月销售明细.csv", store="S00042", product="10001", rows=40, encoding="gb18030")
    page = open_page("/login/?next=/imports/", size=PHONE)
    page.get_by_label("账号").fill("wangfang")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    page.get_by_role("link", name="上传文件").click()
    page.get_by_label("选择文件").set_input_files(export)
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_role("heading", name="核对列").wait_for()
    assert page.get_by_text("GBK").is_visible()
    page.get_by_role("button", name="确认导入").click()
    page.get_by_text("排队中").wait_for()
    assert broker_away == [ImportJob.objects.get().pk]
    imports.run_job(job_id=broker_away.pop(), clock=now)
    page.get_by_role("heading", name="导入完成").wait_for()

    report = page.locator(".report").inner_text()
    assert "40" in report
    member = Identity.objects.get(tail="5678").member
    page.goto(page.url.split("/imports/")[0] + f"/members/{member.pk}/")
    assert page.get_by_text("红富士苹果").first.is_visible()
