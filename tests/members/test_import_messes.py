"""Each mess a store's export brings, one test a mess."""

from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest

from members.identities import decrypt
from members.models import Identity, Member, MemberMerge, Purchase
from members.services.partitions import BUSINESS_ZONE
from stores.models import Product, Region, Store
from stores.sheets.errors import SheetError
from tests.factories import ProductFactory, StoreFactory
from tests.members.sales import HEADER, row, run_import, write_sales

pytestmark = pytest.mark.django_db


def _report(tmp_path, rows, *, header=HEADER, **options):
    return run_import(write_sales(tmp_path, rows, header=header), **options).report.as_json()


def _identities():
    return sorted((i.kind, decrypt(i.value_encrypted)) for i in Identity.objects.all())


def test_report_has_exactly_the_documented_keys(tmp_path):
    report = _report(tmp_path, [row()])

    assert report == {
        "rows": 1, "accepted": 1, "duplicates": 0, "returns": 0, "rejected": 0, "reasons": {}, "quantity": 1,
        "paid_fen": 1000, "members_new": 1, "anonymous": 0, "first_at": "2026-01-05T09:03:00+08:00",
        "last_at": "2026-01-05T09:03:00+08:00",
    }  # fmt: skip


def test_a_line_is_kept_as_the_file_wrote_it(tmp_path):
    _report(tmp_path, [row(数量="1.25kg", 单价="￥1,012.80", 实付金额="1，266.00元")])

    line = Purchase.objects.select_related("store", "product", "member").get()
    assert (line.store.code, line.product.code, line.receipt, line.source) == ("S1", "P1", "R1", "pos")
    assert (line.quantity, line.unit, line.unit_price_fen, line.paid_fen) == (Decimal("1.25"), "kg", 101_280, 126_600)
    assert line.bought_at == datetime(2026, 1, 5, 9, 3, tzinfo=BUSINESS_ZONE)


@pytest.mark.parametrize(
    "nobody",
    [
        "", " ", "非会员", "/", "0", "散客", "-", "无", "138****5678", "138····5678", "138…5678", "1.38E+10", "00000",
        "#N/A",
    ],
)  # fmt: skip
def test_purchase_of_nobody_known_is_kept_without_a_member(tmp_path, nobody):
    report = _report(tmp_path, [row(会员卡号=nobody)])

    assert (report["accepted"], report["anonymous"], report["members_new"]) == (1, 1, 0)
    assert Purchase.objects.get().member is None


@pytest.mark.parametrize(
    "written", ["13800138000", "+86 138 0013 8000", "86-13800138000", "１３８００１３８０００", "13800138000.0"]
)
def test_phone_in_a_mixed_column_is_one_phone_however_written(tmp_path, written):
    header = [name.replace("会员卡号", "会员卡号/手机号") for name in HEADER]

    _report(tmp_path, [row(会员卡号=written)], header=header)

    assert _identities() == [("phone", "13800138000")]


def test_card_is_kept_as_written_and_known_in_either_case(tmp_path):
    report = _report(tmp_path, [row(会员卡号="vip01"), row(会员卡号="VIP01", 小票号="R2")])

    assert (report["members_new"], [value.lower() for _, value in _identities()]) == (1, ["vip01"])
    assert _report(tmp_path, [row(会员卡号="Vip01", 小票号="R3")])["members_new"] == 0


@pytest.mark.parametrize("order", [1, -1])
def test_new_product_gets_the_code_whose_zeros_are_whole_whichever_row_comes_first(tmp_path, order):
    rows = [row(商品编码="00123"), row(商品编码="123", 小票号="R2"), row(商品编码="0123", 小票号="R3")]

    _report(tmp_path, rows[::order])

    assert {line.product.code for line in Purchase.objects.select_related("product")} == {"00123"}


def test_masked_phone_in_a_phone_column_is_no_identity(tmp_path):
    header = [name.replace("会员卡号", "手机号") for name in HEADER]

    report = _report(tmp_path, [row(会员卡号="138****5678"), row(会员卡号="138xxxx5678", 小票号="R2")], header=header)

    assert (report["anonymous"], _identities()) == (2, [])


def test_new_member_joined_at_her_first_purchase_in_that_store(tmp_path):
    header = [*HEADER, "会员姓名"]

    _report(tmp_path, [
        [*row(门店编码="S2", 交易时间="2026-01-09 10:00"), "王芳"],
        [*row(门店编码="S1", 交易时间="2026-01-05 10:00"), "王芳"],
    ], header=header)  # fmt: skip

    member = Member.objects.get()
    assert (member.name, member.home_store.code) == ("王芳", "S1")
    assert member.joined_at == datetime(2026, 1, 5, 10, tzinfo=BUSINESS_ZONE)


