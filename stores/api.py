"""Stores over the API: one class per operation."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from stores.models import Store
from stores.rest.pages import NewestFirst
from stores.rest.schema import ERRORS
from stores.selectors import stores_for


class _ByCode(NewestFirst):
    ordering = "code"


class StoreList(ListAPIView[Store]):
    """The stores the caller may see, by code."""

    class FilterSerializer(serializers.Serializer[Any]):
        stage = serializers.ChoiceField(Store.Stage.choices, required=False, help_text="阶段")
        region = serializers.CharField(required=False, max_length=32, help_text="区域编码，含下属区域")

    class OutputSerializer(serializers.ModelSerializer[Store]):
        region = serializers.CharField(source="region.code", help_text="区域编码")

        class Meta:
            ref_name = "Store"
            model = Store
            fields = ("code", "name", "region", "city", "city_tier", "stage", "opened_on")

    required_scope = "stores:read"
    serializer_class = OutputSerializer
    pagination_class = _ByCode

    def get_queryset(self) -> QuerySet[Store]:
        stores = stores_for(self.request.user).select_related("region")
        query = self.FilterSerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        if "stage" in query.validated_data:
            stores = stores.filter(stage=query.validated_data["stage"])
        if "region" in query.validated_data:
            code = query.validated_data["region"]
            stores = stores.filter(region__path__contains=f"/{code}/") | stores.filter(
                region__path__startswith=f"{code}/"
            )
        return stores

    @extend_schema(operation_id="stores_list", summary="门店列表", parameters=[FilterSerializer], responses=ERRORS | {200: OutputSerializer(many=True)})  # fmt: skip  # noqa: E501 -- one line reads better
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class StoreDetail(RetrieveAPIView[Store]):
    """One store by its code."""

    class OutputSerializer(serializers.ModelSerializer[Store]):
        region = serializers.CharField(source="region.code", help_text="区域编码")

        class Meta:
            ref_name = "StoreDetail"
            model = Store
            fields = (
                "code", "name", "region", "city", "city_tier", "address", "latitude", "longitude", "phone", "stage",
                "fitout_on", "opened_on", "running_on", "suspended_on",
            )  # fmt: skip

    required_scope = "stores:read"
    serializer_class = OutputSerializer
    lookup_field = "code"

    def get_queryset(self) -> QuerySet[Store]:
        return stores_for(self.request.user).select_related("region")

    @extend_schema(operation_id="stores_retrieve", summary="一家门店", responses=ERRORS | {200: OutputSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


@extend_schema(exclude=True)
class Nowhere(APIView):
    """An address the API does not have: an error in the API's own form, for any method."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound("接口没有这个地址，见 /api/docs/")
