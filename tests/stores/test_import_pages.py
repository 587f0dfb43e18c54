import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from stores.models import AuditEntry, ImportJob, Product
from stores.services import imports
from tests.factories import GuideFactory, ManagerFactory, ProductFactory, RegionLeadFactory, StaffFactory, StoreFactory
from tests.stores.importing import HEADER, now, queued_only, sales_file

PRODUCTS = "商品编码,商品名称\n001,苹果\n,缺编码\n"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def queued(monkeypatch):
    return queued_only(monkeypatch)


def as_user(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, content: bytes, *, name: str = "9月.csv", **fields):
    return client.post("/imports/new/", {"file": SimpleUploadedFile(name, content), "kind": "purchases", **fields})


def a_job(*, by, store=None, kind="purchases") -> ImportJob:
    return imports.create_job(
        kind=kind, upload=SimpleUploadedFile("表格.csv", PRODUCTS.encode()), by=by, at=now(), store=store
    )


def columns_of(response) -> dict[str, str]:
    form = response.context["form"]
    return {field.name: field.initial for field in form.column_fields}


@pytest.mark.django_db
def test_a_manager_goes_from_upload_to_report_and_takes_the_rejected_rows(queued, tmp_path):
    manager = ManagerFactory(store=StoreFactory(code="S1"))
    ProductFactory(code="10001")
    export = sales_file(tmp_path / "a.csv", store="S1", product="10001", rows=3, encoding="gb18030")
    content = export.read_bytes() + "S1,R9,2026/13/40,,10001,=甲,1,1,1,微信\r\n".replace("=甲", "-甲").encode("gb18030")
    client = as_user(manager)

    uploaded = upload(client, content)
    job = ImportJob.objects.get()
    assert (uploaded.status_code, uploaded["Location"]) == (302, f"/imports/{job.pk}/")
    preview = client.get(uploaded["Location"])
    assert "GBK" in preview.content.decode()
    confirmed = client.post(uploaded["Location"], columns_of(preview))
    assert (confirmed.status_code, queued) == (302, [job.pk])
    assert "排队中" in client.get(f"/imports/{job.pk}/").content.decode()
    assert client.get(f"/imports/{job.pk}/progress/").status_code == 200
    imports.run_job(job_id=job.pk, clock=now)
    assert client.get(f"/imports/{job.pk}/progress/")["HX-Refresh"] == "true"
    report = client.get(f"/imports/{job.pk}/").content.decode()
    download = client.get(f"/imports/{job.pk}/rejected/")

    assert "¥58.80" in report
    assert "没有这一天" in report
    cells = [[c.value for c in row] for row in load_workbook(io.BytesIO(download.getvalue())).active.iter_rows()]
    assert cells[0] == ["原文件行号", "未导入原因", *HEADER]
    assert (cells[1][0], cells[1][7]) == (5, "'-甲")
    assert AuditEntry.objects.get().action == "import.rejected_rows"


@pytest.mark.django_db
def test_the_upload_page_refuses_in_words_and_keeps_nothing(settings):
    client = as_user(ManagerFactory())

    pdf = upload(client, b"%PDF-1.7", name="票.pdf")
    settings.MAX_UPLOAD_BYTES = 10
    large = upload(client, b"x" * 11)
    none = client.post("/imports/new/", {"kind": "purchases"})

    assert [response.status_code for response in (pdf, large, none)] == [422, 422, 422]
    assert "「票.pdf」：这是 PDF" in pdf.content.decode()
    assert "超过上限" in large.content.decode()
    assert "请选择文件" in none.content.decode()
    assert not ImportJob.objects.exists()


@pytest.mark.django_db
def test_a_manager_cannot_import_for_another_store_nor_another_kind():
    manager, other = ManagerFactory(), StoreFactory()
    client = as_user(manager)

    upload(client, PRODUCTS.encode(), store=other.code)
    products = upload(client, PRODUCTS.encode(), kind="products")

    assert [job.store for job in ImportJob.objects.all()] == [manager.store]
    assert products.status_code == 422


@pytest.mark.django_db
def test_a_region_lead_names_a_store_of_her_region_or_leaves_it_to_the_file():
    lead = RegionLeadFactory()
    mine, other = StoreFactory(region=lead.region), StoreFactory()
    client = as_user(lead)

    answers = [upload(client, PRODUCTS.encode(), store=code).status_code for code in (other.code, mine.code, "")]

    assert answers == [422, 302, 302]
    assert [job.store for job in ImportJob.objects.order_by("pk")] == [mine, None]


