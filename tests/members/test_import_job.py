"""Sales through the door of the import pages: job, worker, report, rows left out; and through the command."""

import json
from functools import partial

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from members.models import Purchase
from stores.models import ImportJob
from stores.services.imports import create_job, run_job
from tests.factories import ManagerFactory, ProductFactory, RegionFactory, RegionLeadFactory, StoreFactory
from tests.members.sales import AT, HEADER, row, write_sales


@pytest.fixture
def media(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.django_db(transaction=True)
def test_managers_upload_writes_her_store_only_and_lists_what_was_left_out(tmp_path, media):
    manager = ManagerFactory(store__code="S1")
    ProductFactory(code="P1")
    path = write_sales(tmp_path, [row(), row(门店编码="S2", 小票号="R2"), row()])
    upload = ContentFile(path.read_bytes(), name="一月.csv")

    job = create_job(kind="purchases", upload=upload, by=manager, at=AT, store=manager.store)
    ImportJob.objects.filter(pk=job.pk).update(state="queued")  # as `confirm_job` does, without a worker
    run_job(job_id=job.pk, clock=lambda: AT)

    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")
    assert (job.report["accepted"], job.report["duplicates"], job.report["rejected"]) == (1, 1, 1)
    sheet = openpyxl.load_workbook(job.rejected_file.path).active
    assert [line[1].value for line in sheet.iter_rows(min_row=2)] == ["门店：没有这个门店：S2", "重复：与第 2 行重复"]
    assert Purchase.objects.get().import_job_id == job.pk


@pytest.mark.django_db(transaction=True)
def test_region_leads_file_of_many_stores_writes_those_of_her_region_only(tmp_path, media):
    lead = RegionLeadFactory()
    for code, region in (("S1", lead.region), ("S2", lead.region), ("S3", RegionFactory())):
        StoreFactory(code=code, region=region)
    ProductFactory(code="P1")
    rows = [row(), row(门店编码="S2", 小票号="R2"), row(门店编码="S3", 小票号="R3"), row(门店编码="S9", 小票号="R4")]
    upload = ContentFile(write_sales(tmp_path, rows).read_bytes(), name="全区.csv")

    job = create_job(kind="purchases", upload=upload, by=lead, at=AT, store=None)
    ImportJob.objects.filter(pk=job.pk).update(state="queued", options={"create_stores": True})
    run_job(job_id=job.pk, clock=lambda: AT)

    job.refresh_from_db()
    assert job.report["reasons"] == {"门店：不是可以导入的门店": 1, "门店：没有这个门店": 1}
    assert set(Purchase.objects.values_list("store__code", flat=True)) == {"S1", "S2"}


@pytest.mark.django_db(transaction=True)
def test_command_dry_run_reports_all_and_writes_nothing(tmp_path, media, capsys):
    path, report = write_sales(tmp_path, [row(), row(数量="x")]), tmp_path / "report.json"
    run = partial(call_command, "import_purchases", path, create_products=True, create_stores=True, report=report)

    run(dry_run=True)
    dry = json.loads(report.read_text())
    assert (Purchase.objects.count(), ImportJob.objects.count()) == (0, 0)
    run()

    assert json.loads(report.read_text()) == dry
    assert (dry["accepted"], dry["reasons"]) == (1, {"数量：看不懂这个数量": 1})
    assert "  数量：看不懂这个数量：1" in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "表头下面没有数据行"),
        ([row(), row(商品编码="=cmd|'/c calc'!A0")], "公式"),
    ],
)
def test_command_refuses_an_unusable_file_in_words_and_writes_nothing(tmp_path, rows, message):
    path = write_sales(tmp_path, rows, header=HEADER)

    with pytest.raises(CommandError, match=message):
        call_command("import_purchases", path, create_products=True, create_stores=True)

    assert Purchase.objects.count() == 0


@pytest.mark.django_db
def test_command_that_could_not_leave_its_report_writes_nothing(tmp_path):
    path = write_sales(tmp_path, [row()])

    with pytest.raises(CommandError, match="写不了"):
        call_command("import_purchases", path, "--report", str(tmp_path / "没有" / "R.json"), create_stores=True)

    assert not ImportJob.objects.exists()
