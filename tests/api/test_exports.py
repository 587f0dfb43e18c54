"""Exports over the API: what the page would give, for whoever asked, and nobody else."""

import io

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from metrics.models import ExportJob
from metrics.services.exporting import run_export
from stores.models import AuditEntry
from tests.api.world import TALLIED, furnish
from tests.factories import GuideFactory, StaffFactory

pytestmark = pytest.mark.django_db
QUERY = f"period=own&first={TALLIED}&last={TALLIED}"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def ask(client, key="k", **body):
    said = {"table": "ranking", "query": QUERY, "form": "xlsx"} | body
    return client.post("/api/v1/exports/", said, format="json", headers={"Idempotency-Key": key})


def test_an_export_is_asked_for_watched_and_taken_by_its_owner_alone(api):
    furnish("A1", number=1)
    client = api(StaffFactory())

    made = ask(client)
    early = client.get(f"/api/v1/exports/{made.json()['id']}/file/")
    run_export(job_id=made.json()["id"], clock=timezone.now)
    done = client.get(f"/api/v1/exports/{made.json()['id']}/").json()
    file = client.get(f"/api/v1/exports/{made.json()['id']}/file/")
    others = [api(StaffFactory()).get(f"/api/v1/exports/{made.json()['id']}/{part}") for part in ("", "file/")]

    assert (made.status_code, made.json()["state"], done["state"], done["rows_done"]) == (201, "queued", "done", 1)
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    sheet = load_workbook(io.BytesIO(b"".join(file.streaming_content))).worksheets[0]
    assert any("A1的店" in str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert [answer.status_code for answer in others] == [404, 404]
    assert ask(client).json()["id"] == ask(client, form="xlsx").json()["id"] == made.json()["id"]
    assert [row["id"] for row in client.get("/api/v1/exports/").json()["results"]] == [made.json()["id"]]
    trail = AuditEntry.objects.filter(action__startswith="metrics.").order_by("pk")
    assert list(trail.values_list("action", flat=True)) == ["metrics.exported", "metrics.export_taken"]


def test_what_cannot_be_exported_is_refused_in_words(api):
    shop = furnish("A1", number=1)

    answers = [
        ask(api(StaffFactory()), table="nothing"),
        ask(api(shop.manager), table="ranking"),
        ask(api(GuideFactory(store=shop.store))),
        ask(api(StaffFactory()), form="pdf"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 403, 400]
    assert not ExportJob.objects.exclude(pk=shop.export.pk).exists()
