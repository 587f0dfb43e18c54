"""Campaigns over the API: one class per operation."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import CampaignRefusal
from campaigns.models import Campaign, CampaignItem, ItemStock
from campaigns.selectors.records import campaign_records, with_items
from campaigns.selectors.staffing import templates_for
from campaigns.services.drafting import draft_from_template
from campaigns.views.access import may_run
from stores.models import Staff
from stores.rest.errors import Refused
from stores.rest.filters import EARLIEST, LATEST, PeriodFilter, day_starts, wishes
from stores.rest.schema import ERRORS, WRITE_ERRORS
from stores.rest.writes import KEY_PARAMETER, idempotent
from stores.selectors import stores_for

_MOST = 2**31 - 1
_BIGGEST_ID = 2**63 - 1


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    store = serializers.CharField(
        source="store.code", allow_null=True, default=None, help_text="门店编码；多家门店的活动为空"
    )
    template = serializers.IntegerField(source="template_id", allow_null=True, help_text="由哪个模板开的")
    standing = serializers.IntegerField(help_text="有效订单数，只数看得到的门店")
    quota = serializers.IntegerField(help_text="总份数，只数看得到的门店")
    taken = serializers.IntegerField(help_text="已占份数，只数看得到的门店")

    class Meta:
        ref_name = "Campaign"
        model = Campaign
        fields = (
            "id", "play", "title", "scope", "store", "template", "state", "starts_at", "ends_at", "pickup_from",
            "pickup_until", "settling", "needs_approval", "standing", "quota", "taken", "made_at", "killed_at",
        )  # fmt: skip


class ItemSerializer(serializers.ModelSerializer[CampaignItem]):
    product = serializers.CharField(source="product.code", help_text="商品编码")

    class Meta:
        ref_name = "CampaignItem"
        model = CampaignItem
        fields = ("id", "product", "name", "part", "price_fen", "list_price_fen", "by_piece", "per_member", "per_order")


class CampaignDetailSerializer(CampaignSerializer):
    class ItemWithStocksSerializer(ItemSerializer):
        class StockSerializer(serializers.ModelSerializer[ItemStock]):
            store = serializers.CharField(source="store.code", help_text="门店编码")

            class Meta:
                ref_name = "CampaignStock"
                model = ItemStock
                fields = ("store", "quota", "taken")

        stocks = StockSerializer(many=True, help_text="看得到的门店各有多少")

        class Meta(ItemSerializer.Meta):
            ref_name = "CampaignItemWithStocks"
            fields = (*ItemSerializer.Meta.fields, "stocks")  # type: ignore[assignment]  # one more than its parent's

    items = ItemWithStocksSerializer(many=True)

    class Meta(CampaignSerializer.Meta):
        ref_name = "CampaignDetail"
        fields = (*CampaignSerializer.Meta.fields, "rules", "items")  # type: ignore[assignment]  # as above


class CampaignList(ListAPIView[Campaign]):
    """The campaigns of the caller's stores, the newest first; or a draft opened from a template."""

    class FilterSerializer(PeriodFilter):
        play = serializers.ChoiceField(Campaign.Play.choices, required=False, help_text="玩法")
        state = serializers.ChoiceField(Campaign.State.choices, required=False, help_text="状态")

    @extend_schema_serializer(component_name="CampaignDraft")
    class InputSerializer(serializers.Serializer[Any]):
        class QuotaSerializer(serializers.Serializer[Any]):
            item = serializers.IntegerField(min_value=1, max_value=_BIGGEST_ID, help_text="模板里商品的 id")
            quota = serializers.IntegerField(min_value=0, max_value=_MOST, help_text="本店有几份")

        template = serializers.IntegerField(
            min_value=1, max_value=_BIGGEST_ID, help_text="模板的 id，见 campaigns/templates/"
        )
        store = serializers.CharField(max_length=32, help_text="门店编码")
        title = serializers.CharField(required=False, allow_blank=True, default="", max_length=40, help_text="不写为模板的标题")  # fmt: skip  # noqa: E501 -- one line reads better
        starts_at = serializers.DateTimeField()
        ends_at = serializers.DateTimeField(help_text="截单")
        pickup_from = serializers.DateTimeField(required=False, allow_null=True, default=None)
        pickup_until = serializers.DateTimeField(required=False, allow_null=True, default=None)
        quotas = serializers.ListField(
            child=QuotaSerializer(), max_length=100, help_text="每个商品的份数；没写的为 0，按个卖的之后逐个拍"
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            first, last = day_starts(EARLIEST), day_starts(LATEST)
            for name in ("starts_at", "ends_at", "pickup_from", "pickup_until"):
                if attrs.get(name) is not None and not first <= attrs[name] <= last:
                    raise serializers.ValidationError({name: f"时间要在 {EARLIEST} 到 {LATEST} 之间"})
            return attrs

    required_scope = "campaigns:read"
    write_scope = "campaigns:write"
    serializer_class = CampaignSerializer

    def get_queryset(self) -> QuerySet[Campaign]:
        wish = wishes(self.FilterSerializer, self.request)
        campaigns = campaign_records(self.request.user)
        if "store" in wish:
            store = stores_for(self.request.user).filter(code=wish["store"])
            campaigns = campaigns.filter(pk__in=ItemStock.objects.filter(store__in=store).values("item__campaign"))
        if "since" in wish:
            campaigns = campaigns.filter(starts_at__gte=day_starts(wish["since"]))
        if "until" in wish:
            campaigns = campaigns.filter(starts_at__lt=day_starts(wish["until"] + timedelta(days=1)))
        return campaigns.filter(**{name: wish[name] for name in ("play", "state") if name in wish})

    @extend_schema(
        operation_id="campaigns_list", summary="活动列表", parameters=[FilterSerializer],
        responses=ERRORS | {200: CampaignSerializer(many=True)}, description="`since`、`until` 按开始时间。",
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="campaigns_create", summary="用模板开一个活动草稿", request=InputSerializer,
        parameters=[KEY_PARAMETER], responses=WRITE_ERRORS | {201: CampaignDetailSerializer},
        description="只建草稿：在页面上看过再发布。只有总部与本店店长的令牌可以开。",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        actor = request.user
        if not isinstance(actor, Staff) or not may_run(actor):
            raise PermissionDenied("活动由总部和店长开")
        body = self.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        template = get_object_or_404(templates_for(actor), pk=said.pop("template"))
        store = get_object_or_404(stores_for(actor), code=said.pop("store"))
        quotas = {row["item"]: row["quota"] for row in said.pop("quotas")}
        try:
            draft = draft_from_template(
                template=template, store=store, by=actor, quotas=quotas, at=timezone.now(), **said
            )
        except CampaignRefusal as refusal:
            raise Refused(str(refusal)) from None
        made = with_items(campaign_records(actor), actor).get(pk=draft.pk)
        return Response(CampaignDetailSerializer(made).data, status=201)


class CampaignDetail(RetrieveAPIView[Campaign]):
    """One campaign with its goods and what the caller's stores have of them."""

    required_scope = "campaigns:read"
    serializer_class = CampaignDetailSerializer

    def get_queryset(self) -> QuerySet[Campaign]:
        return with_items(campaign_records(self.request.user), self.request.user)

    @extend_schema(
        operation_id="campaigns_retrieve", summary="一个活动", responses=ERRORS | {200: CampaignDetailSerializer}
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class TemplateList(ListAPIView[Campaign]):
    """HQ's templates, the newest first; what a store may open its own from."""

    class OutputSerializer(serializers.ModelSerializer[Campaign]):
        items = ItemSerializer(many=True)

        class Meta:
            ref_name = "CampaignTemplate"
            model = Campaign
            fields = ("id", "play", "title", "rules", "state", "needs_approval", "items")

    required_scope = "campaigns:read"
    serializer_class = OutputSerializer

    def get_queryset(self) -> QuerySet[Campaign]:
        return templates_for(self.request.user)  # type: ignore[arg-type]  # nobody comes here unknown

    @extend_schema(
        operation_id="campaigns_templates_list", summary="活动模板列表",
        responses=ERRORS | {200: OutputSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
