import csv
from pathlib import Path
from django.utils import timezone
from django.core.files.uploadedfile import SimpleUploadedFile
from stores.models import ImportJob
from stores.services import imports
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import *
from tests.stores.importing import now, queued_only, sales_file

OUT = Path("/tmp/shots_sheets")

def test_shots(open_page, monkeypatch, tmp_path, watch):
    watch.expect("422")
    queued = queued_only(monkeypatch)
    region = RegionFactory(name="浙江")
    store = StoreFactory(code="S00042", name="科技园店", region=region)
    manager = ManagerFactory(username="wangfang", name="王芳", store=store)
    hq = StaffFactory(name="李总")
    ProductFactory(code="10001", name="红富士苹果")
    good = sales_file(tmp_path / "9月销售明细.csv", store="S00042", product="10001", rows=400, encoding="gb18030")
    text = good.read_text("gb18030")
    lines = text.splitlines()
    lines[5] = lines[5].replace("2026/09/0", "2026/13/4")
    lines[6] = lines[6].replace("10001", "99999")
    lines[7] = lines[7].replace("19.60", "#VALUE!")
    lines.append(lines[20])
    bad = "\n".join(["科技园店 2026年9月 销售明细", *lines, "合计,,,,,,800,,7840,"]).encode("gb18030")
    def job_for(user, data, name, st):
        return imports.create_job(kind="purchases", upload=SimpleUploadedFile(name, data), by=user, at=now(), store=st)
    done = job_for(manager, bad, "9月销售明细.csv", store)
    from stores.import_selectors import preview_of
    p = preview_of(done)
    mapping = {c.field.key: c.column for c in p.choices if c.column is not None}
    imports.confirm_job(job=done, mapping=mapping, options={}, at=now())
    imports.run_job(job_id=done.pk, clock=now)
    done.refresh_from_db(); print(done.state, done.error, done.report, done.options)
    waiting = job_for(manager, bad.replace("实付金额".encode("gb18030"), "到手".encode("gb18030")), "10月销售明细.csv", store)
    running = job_for(manager, bad, "8月销售明细.csv", store)
    ImportJob.objects.filter(pk=running.pk).update(state="running", started_at=now(), rows_expected=410)
    imports.report_progress(running.pk, 260)
    failed = job_for(manager, bad, "7月销售明细.csv", store)
    ImportJob.objects.filter(pk=failed.pk).update(state="failed", started_at=now(), error="「7月销售明细.csv」第 12 行「数量」列：这一格是公式（=cmd()），没有算好的结果；请改成数值或文字后重新导入")
    for size, tag in ((PHONE, "p"), (DESKTOP, "d")):
        user = manager if size is PHONE else hq
        for path, name in (("/imports/", "list"), ("/imports/new/", "upload"), (f"/imports/{waiting.pk}/", "confirm"), (f"/imports/{running.pk}/", "running"), (f"/imports/{failed.pk}/", "failed"), (f"/imports/{done.pk}/", "done")):
            page = open_page(path, user=user, size=size)
            page.wait_for_timeout(400)
            page.screenshot(path=OUT / f"{name}-{tag}.png", full_page=name in ("confirm",) )
            page.close()
    page = open_page("/imports/new/", user=manager, size=PHONE)
    page.get_by_label("选择文件").set_input_files({"name": "图片.csv", "mimeType": "text/csv", "buffer": b"%PDF-1.4 ..."})
    page.get_by_role("button", name="上传并预览").click()
    page.wait_for_timeout(600)
    page.screenshot(path=OUT / "upload-error-p.png")
