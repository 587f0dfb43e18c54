"""Tastes from spreadsheets: a column or a line per axis, and every row that cannot be is refused in words."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from stores.services.imports import import_file
from tagging.models import TasteReading
from tagging.selectors.tastes import tastes_of
from tests.factories import ProductFactory
from tests.tagging.tasting import moment

pytestmark = pytest.mark.django_db
AT = moment("2026-11-20")


@pytest.fixture
def fuji(db):
    return ProductFactory(code="01001", name="山东红富士苹果", category="苹果", variety="红富士")


def brought_in(tmp_path, text, *, at=AT):
    path = tmp_path / "口味.csv"
    path.write_text(text, encoding="utf-8")
    return import_file(kind="flavours", path=path, clock=lambda: at).report


def values(product, on=date(2026, 11, 22)):
    return {taste.axis.key: (taste.value, taste.source) for taste in tastes_of([product], on=on)[product.pk]}


def test_a_column_for_each_axis_is_read_by_its_chinese_name(fuji, tmp_path):
    report = brought_in(tmp_path, "商品编码,甜,脆,来源\n01001,7.5,8,实测\n")

    assert report["accepted"] == 1
    assert report["readings"] == 2
    assert values(fuji)["sweet"] == (7.5, "measured")


def test_a_line_for_each_axis_is_read_too(fuji, tmp_path):
    assert brought_in(tmp_path, "商品编码,口味,分值\n01001,甜,7\n01001,crisp,8\n")["readings"] == 2


def test_a_table_of_measured_facts_is_read_by_variety_and_keeps_measurement_and_judgement_apart(fuji, tmp_path):
    report = brought_in(
        tmp_path,
        "flavour_id,name_zh,name_en,category,brix_pct,sweet,sour,crisp,juicy,aroma,soft,sweet_basis,sour_basis,"
        "juicy_basis,crisp_basis,aroma_basis,soft_basis\n"
        "apple_fuji,苹果-红富士,Apple Fuji,pome,11.5,6.3,3.1,8.5,8.7,5.0,1.0,variety,species+expert,variety,expert,"
        "expert,expert\n"
        "durian,榴莲-干尧,Durian,tropical,30,9,0,0,2,10,10,,,,,,\n",
    )

    assert (report["accepted"], report["readings"], report["rejected"]) == (1, 6, 1)
    assert report["reasons"] == {"没有这个商品": 1}
    assert values(fuji)["sweet"] == (6.3, "measured")
    assert values(fuji)["sour"] == (3.1, "expert")
    assert values(fuji)["ease"] == (None, "")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("01001,甜,11", "「甜」要在 0 到 10 之间，不能是 11"),
        ("01001,甜,-1", "「甜」要在 0 到 10 之间，不能是 -1"),
        ("01001,甜,很甜", "「甜」不是数字"),
        ("01001,甜,NaN", "「甜」要在 0 到 10 之间，不能是 NaN"),
        ("01001,辣,3", "没有这个口味"),
        ("01001,甜,", "「甜」没有填分值"),
        ("99999,甜,3", "没有这个商品编码"),
    ],
)
def test_a_row_that_cannot_be_is_refused_in_words_and_the_others_come_in(fuji, tmp_path, row, reason):
    report = brought_in(tmp_path, f"商品编码,口味,分值\n{row}\n01001,脆,8\n")

    assert report["reasons"] == {reason: 1}
    assert report["readings"] == 1


def test_two_values_for_one_thing_are_refused(fuji, tmp_path):
    report = brought_in(tmp_path, "商品编码,甜\n01001,7\n01001,3\n")

    assert report["reasons"] == {"同一商品的「甜」在文件里有两个不同的分值": 1}


def test_a_file_without_any_axis_is_refused_as_a_whole(fuji, tmp_path):
    path = tmp_path / "口味.csv"
    path.write_text("商品编码,商品名称\n01001,苹果\n", encoding="utf-8")

    with pytest.raises(CommandError, match="没有口味列"):
        call_command("import_flavours", path)


def test_this_weeks_batch_stands_before_the_variety_while_it_is_on_sale(fuji, tmp_path):
    brought_in(tmp_path, "商品编码,甜\n01001,7\n")
    brought_in(tmp_path, "商品编码,甜,批次,批次起,批次止\n01001,9,W47,2026-11-16,2026-11-22\n", at=moment("2026-11-21"))

    assert values(fuji, date(2026, 11, 22))["sweet"][0] == 9
    assert values(fuji, date(2026, 11, 23))["sweet"][0] == 7


def test_a_batch_must_say_when_it_holds(fuji, tmp_path):
    report = brought_in(tmp_path, "商品编码,甜,批次,批次起,批次止\n01001,9,W47,2026-11-22,2026-11-16\n01001,9,W48,,\n")

    assert report["reasons"] == {"批次「W47」的结束日早于开始日": 1, "批次「W48」要有开始和结束日期": 1}


def test_the_same_file_twice_adds_nothing_and_a_correction_leaves_the_old_value_in_the_history(fuji, tmp_path):
    for _ in range(2):
        brought_in(tmp_path, "商品编码,甜\n01001,7\n")
    assert TasteReading.objects.count() == 1

    brought_in(tmp_path, "商品编码,甜\n01001,8\n", at=moment("2026-11-21"))

    assert [float(value) for value in TasteReading.objects.order_by("at").values_list("value", flat=True)] == [7, 8]


def test_what_nobody_tasted_is_estimated_from_its_variety_else_its_category_and_marked(fuji, tmp_path):
    twin = ProductFactory(code="01011", name="甘肃红富士", category="苹果", variety="红富士")
    cousin = ProductFactory(code="01012", name="王林", category="苹果", variety="王林")
    stranger = ProductFactory(code="09001", name="石榴", category="其他")
    gala = ProductFactory(code="01003", name="嘎啦", category="苹果", variety="嘎啦")
    brought_in(tmp_path, f"商品编码,甜\n01001,8\n{gala.code},6\n")

    assert values(twin)["sweet"] == (8.0, "estimate")
    assert values(cousin)["sweet"] == (7.0, "estimate")
    assert values(stranger)["sweet"] == (None, "")
