"""One question, one number: the registry, a page, the API and an export asked the same say the same."""

import io
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone
from openpyxl import load_workbook
from rest_framework.test import APIClient

from metrics.models import StoreTally
from metrics.registry import Unit, metric
from metrics.services.exporting import run_export
from stores.services.tokens import create_token
from tests.factories import StaffFactory, StoreFactory

DAYS = (date(2026, 3, 8), date(2026, 3, 9))
NOON = "2026-03-10T04:00:00Z"
# By hand, from the counts below: sums of both days, divided once.
WANTED = {
    "net_sales": Decimal("180.30"),
    "orders": Decimal(9),
    "aov": Decimal("20.03"),
    "on_time_rate": Decimal("75.0"),
}
SCALE = {Unit.MONEY: Decimal("0.01"), Unit.SHARE: Decimal(100)}


@pytest.fixture
def store(db):
    made = StoreFactory(code="A1")
    for day, paid, refunded, orders, expected, on_time in (
        (DAYS[0], 10_000, 500, 4, 4, 4),
        (DAYS[1], 8_530, 0, 5, 8, 5),
    ):
        StoreTally.objects.create(
            store=made, day=day, paid_fen=paid, refunded_fen=refunded, orders=orders, expected=expected, on_time=on_time
        )
    return made


def rounded(code, value):
    """In the unit a person reads, as exactly as it is shown."""
    one = metric(code)
    return (Decimal(str(value)) * SCALE.get(one.unit, Decimal(1))).quantize(WANTED[code])


def by_the_registry():
    sums = {"paid_fen": 18_530, "refunded_fen": 500, "orders": 9, "expected": 12, "on_time": 9}
    return {code: rounded(code, metric(code).value(sums)) for code in WANTED}


def on_the_page(client, query):
    table = client.get(f"/metrics/stores/?{query}").context["table"]
    ((_, cells),) = table.lines()
    return {cell.metric.code: Decimal(cell.text.replace(",", "").strip("¥%")) for cell in cells}


def over_the_api(client):
    asked = {"metrics": ",".join(WANTED), "since": DAYS[0], "until": DAYS[1], "by": "store"}
    (row,) = client.get("/api/v1/metrics/readings/", asked).json()["results"]
    return {one["metric"]: rounded(one["metric"], one["value"]) for one in row["readings"]}


def in_the_export(client, query):
    made = client.post(
        "/api/v1/exports/", {"table": "ranking", "query": query, "form": "xlsx"}, format="json",
        headers={"Idempotency-Key": "k"},
    ).json()  # fmt: skip
    run_export(job_id=made["id"], clock=timezone.now)
    file = client.get(f"/api/v1/exports/{made['id']}/file/")
    head, line = load_workbook(io.BytesIO(b"".join(file.streaming_content))).worksheets[0].iter_rows(values_only=True)
    told = dict(zip(head, line, strict=True))
    return {
        code: Decimal(str(told[f"{metric(code).name}（{metric(code).unit.value}）"])).quantize(WANTED[code])
        for code in WANTED
    }


@time_machine.travel(NOON, tick=False)
def test_registry_page_api_and_export_give_the_same_number(client, store, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    hq, now = StaffFactory(), timezone.now()
    client.force_login(hq, backend="django.contrib.auth.backends.ModelBackend")
    _, secret = create_token(
        staff=hq, name="测试", scopes=["metrics:read", "exports:read", "exports:write"], at=now,
        expires_at=now.replace(year=2027),
    )  # fmt: skip
    outside = APIClient(headers={"Authorization": f"Bearer {secret}"})
    query = f"{'&'.join(f'm={code}' for code in WANTED)}&period=own&first={DAYS[0]}&last={DAYS[1]}"

    told = [by_the_registry(), on_the_page(client, query), over_the_api(outside), in_the_export(outside, query)]

    assert told == [WANTED] * 4