def test_phone_beside_a_card_joins_both_to_one_member(tmp_path):
    header = [*HEADER, "手机号"]

    report = _report(tmp_path, [
        [*row(小票号="1", 会员卡号="C1"), ""],
        [*row(小票号="2", 会员卡号=""), "13800138000"],
        [*row(小票号="3", 会员卡号="C1"), "138 0013 8000"],
        [*row(小票号="4", 会员卡号="C2"), "+8613800138000"],
    ], header=header)  # fmt: skip

    assert report["members_new"] == 1
    assert _identities() == [("card", "C1"), ("card", "C2"), ("phone", "13800138000")]
    assert Purchase.objects.filter(member=Member.objects.get()).count() == 4


def test_phone_beside_a_card_merges_two_members_known_before_and_says_why(tmp_path):
    _report(tmp_path, [row(小票号="1", 会员卡号="C1"), row(小票号="2", 会员卡号="13800138000")])
    assert Member.objects.filter(merged_into=None).count() == 2

    report = _report(tmp_path, [[*row(小票号="3"), "13800138000"]], header=[*HEADER, "手机号"])

    survivor = Member.objects.get(merged_into=None)
    assert (report["members_new"], survivor.purchases.count(), survivor.identities.count()) == (0, 3, 2)
    assert MemberMerge.objects.get().reason == "销售流水里手机号与会员卡号在同一行"


def test_phone_beside_more_than_five_cards_is_the_shops_own_and_joins_nobody(tmp_path):
    header = [*HEADER, "手机号"]
    rows = [[*row(小票号=str(n), 会员卡号=f"C{n}"), "13800138000"] for n in range(6)]

    outcome = run_import(write_sales(tmp_path, rows, header=header))

    assert (outcome.report.members_new, _identities()) == (6, [("card", f"C{n}") for n in range(6)])
    assert outcome.warnings == ["有 1 个手机号各配了 5 张以上会员卡，像是店里自己的号码，没有用来合并会员"]


def test_shops_own_phone_is_told_by_the_cards_of_earlier_files_too(tmp_path):
    header = [*HEADER, "手机号"]
    for n in range(8):
        run_import(write_sales(tmp_path, [[*row(小票号=str(n), 会员卡号=f"C{n}"), "13800138000"]], header=header))

    assert Member.objects.filter(merged_into=None).count() == 4  # five cards joined, then three of their own


@pytest.mark.parametrize("quantity", ["1", "-1"])
def test_negative_paid_amount_is_a_return_whatever_the_sign_of_its_quantity(tmp_path, quantity):
    report = _report(tmp_path, [row(), row(小票号="R2", 数量=quantity, 实付金额="-10.00")])

    assert (report["returns"], report["quantity"], report["paid_fen"]) == (1, 0, 0)
    assert Purchase.objects.get(paid_fen=-1000).quantity == -1


def test_kind_column_that_says_return_makes_one(tmp_path):
    report = _report(tmp_path, [[*row(), "退货"], [*row(小票号="R2", 数量="-2"), "退款"], [*row(小票号="R3"), "销售"]],
                     header=[*HEADER, "交易类型"])  # fmt: skip

    assert (report["returns"], report["quantity"], report["paid_fen"]) == (2, -2, -1000)


def test_negative_quantity_with_nothing_paid_is_a_return_and_with_money_paid_a_contradiction(tmp_path):
    report = _report(tmp_path, [row(数量="-1", 实付金额="0"), row(数量="-1", 实付金额="5")])

    assert (report["accepted"], report["returns"], report["quantity"]) == (1, 1, -1)
    assert report["reasons"] == {"数量为负而实付为正，互相矛盾": 1}


def test_missing_amount_is_computed_and_missing_quantity_is_one(tmp_path):
    report = _report(tmp_path, [row(数量="0.333kg", 单价="9.95", 实付金额=""), row(小票号="R2", 数量="")])

    assert (report["accepted"], report["paid_fen"], report["quantity"]) == (2, 331 + 1000, 1.333)


def test_nothing_paid_and_no_quantity_are_accepted(tmp_path):
    report = _report(tmp_path, [row(数量="0", 单价="", 实付金额="0")])

    assert (report["accepted"], report["quantity"], report["paid_fen"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"交易时间": "2026-02-30 10:00"}, "交易时间：没有这一天"),
        ({"交易时间": ""}, "交易时间：没有填"),
        ({"交易时间": "2026-02-03 12:01"}, "交易时间：在将来"),
        ({"实付金额": "#VALUE!"}, "实付金额：是表格的错误值 #VALUE!"),
        ({"会员卡号": "#VALUE!"}, "会员卡号：是表格的错误值"),
        ({"数量": "#VALUE!"}, "数量：是表格的错误值 #VALUE!"),
        ({"门店编码": ""}, "门店：没有填"),
        ({"商品编码": ""}, "商品：没有填"),
        ({"单价": "", "实付金额": ""}, "实付金额：没有填，也不能由单价和数量算出"),
        ({"小票号": "9" * 49}, "小票号：超过 48 个字"),
        ({"会员卡号": "9" * 65}, "会员卡号：会员卡号超过 64 个字"),
    ],
)
def test_broken_row_is_rejected_with_its_reason_and_stops_no_other(tmp_path, broken, reason):
    report = _report(tmp_path, [row(), row(**{"小票号": "R2"} | broken), row(小票号="R3")])

    assert (report["rows"], report["accepted"], report["rejected"], report["reasons"]) == (3, 2, 1, {reason: 1})


