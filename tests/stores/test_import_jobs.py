import threading
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from members.models import Purchase
from stores import imports_registry
from stores.import_selectors import jobs_for, preview_of, writable_stores
from stores.models import AuditEntry, ImportJob, Product, SheetMapping, Store
from stores.services import imports
from stores.services.imports import CRASHED, INTERRUPTED, JobNotOpen
from stores.sheets.columns import Field
from stores.sheets.errors import SheetError
from tests.factories import GuideFactory, ManagerFactory, ProductFactory, RegionLeadFactory, StaffFactory, StoreFactory
from tests.racing import race
from tests.stores.importing import now, queued_only, sales_file

PRODUCTS = "商品编码,商品名称,品类\n001,红富士苹果,苹果\n002,香蕉,香蕉\n"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def queued(monkeypatch):
    return queued_only(monkeypatch)


def uploaded(text: str = PRODUCTS, *, by=None, kind: str = "products", store=None) -> ImportJob:
    return imports.create_job(
        kind=kind, upload=SimpleUploadedFile("表格.csv", text.encode()), by=by or StaffFactory(), at=now(), store=store
    )


def confirmed(job: ImportJob, **options) -> ImportJob:
    mapping = {c.field.key: c.column for c in preview_of(job).choices if c.column is not None}
    imports.confirm_job(job=job, mapping=mapping, options=options, at=now())
    return job


def run(job: ImportJob) -> ImportJob:
    imports.run_job(job_id=job.pk, clock=now)
    job.refresh_from_db()
    return job


class Stopping:
    """A kind of import that writes a product and then does what it is told."""

    fields = (Field("code", "商品编码", ("商品编码",), required=True), Field("name", "商品名称", ("商品名称",)))
    options = ()
    report_labels = MappingProxyType({})

    def __init__(self, then):
        self.then = then

    def run(self, job, *, at):  # noqa: ARG002 -- the contract of a handler
        Product.objects.create(code="half", name="写到一半")
        job.rejected_file.save("r.xlsx", ContentFile(b"x"), save=False)
        return self.then(job)


@pytest.fixture
def stopping(monkeypatch):
    """Register a handler of one's own for the kind `products`, for this test."""

    def register(then):
        monkeypatch.setitem(imports_registry._handlers, "products", Stopping(then))

    return register


@pytest.mark.django_db
def test_a_job_runs_from_upload_to_report_and_once_only(queued):
    job = confirmed(uploaded())

    assert queued == [job.pk]
    assert run(job).state == ImportJob.State.DONE
    assert job.report == {
        "rows": 2, "accepted": 2, "created": 2, "updated": 0, "unchanged": 0, "duplicates": 0, "rejected": 0,
        "reasons": {},
    }  # fmt: skip
    assert set(Product.objects.values_list("code", "name")) == {("001", "红富士苹果"), ("002", "香蕉")}
    Product.objects.all().delete()
    assert run(job).state == ImportJob.State.DONE
    assert not Product.objects.exists()


@pytest.mark.django_db
def test_an_upload_that_is_no_table_or_too_large_leaves_nothing(settings, tmp_path):
    with pytest.raises(SheetError, match=r"「表格.csv」：文件是空的"):
        uploaded("")
    settings.MAX_UPLOAD_BYTES = 20
    with pytest.raises(SheetError, match=r"超过上限"):
        uploaded()

    assert not ImportJob.objects.exists()
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


@pytest.mark.django_db
def test_a_job_is_confirmed_once(queued):
    job = confirmed(uploaded())

    with pytest.raises(JobNotOpen):
        confirmed(job)
    assert queued == [job.pk]


@pytest.mark.django_db
def test_a_mapping_corrected_by_hand_is_remembered_for_the_next_file_of_that_store(queued):
    store = StoreFactory()
    first = uploaded("代号,叫法\n1,苹果\n", store=store)
    imports.confirm_job(job=first, mapping={"code": 0, "name": 1}, options={}, at=now())

    again = preview_of(uploaded("代 号,叫法\n2,香蕉\n", store=store))
    elsewhere = preview_of(uploaded("代号,叫法\n2,香蕉\n", store=StoreFactory()))

    assert {c.field.key: c.column for c in again.choices if c.column is not None} == {"code": 0, "name": 1}
    assert (again.remembered, elsewhere.remembered) == (True, False)
    assert [field.key for field in elsewhere.missing] == ["code", "name"]
    assert SheetMapping.objects.count() == 1


@pytest.mark.django_db
def test_a_mapping_without_a_required_column_is_refused(queued):
    job = uploaded()

    with pytest.raises(SheetError, match=r"缺少「商品名称」列。文件里的列是：商品编码、商品名称、品类"):
        imports.confirm_job(job=job, mapping={"code": 0}, options={}, at=now())
    assert queued == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("error", "said"),
    [(SheetError("坏了", file="表格.csv", row=3), "「表格.csv」第 3 行：坏了"), (ZeroDivisionError(), CRASHED)],
)
def test_an_import_that_fails_midway_leaves_nothing_but_its_reason(queued, stopping, tmp_path, error, said):
    def fail(job):
        raise error

    stopping(fail)
    job = run(confirmed(uploaded()))

    assert (job.state, job.error, bool(job.rejected_file)) == (ImportJob.State.FAILED, said, False)
    assert not Product.objects.filter(code="half").exists()
    assert [path.suffix for path in (tmp_path / "media").rglob("*") if path.is_file()] == [".upload"]


