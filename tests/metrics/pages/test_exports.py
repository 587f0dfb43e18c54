"""What is taken away is what is shown: same rows, same figures, for whoever asked and nobody else, for a time."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from metrics.models import ExportJob, GroupTally
from metrics.services import exporting
from stores.models import AuditEntry
from tests.factories import CustomerGroupFactory, StaffFactory, StoreFactory
from tests.metrics.pages.tallying import NOW, YESTERDAY, tally

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_morning", "_media")]


@pytest.fixture
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def chain():
    """Two stores with figures, one of whose names is a formula; a third without any."""
    kept = [StoreFactory(name=name) for name in ("=HYPERLINK(1)", "滨江店", "新店")]
    tally(kept[0], YESTERDAY, paid_fen=1_234_567, orders=20, expected=3, on_time=2)
    tally(kept[1], YESTERDAY, paid_fen=1_050, orders=1, refunded_fen=2_000, expected=40, on_time=39)
    return kept


def as_written(cell) -> str:
    """What a person sees in a cell of a workbook, in the way of the page."""
    if not isinstance(cell.value, int | float):
        return str(cell.value or "")
    decimals = len(cell.number_format.partition(".")[2])
    return f"{cell.value:,.{decimals}f}"


def on_the_page(response) -> list[list[str]]:
    bare = str.maketrans("", "", "¥%")
    return [
        [*row.words, *(cell.text.translate(bare) for cell in cells)] for row, cells in response.context["table"].lines()
    ]


def test_the_workbook_equals_the_page(hq, chain):
    query = "?m=net_sales&m=orders&m=aov&m=on_time_rate&period=yesterday"
    page = hq.get(f"/metrics/stores/{query}")

    book = load_workbook(io.BytesIO(hq.get(f"/metrics/export/ranking.xlsx{query}").getvalue()))

    header, *lines = book["门店排行"].iter_rows()
    assert [cell.value for cell in header][-5:] == [
        "净销售额（元）", "订单数（单）", "客单价（元）", "准时率（%）", "样本少的指标",
    ]  # fmt: skip
    shown = on_the_page(page)
    assert shown[0][5:] == ["12,345.67", "20", "617.28", "66.7"]
    assert shown[1][5:] == ["-9.50", "1", "-9.50", "97.5"]
    assert [[as_written(cell).removeprefix("'") for cell in line[:-1]] for line in lines] == shown
    assert [line[-1].value or "" for line in lines] == ["客单价、准时率", "客单价", ""]
    assert lines[0][0].value == "'=HYPERLINK(1)"  # no spreadsheet takes it for a formula
    meanings = {line[0].value: line[3].value for line in book["指标说明"].iter_rows()}
    assert meanings["准时率"] == "到点应发的群发里，准时发出的"
    assert meanings["时间"] == "2026-03-09"


def test_the_csv_says_the_same_and_leaves_a_trail(hq, chain):
    response = hq.get("/metrics/export/ranking.csv?m=net_sales&period=yesterday")

    lines = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [line[5] for line in lines] == ["净销售额（元）", "12345.67", "-9.50", "—"]
    entry = AuditEntry.objects.get(action="metrics.exported")
    assert entry.detail == {
        "table": "ranking", "form": "csv", "rows": 3, "filter": "m=net_sales&period=yesterday",
    }  # fmt: skip


@pytest.mark.parametrize("table", ["regions", "tiers", "days", "periods", "stores"])
def test_every_table_of_the_chain_can_be_taken_away(hq, chain, table):
    store = "&".join(f"store={one.pk}" for one in chain)

    for form in ("xlsx", "csv"):
        assert hq.get(f"/metrics/export/{table}.{form}?{store}").status_code == 200
    assert hq.get(f"/metrics/export/{table}.pdf").status_code == 404


@pytest.mark.parametrize("part", ["days", "groups", "campaigns", "codes", "staff"])
def test_every_part_of_a_store_can_be_taken_away(hq, chain, part):
    assert hq.get(f"/metrics/export/store-{part}/{chain[0].pk}.xlsx").status_code == 200


def test_a_part_of_a_store_is_taken_away_over_the_days_it_is_shown_for(hq):
    group = CustomerGroupFactory(store=StoreFactory())
    for back in (3, 20):  # in the week the page shows unasked, and before it
        GroupTally.objects.create(group=group, day=NOW.date() - timedelta(days=back), joins=5)
    page = hq.get(f"/metrics/stores/{group.store_id}/groups/")

    book = load_workbook(io.BytesIO(hq.get(f"/metrics/export/store-groups/{group.store_id}.xlsx").getvalue()))

    ((_, cells),) = page.context["table"].lines()
    _, line = book["社群"].iter_rows(values_only=True)
    assert (cells[1].text, line[3]) == ("5", 5)


def asked(by, **fields) -> ExportJob:
    wanted = {
        "table": "ranking",
        "subject": None,
        "query": "period=yesterday",
        "form": "xlsx",
        "filename": "门店排行.xlsx",
    }
    return exporting.ask_export(by=by, rows=3, at=NOW, **wanted | fields)


def test_a_large_table_is_written_in_the_background_for_its_owner_until_it_expires(hq, chain, monkeypatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    assert hq.get("/metrics/export/ranking.xlsx?period=yesterday").headers["Location"] == "/metrics/exports/"
    job = ExportJob.objects.get()
    assert "排队中" in hq.get(f"/metrics/exports/{job.pk}/").content.decode()

    exporting.run_export(job_id=job.pk, clock=timezone.now)
    exporting.run_export(job_id=job.pk, clock=timezone.now)  # the message came twice

    job.refresh_from_db()
    assert (job.state, job.rows_done, job.attempts) == ("done", 3, 1)
    file = hq.get(f"/metrics/exports/{job.pk}/file/")
    assert load_workbook(io.BytesIO(file.getvalue()))["门店排行"].max_row == 4
    hq.force_login(StaffFactory())
    assert [hq.get(f"/metrics/exports/{job.pk}/{end}").status_code for end in ("", "file/")] == [404, 404]
    exporting.sweep_exports(at=NOW + exporting.KEPT)
    job.refresh_from_db()
    assert (job.state, bool(job.file)) == ("expired", False)


def test_an_export_whose_worker_died_is_begun_anew_and_given_up_after_three_times(chain):
    job = asked(StaffFactory())
    silent = NOW - timedelta(minutes=3)
    ExportJob.objects.filter(pk=job.pk).update(state="running", attempts=2, alive_at=silent)
    exporting.sweep_exports(at=NOW)
    job.refresh_from_db()
    assert job.state == "queued"

    ExportJob.objects.filter(pk=job.pk).update(state="running", attempts=3, alive_at=silent)
    exporting.sweep_exports(at=NOW)
    job.refresh_from_db()

    assert job.state == "failed"
    assert "请稍后重试" in job.error


def test_the_same_export_is_queued_once_and_a_person_has_three_at_most():
    person = StaffFactory()
    assert asked(person) == asked(person)
    asked(person, form="csv")
    asked(person, query="period=7")

    with pytest.raises(exporting.TooManyExports, match="3 个导出"):
        asked(person, query="period=30")


def test_somebody_who_has_left_gets_nothing_any_more(chain):
    person = StaffFactory()
    job = asked(person)
    person.is_active = False
    person.save()

    exporting.run_export(job_id=job.pk, clock=timezone.now)

    job.refresh_from_db()
    assert (job.state, bool(job.file)) == ("failed", False)
