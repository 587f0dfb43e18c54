"""Real purchases: every row imports, and the totals are the file's own."""

import csv
import gzip
import os
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from members.selectors import purchase_totals
from tests.members.sales import run_import, write_sales

DATA = Path(os.environ.get("FRUIT_DATA") or Path(__file__).parents[2] / "../shared/data/fruit")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason=f"no real purchases at {DATA} (set FRUIT_DATA)"),
]


def _rows(name):
    with gzip.open(DATA / name, "rt", encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def _fen(text):
    return int((Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def test_all_lines_of_a_supermarket_year_import_and_add_up():
    paid, by_store, by_card, by_product, quantity, rows = 0, Counter(), Counter(), Counter(), Decimal(0), 0
    for line in _rows("cj/lines_all.csv.gz"):
        fen = _fen(line["sales_value"])
        rows += 1
        paid += fen
        quantity += Decimal(line["quantity"])
        by_store[line["store_id"]] += fen
        by_card[line["household_id"]] += fen
        by_product[line["product_id"]] += fen

    report = run_import(DATA / "cj/lines_all.csv.gz").report

    assert (report.rows, report.accepted, report.duplicates, report.rejected) == (rows, rows, 0, 0)
    assert (report.paid_fen, report.quantity) == (paid, int(quantity * 10_000))
    assert purchase_totals.overall_totals()["net_fen"] == paid
    assert {row["store"]: row["net_fen"] for row in purchase_totals.store_totals()} == by_store
    assert {row["card"]: row["net_fen"] for row in purchase_totals.card_totals(reveal=True)} == by_card
    assert {row["product"]: row["net_fen"] for row in purchase_totals.product_totals()} == by_product


def test_all_baskets_of_a_cooperative_import_from_a_chinese_header(tmp_path):
    lines = list(_rows("coop/orders.csv.gz"))
    header = ["小票流水号", "会员卡号", "销售日期", "货号", "品名", "销售数量", "实收"]
    rows = [
        [line["order_id"], line["household_id"], line["date"].replace("-", "/"), line["product_id"], line["variety"],
         "1份", "￥1.00"]
        for line in lines
    ]  # fmt: skip
    path = write_sales(tmp_path, [["COOP", *row] for row in rows], header=["店铺编号", *header])

    report = run_import(path).report

    assert (report.accepted, report.rejected) == (len(lines), 0)
    assert (report.quantity, report.paid_fen) == (len(lines) * 10_000, len(lines) * 100)
    totals = purchase_totals.overall_totals()
    assert (totals["receipts"], totals["members"]) == (
        len({line["order_id"] for line in lines}), len({line["household_id"] for line in lines}),
    )  # fmt: skip