@pytest.mark.django_db
def test_columns_a_sale_cannot_do_without_are_asked_for_before_the_import(queued):
    client = as_user(StaffFactory())
    uploaded = upload(client, "小票号,商品名称,数量\nR1,苹果,2\n".encode())
    path = uploaded["Location"]

    page = client.get(path)
    wanted = (
        "没认出「门店编码」，或者「门店名称」；「交易时间」，或者「交易日期」；「实付金额」，或者「单价」和「数量」"
    )
    assert wanted in page.content.decode()
    refused = client.post(path, columns_of(page))

    assert refused.status_code == 422
    assert "请选出哪一列是「交易时间」，或者「交易日期」" in refused.content.decode()
    assert (queued, ImportJob.objects.get().state) == ([], "uploaded")


@pytest.mark.django_db
def test_a_store_named_at_the_upload_spares_the_column(queued):
    manager = ManagerFactory()
    client = as_user(manager)
    uploaded = upload(client, "小票号,交易时间,商品名称,数量,单价\nR1,2026-09-01 10:00,苹果,2,3\n".encode())

    page = client.get(uploaded["Location"])
    confirmed = client.post(uploaded["Location"], columns_of(page))

    assert page.context["form"].missing == []
    assert (confirmed.status_code, len(queued)) == (302, 1)


@pytest.mark.django_db
def test_another_stores_job_is_a_404_on_every_page_and_guides_have_none(queued):
    job = a_job(by=ManagerFactory())
    paths = [f"/imports/{job.pk}/{page}" for page in ("", "progress/", "rejected/")]
    stranger, guide = as_user(ManagerFactory()), as_user(GuideFactory())

    assert [stranger.get(path).status_code for path in paths] == [404] * 3
    assert stranger.post(f"/imports/{job.pk}/reopen/").status_code == 404
    assert stranger.post(f"/imports/{job.pk}/", {"column-store": "0"}).status_code == 404
    assert "表格.csv" not in stranger.get("/imports/").content.decode()
    assert [guide.get(path).status_code for path in ("/imports/", "/imports/new/", *paths)] == [404] * 5
    assert Client().get("/imports/").status_code == 302
    assert ImportJob.objects.get().state == ImportJob.State.UPLOADED


@pytest.mark.django_db
def test_the_columns_are_corrected_by_hand_and_no_column_serves_twice(queued):
    hq = StaffFactory()
    client = as_user(hq)
    upload(client, "甲,乙\n001,苹果\n".encode(), kind="products")
    address = f"/imports/{ImportJob.objects.get().pk}/"

    lacking = client.post(address, {"column-code": "0"})
    doubled = client.post(address, {"column-code": "0", "column-name": "0"})
    good = client.post(address, {"column-code": "0", "column-name": "1"})

    assert (lacking.status_code, doubled.status_code, good.status_code) == (422, 422, 302)
    assert "请选出哪一列是「商品名称」" in lacking.content.decode()
    assert "这一列已经选作「商品编码」" in doubled.content.decode()
    imports.run_job(job_id=queued[0], clock=now)
    assert Product.objects.get().name == "苹果"


@pytest.mark.django_db
def test_switches_of_headquarters_are_not_offered_to_a_store(queued):
    store = StoreFactory(code="S1")
    manager = ManagerFactory(store=store)
    client = as_user(manager)
    upload(client, ",".join(HEADER).encode() + b"\nS1,R1,2026-09-01,,P-new,x,1,1,1,\n")
    address = f"/imports/{ImportJob.objects.get().pk}/"
    page = client.get(address)

    client.post(address, {**columns_of(page), "option-create_products": "on"})
    imports.run_job(job_id=queued[0], clock=now)

    assert "option-create_products" not in page.content.decode()
    assert not Product.objects.exists()
    assert ImportJob.objects.get().report["rejected"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_questions_for_any_number_of_jobs(django_assert_num_queries, count):
    manager = ManagerFactory()
    client = as_user(manager)
    for _ in range(count):
        a_job(by=manager, store=manager.store)

    with django_assert_num_queries(4):
        page = client.get("/imports/").content.decode()

    assert page.count("表格.csv") == count


@pytest.mark.django_db
def test_a_failed_job_shows_why_and_can_be_looked_at_again(queued):
    hq = StaffFactory()
    client = as_user(hq)
    job = a_job(by=hq, kind="products")
    ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.FAILED, error="「表格.csv」第 3 行：坏了")

    assert "「表格.csv」第 3 行：坏了" in client.get(f"/imports/{job.pk}/").content.decode()
    client.post(f"/imports/{job.pk}/reopen/")
    assert "核对列" in client.get(f"/imports/{job.pk}/").content.decode()
