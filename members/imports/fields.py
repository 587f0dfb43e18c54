"""What a till's export may tell of a sale, and the switches a person may set for a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stores.imports_registry import Option
from stores.sheets.columns import Field

FIELDS: tuple[Field, ...] = (
    Field("store", "门店编码", (
        "门店编码", "店铺编号", "门店编号", "店铺编码", "门店代码", "店铺代码", "门店号", "店号", "店铺ID",
        "门店ID", "分店编号", "分店编码", "机构编码", "机构代码", "网点编号", "store_id", "store_code", "store",
    ), required=True, instead=("store_name",)),
    Field("store_name", "门店名称", (
        "门店名称", "店铺名称", "门店名", "店名", "门店", "店铺", "分店名称", "分店", "机构名称", "store_name",
    )),
    Field("receipt", "小票号", (
        "小票号", "流水号", "小票编号", "小票流水号", "交易流水号", "销售流水号", "单号", "销售单号", "订单号",
        "订单编号", "单据号", "单据编号", "交易单号", "交易号", "销售小票号", "收银流水号", "收银小票号",
        "小票单号", "票号", "小票", "receipt", "receipt_no", "order_id", "order_no", "basket_id",
    )),
    Field("line", "行号", (
        "行号", "小票行号", "明细行号", "明细号", "商品行号", "行次", "单据行号", "line", "line_no", "line_id",
    )),
    Field("at", "交易时间", (
        "交易时间", "销售时间", "交易日期时间", "销售日期时间", "消费时间", "结账时间", "下单时间", "支付时间",
        "收款时间", "付款时间", "收银时间", "开单时间", "日期时间", "时间", "timestamp", "datetime", "sold_at",
        "bought_at",
    ), required=True, instead=("day",)),
    Field("day", "交易日期", (
        "交易日期", "销售日期", "消费日期", "营业日期", "日期", "单据日期", "date", "day",
    )),
    Field("member", "会员卡号/手机号", (
        "会员卡号/手机号", "会员卡号或手机号", "手机号/会员卡号", "会员卡/手机号", "卡号/手机号", "会员",
        "会员账号", "会员标识", "会员卡号手机号", "顾客", "客户", "member", "customer",
    )),
    Field("card", "会员卡号", (
        "会员卡号", "会员编号", "会员号", "会员卡", "卡号", "会员ID", "顾客编号", "客户编号", "card", "card_no",
        "member_id", "customer_id", "household_id",
    )),
    Field("phone", "手机号", (
        "手机号", "手机号码", "手机", "会员手机号", "会员手机号码", "会员手机", "顾客手机号", "顾客手机",
        "客户手机号", "电话", "联系电话", "会员电话", "电话号码", "phone", "mobile",
    )),
    Field("member_name", "会员姓名", (
        "会员姓名", "会员名称", "姓名", "顾客姓名", "客户姓名", "member_name", "customer_name",
    )),
    Field("product", "商品编码", (
        "商品编码", "商品编号", "商品代码", "货号", "商品货号", "商品ID", "品号", "产品编码", "产品编号",
        "货品编码", "货品编号", "单品编码", "品项编码", "SKU", "SKU编码", "物料编码", "PLU", "PLU码", "条码",
        "商品条码", "product_id", "product_code", "product", "item_id",
    ), required=True, instead=("product_name",)),
    Field("product_name", "商品名称", (
        "商品名称", "品名", "商品名", "货品名称", "产品名称", "单品名称", "品项名称", "商品", "名称",
        "product_name", "item_name",
    )),
    Field("category", "品类", (
        "品类", "商品品类", "商品类别", "商品分类", "分类", "类别", "category",
    )),
    Field("quantity", "数量", (
        "数量", "销售数量", "销量", "重量", "数量/重量", "重量/数量", "净重", "件数", "购买数量", "qty", "quantity",
    )),
    Field("unit_price", "单价", (
        "单价", "销售单价", "售价", "成交单价", "成交价", "实际单价", "零售价", "单品价格", "价格", "price",
        "unit_price",
    )),
    Field("paid", "实付金额", (
        "实付金额", "实收", "实收金额", "实付", "实付款", "实收款", "实际金额", "付款金额", "收款金额", "成交金额",
        "销售金额", "实销金额", "支付金额", "销售额", "应收金额", "应付金额", "金额", "总金额", "小计金额", "小计",
        "总价", "paid", "amount", "sales_value",
    ), required=True, instead=("unit_price", "quantity")),
    Field("payment", "支付方式", (
        "支付方式", "付款方式", "收款方式", "结算方式", "支付类型", "支付渠道", "payment", "pay_type",
    )),
    Field("kind", "交易类型", (
        "交易类型", "单据类型", "业务类型", "销售类型", "交易类别", "类型", "退货标志", "是否退货",
    )),
)  # fmt: skip

OPTIONS: tuple[Option, ...] = (
    Option("separate_identical", "相同的行各算一笔",
           "默认情况下，同一小票里商品、数量、单价、实付都相同的行只算一次；勾选后各算一笔"),
    Option("receipt_restarts_daily", "小票号每天从头编", "同一小票号在不同日期是不同的小票时勾选"),
    Option("create_products", "自动建立没有的商品", hq_only=True),
    Option("create_stores", "自动建立没有的门店", "建在区域「未分区」下", hq_only=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Switches:
    """How to read one file."""

    separate_identical: bool = False
    receipt_restarts_daily: bool = False
    create_products: bool = False
    create_stores: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Switches":
        """From the options of an import job; those of others are ignored."""
        return cls(**{name: bool(options.get(name, False)) for name in cls.__slots__})