@pytest.mark.django_db
def test_a_failed_job_can_be_looked_at_and_run_again(queued, stopping, monkeypatch):
    def fail(job):
        raise SheetError("坏了")

    with monkeypatch.context() as patch:
        patch.setitem(imports_registry._handlers, "products", Stopping(fail))
        job = run(confirmed(uploaded()))
    imports.reopen_job(job=job)
    job.refresh_from_db()

    assert (job.state, job.error) == (ImportJob.State.UPLOADED, "")
    assert run(confirmed(job)).state == ImportJob.State.DONE
    with pytest.raises(JobNotOpen):
        imports.reopen_job(job=job)


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_from_outside_while_the_import_is_one_transaction(queued, stopping):
    seen, read, may_go_on = {}, threading.Event(), threading.Event()

    def pause(job):
        imports.report_progress(job.pk, 123)
        read.set()
        assert may_go_on.wait(20)
        return {"rows": 1}

    stopping(pause)
    job = confirmed(uploaded())
    worker = threading.Thread(target=lambda: (imports.run_job(job_id=job.pk, clock=now), connection.close()))
    worker.start()
    assert read.wait(20)
    job.refresh_from_db()
    seen = (job.state, imports.progress_of(job.pk), Product.objects.filter(code="half").exists())
    # A long import is alive as long as its transaction is.
    settled = imports.settle_if_abandoned(job=job, at=now() + timedelta(hours=5))
    may_go_on.set()
    worker.join()
    job.refresh_from_db()

    assert seen == (ImportJob.State.RUNNING, 123, False)
    assert settled is False
    assert job.state == ImportJob.State.DONE
    assert Product.objects.filter(code="half").exists()


@pytest.mark.django_db
def test_a_job_whose_worker_was_killed_is_failed_in_words_by_the_sweep(queued):
    job = confirmed(uploaded())
    ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.RUNNING, started_at=now())

    imports.sweep_jobs(at=now())
    job.refresh_from_db()
    assert job.state == ImportJob.State.RUNNING  # it may only just be taking its lock
    imports.sweep_jobs(at=now() + timedelta(minutes=1))
    job.refresh_from_db()

    assert (job.state, job.error) == (ImportJob.State.FAILED, INTERRUPTED)


@pytest.mark.django_db
def test_a_job_whose_message_was_lost_is_queued_again(queued):
    job = confirmed(uploaded())

    imports.sweep_jobs(at=now() + timedelta(minutes=1))
    imports.sweep_jobs(at=now() + timedelta(minutes=6))
    imports.sweep_jobs(at=now() + timedelta(minutes=7))

    assert queued == [job.pk, job.pk]


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_message_run_the_job_once(queued):
    job = confirmed(uploaded())

    race(*[partial(imports.run_job, job_id=job.pk, clock=now) for _ in range(2)])

    job.refresh_from_db()
    assert (job.state, job.report["created"]) == (ImportJob.State.DONE, 2)


@pytest.mark.django_db
def test_jobs_are_seen_by_their_owner_their_store_their_region_and_headquarters():
    manager = ManagerFactory()
    guide = GuideFactory(store=manager.store)
    lead = RegionLeadFactory(region=manager.store.region)
    job = uploaded("门店编码,小票号\nS1,R1\n", by=manager, kind="purchases", store=manager.store)
    people = [
        manager,
        ManagerFactory(store=manager.store),
        lead,
        StaffFactory(),
        ManagerFactory(),
        RegionLeadFactory(),
        guide,
    ]

    assert [jobs_for(person).filter(pk=job.pk).exists() for person in people] == [True] * 4 + [False] * 3
    assert list(writable_stores(job)) == [manager.store]


@pytest.mark.django_db
def test_a_manager_imports_purchases_for_her_store_only(queued, tmp_path):
    manager = ManagerFactory(store=StoreFactory(code="S1"))
    StoreFactory(code="S2")
    ProductFactory(code="10001")
    mine = sales_file(tmp_path / "a.csv", store="S1", product="10001", rows=3).read_text()
    theirs = sales_file(tmp_path / "b.csv", store="S2", product="10001", rows=2).read_text().split("\n", 1)[1]

    job = run(confirmed(uploaded(mine + theirs, by=manager, kind="purchases", store=manager.store)))

    assert (job.state, job.report["accepted"], job.report["rejected"]) == (ImportJob.State.DONE, 3, 2)
    assert set(Purchase.objects.values_list("store", flat=True)) == {manager.store_id}
    assert Path(job.rejected_file.path).exists()


@pytest.mark.django_db
def test_an_order_of_the_command_line_that_is_dry_keeps_nothing(tmp_path):
    (tmp_path / "商品.csv").write_text(PRODUCTS, "utf-8")

    job = imports.import_file(kind="products", path=tmp_path / "商品.csv", clock=now, order=imports.Order(dry_run=True))

    assert job.report["created"] == 2
    assert (Product.objects.count(), ImportJob.objects.count(), Store.objects.count()) == (0, 0, 0)


@pytest.mark.django_db
def test_taking_away_rejected_rows_is_on_record(queued):
    manager = ManagerFactory()
    job = uploaded(by=manager, store=manager.store)

    imports.note_download(job=job, by=manager, at=now(), address="10.0.0.1")

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.store, entry.target) == (
        manager, "import.rejected_rows", manager.store, f"import:{job.pk}"
    )  # fmt: skip
