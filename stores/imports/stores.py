"""Stores from a file: code and name, region, place, stage and its dates."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from stores.imports.catalogue import REPORT_LABELS, Values, choice_of, read_catalogue, report_of, text_of
from stores.imports.upserting import upsert_by_code
from stores.imports_registry import Option
from stores.models import ImportJob, Region, Store
from stores.services.regions import unsorted_region
from stores.sheets.cells import parse_code, parse_date
from stores.sheets.columns import Field
from stores.sheets.errors import CellError

_STAGES = {
    **dict.fromkeys(("装修", "筹建", "装修中", "fitout"), Store.Stage.FITOUT),
    **dict.fromkeys(("开业", "新开业", "试营业", "opening"), Store.Stage.OPENING),
    **dict.fromkeys(("正常", "营业", "营业中", "正常营业", "running"), Store.Stage.RUNNING),
    **dict.fromkeys(("停业", "关店", "闭店", "已停业", "suspended"), Store.Stage.SUSPENDED),
}
_TIERS = {label.lower(): value for value, label in Store.CityTier.choices} | {
    str(value): value for value in Store.CityTier.values
}
_TEXTS = (("name", "门店名称", 64), ("city", "城市", 32), ("address", "地址", 255), ("phone", "电话", 32))
_DATES = (
    ("fitout_on", "装修开始"), ("opened_on", "开业日期"), ("running_on", "转正常日期"), ("suspended_on", "停业日期"),
)  # fmt: skip


class StoreImport:
    """Creates and changes stores by code; an empty cell changes nothing.

    A new store without a region goes to 未分区.
    """

    fields = (
        Field("code", "门店编码", (
            "门店编码", "店铺编号", "门店编号", "店铺编码", "店号", "编码", "store_id", "store_code", "code",
        ), required=True),
        Field("name", "门店名称", (
            "门店名称", "店铺名称", "店名", "门店", "名称", "store_name", "name",
        ), required=True),
        Field("region", "区域", ("区域编码", "区域", "大区", "所属区域", "省区", "region"), help="区域的编码或名称"),
        Field("city", "城市", ("城市", "所在城市", "city")),
        Field("city_tier", "城市等级", ("城市等级", "城市级别", "city_tier")),
        Field("address", "地址", ("地址", "门店地址", "详细地址", "address")),
        Field("phone", "门店电话", ("门店电话", "电话", "联系电话", "phone")),
        Field("latitude", "纬度", ("纬度", "latitude", "lat")),
        Field("longitude", "经度", ("经度", "longitude", "lng", "lon")),
        Field("stage", "阶段", ("阶段", "状态", "门店状态", "营业状态", "stage")),
        Field("fitout_on", "装修开始", ("装修开始", "装修日期", "fitout_on")),
        Field("opened_on", "开业日期", ("开业日期", "开店日期", "开业时间", "opened_on")),
        Field("running_on", "转正常日期", ("转正常日期", "running_on")),
        Field("suspended_on", "停业日期", ("停业日期", "闭店日期", "关店日期", "suspended_on")),
    )  # fmt: skip
    options = (Option("create_regions", "自动建立没有的区域", "按文件里的区域名称建立，挂在最上层", hq_only=True),)
    report_labels = REPORT_LABELS

    def run(self, job: ImportJob, *, at: datetime) -> dict[str, Any]:  # noqa: ARG002 -- every handler is told
        """Apply the job's file. :raises SheetError: it cannot be read"""
        rows = _StoreRows(create_regions=bool(job.options.get("create_regions")))
        found, header = read_catalogue(job, self.fields, rows.parse)
        for code, values in found.accepted.items():
            if "region" not in values and code not in rows.known:
                values["region"] = unsorted_region()
        return report_of(job, found, header, upsert_by_code(Store, found.accepted))


class _StoreRows:
    """Reads rows of stores against the regions and stores there are."""

    def __init__(self, *, create_regions: bool) -> None:
        self._create = create_regions
        self._regions: dict[str, Region | None] = {}
        for region in Region.objects.order_by("pk"):
            for name in (region.code, region.name):
                # A name that two regions share names neither.
                self._regions[name] = region if self._regions.get(name, region) == region else None
        self.known = {store.code: store for store in Store.objects.only("code", *(name for name, _ in _DATES), "stage")}

    def parse(self, given: Mapping[str, str]) -> Values:
        """The values of one row. :raises CellError: with the column's name"""
        if "name" not in given:
            raise CellError("门店名称没有填")
        values: Values = {key: text_of(label, given[key], limit) for key, label, limit in _TEXTS if key in given}
        for key, label in _DATES:
            if key in given:
                values[key] = _date(label, given[key])
        if "region" in given:
            values["region"] = self._region(given["region"])
        if "city_tier" in given:
            values["city_tier"] = choice_of("城市等级", given["city_tier"], _TIERS)
        if "stage" in given:
            values["stage"] = choice_of("阶段", given["stage"], _STAGES)
        values |= _position(given)
        self._check(parse_code(given["code"]), values)
        return values

    def _region(self, name: str) -> Region:
        region = self._regions.get(name)
        if region is None and name not in self._regions and self._create:
            code = name[:32]
            region = Region.objects.create(code=code, name=name[:64], path=f"{code}/")
            self._regions[name] = region
        if region is None:
            raise CellError(f"没有这个区域：{name[:20]}")
        return region

    def _check(self, code: str, values: Values) -> None:
        """What the table would refuse, said in words, with what is already known of the store."""
        known = self.known.get(code)
        now = {name: values.get(name, getattr(known, name, None)) for name in ("stage", *(name for name, _ in _DATES))}
        if now["stage"] == Store.Stage.SUSPENDED and now["suspended_on"] is None:
            raise CellError("停业的门店要填停业日期")
        if now["fitout_on"] and now["opened_on"] and now["opened_on"] < now["fitout_on"]:
            raise CellError("开业日期早于装修开始")


def _date(label: str, text: str) -> Any:
    try:
        return parse_date(text)
    except CellError as refused:
        raise CellError(f"{label}{refused}") from None


def _position(given: Mapping[str, str]) -> Values:
    if ("latitude" in given) != ("longitude" in given):
        raise CellError("经度和纬度要么都填，要么都不填")
    values: Values = {}
    for key, label, limit in (("latitude", "纬度", 90), ("longitude", "经度", 180)):
        if key in given:
            try:
                degrees = Decimal(given[key]).quantize(Decimal("1e-6"))
            except InvalidOperation:
                raise CellError(f"{label}看不懂：{given[key][:20]}") from None
            if not abs(degrees) <= limit:
                raise CellError(f"{label}超出范围：{given[key][:20]}")
            values[key] = degrees
    return values