def test_rejected_and_repeated_rows_are_written_down_as_they_stood(tmp_path):
    path = tmp_path / "left.xlsx"

    run_import(write_sales(tmp_path, [row(), row(交易时间="昨天"), row()]), left_out_to=path)

    rows = [[cell.value for cell in line] for line in openpyxl.load_workbook(path).active.iter_rows()]
    assert [line[:4] for line in rows] == [
        ["原文件行号", "未导入原因", "门店编码", "小票号"],
        [3, "交易时间：看不懂这个日期：昨天（要写成 2026-01-05 09:03）", "S1", "R1"],
        [4, "重复：与第 2 行重复", "S1", "R1"],
    ]


def test_unknown_store_and_product_are_reported_unless_they_may_be_created(tmp_path):
    StoreFactory(code="S1")
    rows = [row(), row(门店编码="S9", 小票号="R2")]

    report = _report(tmp_path, rows, create_products=False, create_stores=False)
    assert (report["accepted"], report["reasons"]) == (0, {"商品：没有这个商品": 2})
    report = _report(tmp_path, rows, create_stores=False)
    assert (report["accepted"], report["reasons"]) == (1, {"门店：没有这个门店": 1})
    report = _report(tmp_path, rows)
    assert (report["accepted"], report["duplicates"]) == (1, 1)
    assert Store.objects.get(code="S9").region == Region.objects.get(name="未分区")


def test_created_product_has_its_name_and_is_sold_by_weight_where_the_quantity_was_weighed(tmp_path):
    _report(tmp_path, [[*row(数量="1.2kg"), "红富士苹果", "苹果"]], header=[*HEADER, "商品名称", "品类"])

    product = Product.objects.get()
    assert (product.code, product.name, product.category, product.unit) == ("P1", "红富士苹果", "苹果", "jin")


def test_product_code_whose_leading_zeros_a_spreadsheet_ate_is_found(tmp_path):
    product = ProductFactory(code="000123")

    _report(tmp_path, [row(商品编码="123"), row(商品编码='="000123"', 小票号="R2")], create_products=False)

    assert list(Purchase.objects.values_list("product", flat=True)) == [product.pk] * 2


def test_code_that_fits_two_products_without_zeros_is_reported_not_guessed(tmp_path):
    ProductFactory(code="0123")
    ProductFactory(code="00123")

    report = _report(tmp_path, [row(商品编码="123")], create_products=False)

    assert report["reasons"] == {"商品：没有这个商品": 1}


def test_columns_in_any_order_with_other_names_and_date_apart_from_time(tmp_path):
    header = ["实收", "品名", "货号", "时间", "销售日期", "流水号", "店铺编号", "售价"]

    report = _report(tmp_path, [["9.9", "苹果", "P1", "下午3:05", "2026/1/5", "7", "S1", "9.9"]], header=header)

    assert (report["first_at"], report["paid_fen"]) == ("2026-01-05T15:05:00+08:00", 990)


def test_file_without_a_store_column_takes_the_store_named_beside_it(tmp_path):
    store = StoreFactory(code="S7")
    path = write_sales(tmp_path, [row()[1:]], header=HEADER[1:])

    with pytest.raises(SheetError, match="缺少「门店编码」列"):
        run_import(path)
    run_import(path, default_store=store)

    assert Purchase.objects.get().store == store


def test_rows_of_another_store_are_left_out_of_a_stores_own_import(tmp_path):
    mine, _ = StoreFactory(code="S1"), StoreFactory(code="S2")

    report = _report(tmp_path, [row(), row(门店编码="S2"), row(门店编码="S3")], only_stores=frozenset({mine.pk}))

    assert (report["accepted"], report["reasons"]) == (1, {"门店：不是可以导入的门店": 1, "门店：没有这个门店": 1})


def test_lines_without_a_receipt_number_keep_to_their_moment_and_member(tmp_path):
    report = _report(tmp_path, [
        row(小票号=""), row(小票号="", 交易时间="2026-01-06 09:03:00"), row(小票号="", 会员卡号=""), row(小票号=""),
    ])  # fmt: skip

    assert (report["accepted"], report["duplicates"]) == (3, 1)


def test_receipt_number_in_powers_of_ten_is_kept_with_a_warning(tmp_path):
    outcome = run_import(write_sales(tmp_path, [row(小票号="4.0128e+10")]))

    assert Purchase.objects.get().receipt == "40128000000"
    assert len(outcome.warnings) == 1


def test_dangerous_text_reaches_the_table_unharmed(tmp_path):
    _report(tmp_path, [row(小票号="a\\nb\\.", 会员卡号="x\\t'y")])

    assert Purchase.objects.get().receipt == "a\\nb\\."
    assert _identities() == [("card", "x\\t'y")]
