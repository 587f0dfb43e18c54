# ruff: noqa: DTZ001 -- a spreadsheet knows no time zones
import csv
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from stores.sheets.columns import Field, ambiguous_names, header_key, match_columns, require_columns
from stores.sheets.errors import SheetError
from stores.sheets.writing import safe_text, write_csv, write_rejected, write_xlsx

FIELDS = (
    Field("store", "门店编码", ("门店编码", "店铺编号", "store_id"), required=True),
    Field("paid", "实付金额", ("实付金额", "实收"), required=True),
    Field("price", "单价", ("单价",)),
)


@pytest.mark.parametrize(
    "header",
    [
        ["门店编码", "单价", "实付金额"], ["店铺编号 ", "单价(元)", "实收（元）"],
        ["Store_ID", " 单 价 ", "实付金额(元)"],
        ["ＳＴＯＲＥ＿ＩＤ", "单价：", "实收"],
        ["【门店编码】", "(单价)", "*实付金额*"],
    ],
)  # fmt: skip
def test_columns_are_known_whatever_the_till_calls_them(header):
    assert match_columns(header, FIELDS) == {"store": 0, "price": 1, "paid": 2}


def test_the_better_name_wins_and_no_column_serves_twice():
    assert match_columns(["实收", "实付金额", "门店编码", "门店编码"], FIELDS) == {"paid": 1, "store": 2}
    assert ambiguous_names(["门店编码", "实收", "门店编码"], {"store": 0, "paid": 1}) == ["门店编码"]


def test_a_missing_column_is_named_with_what_there_is_instead():
    with pytest.raises(
        SheetError, match=r"「9月.csv」第 3 行：缺少「门店编码」、「实付金额」列。文件里的列是：单价、备注"
    ):
        require_columns({"price": 0}, FIELDS, header=["单价", "备注"], file="9月.csv", row=3)


def test_a_header_is_remembered_by_its_names_not_its_spaces():
    assert header_key(["门店编码", "实收 "]) == header_key([" 门店 编码", "实收"]) != header_key(["实收", "门店编码"])


@given(st.text(max_size=20))
def test_no_written_text_begins_as_a_formula(text):
    assert not safe_text(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_workbook_is_written_without_formulas_and_in_the_business_clock(tmp_path):
    rows = [
        ["=cmd()", 1, Decimal("1.5"), datetime(2026, 1, 5, 1, 3, tzinfo=UTC)],
        ["+8613800000000\x07", -1, None, None],
    ]

    assert write_xlsx(tmp_path / "a.xlsx", ["=甲", "乙", "丙", "丁"], rows) == 2

    cells = [[cell.value for cell in row] for row in load_workbook(tmp_path / "a.xlsx").active.iter_rows()]
    assert cells == [
        ["'=甲", "乙", "丙", "丁"],
        ["'=cmd()", 1, 1.5, datetime(2026, 1, 5, 9, 3)],
        ["'+8613800000000", -1, None, None],
    ]


def test_a_csv_opens_in_excel_and_holds_no_formula(tmp_path):
    write_csv(tmp_path / "a.csv", ["名称"], [["@SUM(1)"], ["苹果,大"]])

    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [["名称"], ["'@SUM(1)"], ["苹果,大"]]


def test_rejected_rows_say_where_they_stood_and_why(tmp_path):
    write_rejected(tmp_path / "r.xlsx", ["门店编码", ""], [(7, ["S1", "-x"], "数量：没有填")])

    cells = [[cell.value for cell in row] for row in load_workbook(tmp_path / "r.xlsx").active.iter_rows()]
    assert cells == [["原文件行号", "未导入原因", "门店编码", "第 2 列"], [7, "数量：没有填", "S1", "'-x"]]
