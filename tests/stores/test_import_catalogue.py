import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from stores.models import ImportJob, Product, Region, Store
from tests.factories import ProductFactory, RegionFactory, StoreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def run(tmp_path):
    """Run a command on a text and return its report."""

    def run_(command: str, text: str, *flags: str) -> dict:
        (tmp_path / "表.csv").write_text(text, "utf-8")
        report = tmp_path / "r.json"
        call_command(command, str(tmp_path / "表.csv"), "--report", str(report), *flags, verbosity=0, stdout=None)
        return json.loads(report.read_text())

    return run_


def test_products_are_created_changed_and_left_alone_by_code(run):
    ProductFactory(code="001", name="苹果", category="苹果")
    ProductFactory(code="002", name="香蕉", unit="jin")
    text = "商品名称,编码,单位,状态\n红富士,001,按斤,在用\n香蕉,002,,\n榴莲,003,按个,停用\n榴莲,003,按个,停用\n"

    report = run("import_products", text)

    assert report == {
        "rows": 4, "accepted": 3, "created": 1, "updated": 1, "unchanged": 1, "duplicates": 1, "rejected": 0,
        "reasons": {},
    }  # fmt: skip
    assert list(Product.objects.order_by("code").values_list("code", "name", "category", "unit", "is_active")) == [
        ("001", "红富士", "苹果", "jin", True), ("002", "香蕉", "", "jin", True), ("003", "榴莲", "", "piece", False),
    ]  # fmt: skip


def test_products_that_make_no_sense_are_rejected_with_their_reason_and_the_others_come_in(run, tmp_path):
    text = "编码,名称,单位\n,苹果,斤\n2,,斤\n3,梨,光年\n4,桃,斤\n4,李,斤\n5," + "长" * 200 + ",斤\n"

    report = run("import_products", text, "--rejected", str(tmp_path / "r.xlsx"))

    assert (report["rows"], report["accepted"], report["rejected"]) == (6, 1, 5)
    assert report["reasons"] == {
        "编码没有填": 1, "商品名称没有填": 1, "单位看不懂": 1, "编码 4 在文件里出现了不止一次，内容不同": 1,
        "商品名称超过 128 个字": 1,
    }  # fmt: skip
    assert [row[0].value for row in load_workbook(tmp_path / "r.xlsx").active.iter_rows(min_row=2)] == [2, 3, 4, 6, 7]
    assert Product.objects.get().name == "桃"


def test_a_dry_run_reports_and_writes_nothing(run):
    assert run("import_products", "编码,名称\n1,苹果\n", "--dry-run")["created"] == 1
    assert (Product.objects.count(), ImportJob.objects.count()) == (0, 0)


def test_a_file_without_the_needed_columns_is_refused_in_words(run):
    with pytest.raises(CommandError, match=r"「表.csv」第 1 行：缺少「商品编码」列[\s\S]*没有写入任何数据"):
        run("import_products", "名称,品类\n苹果,水果\n")


def test_stores_are_created_and_changed_with_region_place_and_stage(run):
    hangzhou = RegionFactory(code="HZ", name="杭州")
    StoreFactory(code="S1", name="老店", region=hangzhou, city="杭州")
    text = (
        "门店编码,门店名称,区域,城市,城市等级,纬度,经度,阶段,开业日期,停业日期\n"
        "S1,新名,,,,,,停业,,2026/9/1\nS2,二店,HZ,杭州,新一线,30.25,120.16,营业中,2026年1月5日,\nS3,三店,,,,,,,,\n"
    )

    report = run("import_stores", text)

    assert (report["created"], report["updated"], report["rejected"]) == (2, 1, 0)
    first, second, third = Store.objects.select_related("region").order_by("code")
    assert (first.name, first.region, first.stage) == ("新名", hangzhou, "suspended")
    assert first.suspended_on == date(2026, 9, 1)
    assert (second.region, second.city_tier, second.latitude, second.opened_on) == (
        hangzhou, Store.CityTier.NEW_TIER1, Decimal("30.250000"), date(2026, 1, 5),
    )  # fmt: skip
    assert (third.region.name, third.stage) == ("未分区", "running")


def test_stores_that_the_table_would_refuse_are_rejected_in_words(run):
    text = (
        "门店编码,门店名称,区域,阶段,纬度,经度,装修开始,开业日期\n"
        "S1,一店,火星,,,,,\nS2,二店,,停业,,,,\nS3,三店,,,91,120,,\nS4,四店,,,30,,,\nS5,五店,,,,,2026-05-01,2026-04-01\n"
    )

    report = run("import_stores", text)

    assert report["reasons"] == {
        "没有这个区域": 1, "停业的门店要填停业日期": 1, "纬度超出范围": 1, "经度和纬度要么都填，要么都不填": 1,
        "开业日期早于装修开始": 1,
    }  # fmt: skip
    assert not Store.objects.exists()


def test_regions_are_created_on_request_and_only_when_the_rest_holds(run):
    report = run("import_stores", "门店编码,门店名称,区域\nS1,一店,华东\nS2,二店,华东\n", "--create-regions")

    assert report["created"] == 2
    assert list(Region.objects.values_list("name", "path")) == [("华东", "华东/")]
