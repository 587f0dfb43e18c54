"""Products from a file: code and name, and whatever else the file tells."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stores.imports.catalogue import REPORT_LABELS, Values, choice_of, read_catalogue, report_of, text_of
from stores.imports.upserting import upsert_by_code
from stores.imports_registry import Option
from stores.models import ImportJob, Product
from stores.sheets.columns import Field
from stores.sheets.errors import CellError

_UNITS = {
    **dict.fromkeys(("按斤", "斤", "500g", "jin", "kg", "公斤", "千克", "称重"), Product.Unit.JIN),
    **dict.fromkeys(("按份", "份", "盒", "袋", "箱", "包", "瓶", "串", "portion"), Product.Unit.PORTION),
    **dict.fromkeys(("按个", "个", "只", "粒", "颗", "枚", "piece"), Product.Unit.PIECE),
}
_YES_NO = {
    **dict.fromkeys(("是", "在用", "启用", "正常", "在售", "1", "true", "yes", "y"), True),
    **dict.fromkeys(("否", "停用", "停售", "下架", "0", "false", "no", "n"), False),
}


class ProductImport:
    """Creates and changes products by code; an empty cell changes nothing."""

    fields = (
        Field("code", "商品编码", (
            "商品编码", "商品编号", "货号", "商品代码", "编码", "SKU", "PLU", "product_id", "product_code", "code",
        ), required=True),
        Field("name", "商品名称", (
            "商品名称", "品名", "商品名", "名称", "name_zh", "product_name", "name",
        ), required=True),
        Field("category", "品类", ("品类", "类别", "分类", "商品分类", "商品类别", "大类", "category")),
        Field("variety", "品种", ("品种", "品种名称", "小类", "variety")),
        Field("unit", "单位", ("单位", "销售单位", "计价单位", "计量单位", "unit"), help="按斤、按份或按个"),
        Field("is_active", "在用", ("在用", "状态", "是否在用", "是否启用", "商品状态", "active", "is_active")),
    )  # fmt: skip
    options: tuple[Option, ...] = ()
    report_labels = REPORT_LABELS

    def run(self, job: ImportJob, *, at: datetime) -> dict[str, Any]:  # noqa: ARG002 -- every handler is told
        """Apply the job's file. :raises SheetError: it cannot be read"""
        found, header = read_catalogue(job, self.fields, _parse)
        return report_of(job, found, header, upsert_by_code(Product, found.accepted))


def _parse(given: Mapping[str, str]) -> Values:
    if "name" not in given:
        raise CellError("商品名称没有填")
    values: Values = {"name": text_of("商品名称", given["name"], 128)}
    if "category" in given:
        values["category"] = text_of("品类", given["category"], 32)
    if "variety" in given:
        values["variety"] = text_of("品种", given["variety"], 64)
    if "unit" in given:
        values["unit"] = choice_of("单位", given["unit"], _UNITS)
    if "is_active" in given:
        values["is_active"] = choice_of("在用", given["is_active"], _YES_NO)
    return values
