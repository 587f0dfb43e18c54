"""Metrics over the API: what each means, and its readings; names, units and meanings come from the registry."""

from typing import Any

from django.db.models import Model
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from metrics.registry import METRICS, Metric, UnknownMetric, metric
from metrics.registry.components import Grain
from metrics.selectors import reading
from metrics.selectors.reading import BadPeriod, Period, Reading, Readings
from metrics.selectors.subjects import subjects
from stores.models import Region, Store
from stores.rest.filters import validate_day, wishes
from stores.rest.pages import NewestFirst
from stores.rest.schema import ERRORS
from stores.selectors import stores_for

MOST_METRICS = 20
_OF = {
    Grain.STORE: reading.of_stores, Grain.GROUP: reading.of_groups, Grain.STAFF: reading.of_staff,
    Grain.CAMPAIGN: reading.of_campaigns, Grain.CODE: reading.of_codes,
}  # fmt: skip
_BY = {"total": "合计", "day": "每天", **{grain.value: f"每个{grain.label}" for grain in Grain}}


def _catalogue() -> str:
    """Every metric in words, for the description of the operation."""
    rows = "\n".join(f"| `{one.code}` | {one.name} | {one.unit.value} | {one.tooltip} |" for one in METRICS.values())
    return f"\n\n| 代号 | 名称 | 单位 | 口径 |\n|---|---|---|---|\n{rows}"


class MetricList(APIView):
    """Every metric as it is defined now, in the registry's order; few enough for one page."""

    class OutputSerializer(serializers.Serializer[Any]):
        code = serializers.CharField(help_text="代号；`代号@版本` 可读旧口径")
        name = serializers.CharField()
        meaning = serializers.CharField(help_text="口径")
        formula = serializers.CharField(help_text="分子 ÷ 分母")
        unit = serializers.CharField(source="unit.value", help_text="人、次、单、元（值是分）、%（值是 0 到 1）、倍")
        direction = serializers.CharField(source="direction.value")
        grains = serializers.SerializerMethodField(help_text="可以按什么读")
        standing = serializers.BooleanField(help_text="true：期末的存量；false：期间的发生量")
        basis = serializers.CharField(help_text="数据来源")
        evidence = serializers.CharField(help_text="属于哪一种凭证；不同凭证的数不相加")
        trap = serializers.CharField(help_text="不要误读为什么")
        owner = serializers.CharField()
        version = serializers.IntegerField()

        class Meta:
            ref_name = "Metric"

        def get_grains(self, one: Metric) -> list[str]:
            return [grain.value for grain in one.grains]

    required_scope = "metrics:read"

    @extend_schema(
        operation_id="metrics_list", summary="指标的口径",
        responses=ERRORS | {200: inline_serializer("MetricPage", {
            "next": serializers.CharField(allow_null=True), "previous": serializers.CharField(allow_null=True),
            "results": OutputSerializer(many=True),
        })},
    )  # fmt: skip
    def get(self, request: Request) -> Response:  # noqa: ARG002 -- DRF's signature
        rows = self.OutputSerializer([*METRICS.values()], many=True).data
        return Response({"next": None, "previous": None, "results": rows})


class ReadingFilter(serializers.Serializer[Any]):
    """What is asked: which metrics, of when, of which stores, and by what."""

    metrics = serializers.CharField(max_length=1_000, help_text=f"指标代号，英文逗号分开，最多 {MOST_METRICS} 个")
    since = serializers.DateField(validators=[validate_day], help_text="第一天")
    until = serializers.DateField(validators=[validate_day], help_text="最后一天，不晚于今天；最长 400 天")
    by = serializers.ChoiceField(list(_BY.items()), required=False, default="total", help_text="按什么分行，默认合计")
    store = serializers.CharField(required=False, max_length=32, help_text="只算这家门店（编码）")
    region = serializers.CharField(required=False, max_length=32, help_text="只算这个区域（编码），含下属区域")

    def validate_metrics(self, value: str) -> list[str]:
        codes = list(dict.fromkeys(code.strip() for code in value.split(",") if code.strip()))
        if not 1 <= len(codes) <= MOST_METRICS:
            raise serializers.ValidationError(f"请写 1 到 {MOST_METRICS} 个指标")
        for code in codes:
            try:
                metric(code)
            except UnknownMetric as unknown:
                raise serializers.ValidationError(str(unknown)) from None
        return codes

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            attrs["period"] = reading.period(attrs["since"], attrs["until"], today=timezone.localdate())
        except BadPeriod as bad:
            raise serializers.ValidationError({"until": str(bad)}) from None
        grain = Grain.STORE if attrs["by"] in {"total", "day"} else Grain(attrs["by"])
        lost = [code for code in attrs["metrics"] if grain not in metric(code).grains]
        if lost:
            raise serializers.ValidationError({"metrics": f"{'、'.join(lost)} 不能按{grain.label}读"})
        return attrs


class ReadingSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="null：分母为 0 或没有统计到，页面上显示“—”")
    numerator = serializers.IntegerField(allow_null=True)
    denominator = serializers.IntegerField(allow_null=True, help_text="null：没有分母")
    unit = serializers.CharField()


class ReadingRowSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField(help_text="total；日期；门店编码；群、员工、活动、渠道码的 id")
    name = serializers.CharField()
    readings = ReadingSerializer(many=True)

    class Meta:
        ref_name = "ReadingRow"


class _InOrder(NewestFirst):
    ordering = "pk"


class ReadingList(GenericAPIView[Any]):
    """Readings of metrics, together or one by one; the same numbers as the pages and the exports."""

    required_scope = "metrics:read"
    serializer_class = ReadingRowSerializer
    pagination_class = _InOrder

    @extend_schema(
        operation_id="metrics_readings", summary="指标的数值",
        parameters=[ReadingFilter, OpenApiParameter("limit", int, description="每页多少条，最多 200"),
                    OpenApiParameter("cursor", str, description="上一页给出的游标")],
        responses=ERRORS | {200: inline_serializer("ReadingPage", {
            "next": serializers.CharField(allow_null=True), "previous": serializers.CharField(allow_null=True),
            "results": ReadingRowSerializer(many=True),
        })},
        description=f"合计是先加总分子和分母再相除，不是比率的平均；没有统计到的门店不在结果里。{_catalogue()}",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        wish = wishes(ReadingFilter, request)
        codes, period, stores = wish["metrics"], wish["period"], _stores(request, wish)
        match wish["by"]:
            case "total":
                rows = [_row("total", "合计", reading.total(codes, period, stores))]
            case "day":
                rows = [_row(str(day), str(day), found) for day, found in reading.trend(codes, period, stores)]
            case name:
                return self._page_of(Grain(name), codes, period, stores)
        return Response({"next": None, "previous": None, "results": rows})

    def _page_of(self, grain: Grain, codes: list[str], period: Period, stores: Any) -> Response:
        page: list[Any] = self.paginate_queryset(subjects(grain, stores)) or []
        if grain is not Grain.CAMPAIGN:
            own = "pk" if grain is Grain.STORE else "store_id"
            stores = stores.filter(pk__in=[getattr(one, own) for one in page])
        found = _OF[grain](codes, period, stores) if page else {}
        rows = [_row(_key(one), str(one), found[one.pk]) for one in page if one.pk in found]
        return self.get_paginated_response(rows)


def _stores(request: Request, wish: dict[str, Any]) -> Any:
    stores = stores_for(request.user)
    if "store" in wish:
        stores = stores.filter(code=wish["store"])
    if "region" in wish:
        path = Region.objects.filter(code=wish["region"]).values_list("path", flat=True).first()
        stores = stores.filter(region__path__startswith=path) if path else stores.none()
    return stores


def _key(subject: Model) -> str:
    return subject.code if isinstance(subject, Store) else str(subject.pk)


def _row(subject: str, name: str, found: Readings) -> dict[str, Any]:
    return {"subject": subject, "name": name, "readings": [_told(code, one) for code, one in found.items()]}


def _told(code: str, one: Reading) -> dict[str, Any]:
    return {
        "metric": code, "value": one.value, "numerator": one.numerator, "denominator": one.denominator,
        "unit": metric(code).unit.value,
    }  # fmt: skip
