"""From a till's GBK export to a member's page, as a store manager does it."""

import pytest

from members.models import Identity
from stores.models import ImportJob
from stores.services import imports
from tests.browser.looks import DESKTOP, PHONE
from tests.factories import PASSWORD, ManagerFactory, ProductFactory, StaffFactory, StoreFactory
from tests.stores.importing import now, queued_only, sales_file


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def queued(monkeypatch):
    """The test plays the worker: what the pages queue is in this list, and runs when the test says so."""
    return queued_only(monkeypatch)


def test_a_manager_uploads_a_gbk_file_watches_it_and_opens_the_member(open_page, live_server, queued, tmp_path):
    ManagerFactory(username="wangfang", name="王芳", store=StoreFactory(code="S00042", name="科技园店"))
    ProductFactory(code="10001", name="红富士苹果")
    export = sales_file(tmp_path / "9月销售明细.csv", store="S00042", product="10001", rows=40, encoding="gb18030")
    page = open_page("/login/?next=/imports/", size=PHONE)
    page.get_by_label("账号").fill("wangfang")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    page.get_by_role("link", name="上传文件").click()
    page.get_by_label("选择文件").set_input_files(export)
    page.get_by_text("9月销售明细.csv").wait_for()
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_role("heading", name="核对列").wait_for()
    assert page.get_by_text("CSV · GBK · 逗号分隔").is_visible()
    page.get_by_role("button", name="确认导入").click()
    page.get_by_text("排队中").wait_for()

    # A worker that is at row 16, then one that does it all.
    (job,) = ImportJob.objects.filter(pk__in=queued)
    ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.RUNNING, started_at=now())
    imports.report_progress(job.pk, 16)
    page.get_by_text("已读 16 行").wait_for()
    ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.QUEUED)
    imports.run_job(job_id=job.pk, clock=now)
    page.get_by_role("heading", name="导入完成").wait_for()

    assert "¥784.00" in page.locator(".report").inner_text()
    assert page.get_by_text("全部导入，没有问题行").is_visible()
    page.goto(f"{live_server.url}/members/{Identity.objects.get(tail='5678').member_id}/")
    page.get_by_text("红富士苹果").first.wait_for()


def test_a_file_chosen_before_the_script_has_come_is_shown_when_it_comes(open_page, tmp_path):
    page = open_page("/imports/", user=StaffFactory(), size=PHONE)
    held = []

    def hold(route):  # Playwright keeps attributes on what it is given; a bound `append` takes none.
        held.append(route)

    page.route("**/imports*.js", hold)
    with page.expect_request("**/imports*.js"):
        page.goto(page.url + "new/", wait_until="commit")
    page.get_by_label("选择文件").set_input_files(sales_file(tmp_path / "9月.csv", store="S1", product="1", rows=1))

    assert not page.get_by_text("9月.csv").is_visible()
    held[0].continue_()

    page.get_by_text("9月.csv").wait_for()


def test_a_file_that_is_too_large_is_refused_before_it_travels(open_page, settings):
    settings.MAX_UPLOAD_BYTES = 10
    page = open_page("/imports/new/", user=StaffFactory(), size=DESKTOP)

    page.get_by_label("选择文件").set_input_files({"name": "大.csv", "mimeType": "text/csv", "buffer": b"x" * 2000})
    page.get_by_role("button", name="上传并预览").click()

    assert page.get_by_role("alert").inner_text().startswith("文件有 2 KB，超过上限")
    assert not ImportJob.objects.exists()
