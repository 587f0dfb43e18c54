"""What a store asks and holds, over the API: read it, set it."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from stores.models import Product, StoreProduct
from stores.rest.errors import Refused
from stores.rest.filters import wishes
from stores.rest.pages import NewestFirst
from stores.rest.schema import ERRORS, WRITE_ERRORS
from stores.rest.writes import KEY_PARAMETER, idempotent
from stores.selectors import may_change_shelf, stores_for
from stores.services.shelf import ShelfChangedMeanwhile, ShelfState, change_shelf

_MOST = 2**31 - 1


class ShelfSerializer(serializers.ModelSerializer[StoreProduct]):
    product = serializers.CharField(source="product.code", help_text="商品编码")
    name = serializers.CharField(source="product.name", help_text="商品名称")
    unit = serializers.ChoiceField(Product.Unit.choices, source="product.unit", help_text="计价单位")
    price_fen = serializers.IntegerField(help_text="每斤、每份或每个的价格，单位分")
    stock = serializers.IntegerField(help_text="库存：按斤的商品是克，其余是份数、个数")

    class Meta:
        ref_name = "ShelfItem"
        model = StoreProduct
        fields = ("product", "name", "unit", "price_fen", "stock", "on_sale", "updated_at")


class _InOrder(NewestFirst):
    ordering = "id"


class ShelfList(ListAPIView[StoreProduct]):
    """A store's articles, the first listed first."""

    class FilterSerializer(serializers.Serializer[Any]):
        on_sale = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="只要在售（或不在售）的")  # fmt: skip  # noqa: E501 -- one line reads better

    required_scope = "stores:read"
    serializer_class = ShelfSerializer
    pagination_class = _InOrder

    def get_queryset(self) -> QuerySet[StoreProduct]:
        wish = wishes(self.FilterSerializer, self.request)
        store = get_object_or_404(stores_for(self.request.user), code=self.kwargs["code"])
        shelf = store.shelf.select_related("product")
        return shelf if wish["on_sale"] is None else shelf.filter(on_sale=wish["on_sale"])

    @extend_schema(
        operation_id="stores_shelf_list", summary="门店的商品、价格与库存", parameters=[FilterSerializer],
        responses=ERRORS | {200: ShelfSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ShelfItem(GenericAPIView[StoreProduct]):
    """One article of one store."""

    @extend_schema_serializer(component_name="ShelfChange")
    class InputSerializer(serializers.Serializer[Any]):
        class SeenSerializer(serializers.Serializer[Any]):
            price_fen = serializers.IntegerField(min_value=0, max_value=_MOST)
            stock = serializers.IntegerField(min_value=0, max_value=_MOST)
            on_sale = serializers.BooleanField()

        price_fen = serializers.IntegerField(required=False, min_value=1, max_value=_MOST, help_text="单位分")
        stock = serializers.IntegerField(
            required=False, min_value=0, max_value=_MOST, help_text="按斤的商品是克，其余是份数、个数"
        )
        on_sale = serializers.BooleanField(required=False)
        seen = SeenSerializer(required=False, help_text="上次读到的样子；与现在不同就不改，回答 409")

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if not attrs.keys() - {"seen"}:
                raise serializers.ValidationError("请至少写一项：price_fen、stock 或 on_sale")
            return attrs

    required_scope = "stores:read"
    write_scope = "shelf:write"
    serializer_class = ShelfSerializer

    def _item(self, code: str, product: str) -> StoreProduct:
        shelf = StoreProduct.objects.filter(store__in=stores_for(self.request.user), store__code=code)
        return get_object_or_404(shelf.select_related("store", "product"), product__code=product)

    @extend_schema(operation_id="stores_shelf_retrieve", summary="门店的一个商品", responses=ERRORS | {200: ShelfSerializer})  # fmt: skip  # noqa: E501 -- one line reads better
    def get(self, request: Request, code: str, product: str) -> Response:  # noqa: ARG002 -- DRF's signature
        return Response(ShelfSerializer(self._item(code, product)).data)

    @extend_schema(
        operation_id="stores_shelf_update", summary="改门店一个商品的价格、库存或在售", request=InputSerializer,
        parameters=[KEY_PARAMETER], responses=WRITE_ERRORS | {200: ShelfSerializer},
        description="只有总部与本店店长的令牌可以改。没写的项不变；写入审计。",
    )  # fmt: skip
    @idempotent
    def patch(self, request: Request, code: str, product: str) -> Response:
        item = self._item(code, product)
        if not may_change_shelf(request.user, item.store):  # type: ignore[arg-type]  # a token is somebody's
            raise PermissionDenied("价格与库存由总部和本店店长改")
        body = self.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wish = dict(body.validated_data)
        seen = wish.pop("seen", None)
        now = ShelfState.of(item)
        before = ShelfState(**seen) if seen else now
        try:
            change_shelf(
                item=item, seen=before, wanted=replace(before, **wish), actor=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
            )  # fmt: skip
        except ShelfChangedMeanwhile:
            raise Refused("这个商品刚才有人改过，请重新读取后再改", code="changed_meanwhile") from None
        return Response(ShelfSerializer(item).data)
