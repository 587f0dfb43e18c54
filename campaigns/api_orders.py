"""Orders over the API: what was ordered and paid, nothing of whoever ordered; and handing them over."""

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
from rest_framework.views import APIView

from campaigns.errors import CampaignRefusal
from campaigns.models import Order, OrderLine
from campaigns.selectors.records import order_records
from campaigns.services.fulfilling import redeem
from stores.models import Staff
from stores.rest.errors import refusal
from stores.rest.filters import PeriodFilter, day_starts, wishes
from stores.rest.keys import may_also
from stores.rest.schema import ERRORS, WRITE_ERRORS
from stores.rest.writes import KEY_PARAMETER, idempotent
from stores.selectors import stores_for

_BIGGEST_ID = 2**63 - 1


class OrderSerializer(serializers.ModelSerializer[Order]):
    class LineSerializer(serializers.ModelSerializer[OrderLine]):
        product = serializers.CharField(source="stock.item.product.code", help_text="商品编码")
        name = serializers.CharField(source="stock.item.name", help_text="商品名称")
        weight_g = serializers.IntegerField(
            source="unit.weight_g", allow_null=True, default=None, help_text="按个卖的，这一个的克数"
        )

        class Meta:
            ref_name = "OrderLine"
            model = OrderLine
            fields = ("product", "name", "quantity", "price_fen", "weight_g")

    store = serializers.CharField(source="store.code", help_text="门店编码")
    campaign = serializers.IntegerField(source="campaign_id", help_text="活动的 id")
    member = serializers.SerializerMethodField(help_text="会员的 id；令牌没有 members:read 时为空")
    lines = LineSerializer(many=True)

    class Meta:
        ref_name = "Order"
        model = Order
        fields = (
            "id", "store", "campaign", "member", "state", "settling", "fulfilment", "goods_fen", "freight_fen",
            "paid_fen", "refunded_fen", "reserved_at", "confirmed_at", "fulfilled_at", "completed_at", "ended_at",
            "end_reason", "lines",
        )  # fmt: skip

    def get_member(self, order: Order) -> int | None:
        return order.member_id if may_also(self.context["request"], "members:read") else None


class OrderList(ListAPIView[Order]):
    """The orders of the caller's stores, the newest first."""

    class FilterSerializer(PeriodFilter):
        campaign = serializers.IntegerField(required=False, min_value=1, max_value=_BIGGEST_ID, help_text="活动的 id")
        state = serializers.ChoiceField(Order.State.choices, required=False, help_text="状态")

    required_scope = "orders:read"
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        wish = wishes(self.FilterSerializer, self.request)
        orders = order_records(self.request.user)
        if "store" in wish:
            orders = orders.filter(store__code=wish["store"])
        if "since" in wish:
            orders = orders.filter(reserved_at__gte=day_starts(wish["since"]))
        if "until" in wish:
            orders = orders.filter(reserved_at__lt=day_starts(wish["until"] + timedelta(days=1)))
        return orders.filter(**{name: wish[name] for name in ("campaign", "state") if name in wish})

    @extend_schema(
        operation_id="orders_list", summary="订单列表", parameters=[FilterSerializer],
        responses=ERRORS | {200: OrderSerializer(many=True)},
        description="姓名、电话、地址、备注和取货码都不给。`since`、`until` 按下单日期。",
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class OrderDetail(RetrieveAPIView[Order]):
    """One order."""

    required_scope = "orders:read"
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return order_records(self.request.user)

    @extend_schema(operation_id="orders_retrieve", summary="一个订单", responses=ERRORS | {200: OrderSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class OrderRedeem(APIView):
    """Hand an order over at the till, by the four digits or the scanned code."""

    @extend_schema_serializer(component_name="Redemption")
    class InputSerializer(serializers.Serializer[Any]):
        store = serializers.CharField(max_length=32, help_text="在哪家门店取货")
        code = serializers.CharField(max_length=32, help_text="会员报的四位取货码，或扫到的订单号")

    required_scope = write_scope = "orders:write"

    @extend_schema(
        operation_id="orders_redeem", summary="核销取货", request=InputSerializer, parameters=[KEY_PARAMETER],
        responses=WRITE_ERRORS | {200: OrderSerializer},
        description="到店付款的订单同时记为已收款。已经取过、别店的、没有的订单回答 409，说明原因。",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        actor = request.user
        if not isinstance(actor, Staff) or not (actor.is_hq or actor.store_id is not None):
            raise PermissionDenied("核销由门店和总部的令牌做")
        body = self.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        store = get_object_or_404(stores_for(actor), code=body.validated_data["store"])
        try:
            order = redeem(store=store, staff=actor, said=body.validated_data["code"], at=timezone.now())
        except CampaignRefusal as no:
            # Returned, not raised: what was tried with another store's code stays in the trail.
            return Response(refusal("refused", str(no)), status=409)
        told = order_records(actor).get(pk=order.pk)
        return Response(OrderSerializer(told, context={"request": request}).data)
