"""Materials over the API: one class per operation."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from communities.models import Material, Theme
from communities.selectors.content import materials_for
from stores.rest.schema import ERRORS


class MaterialList(ListAPIView[Material]):
    """What may be posted, as it stands now: HQ's and that of the stores the caller may see, newest first."""

    class FilterSerializer(serializers.Serializer[Any]):
        theme = serializers.ChoiceField(Theme.choices, required=False, help_text="主题")
        store = serializers.CharField(required=False, max_length=32, help_text="门店编码")
        archived = serializers.BooleanField(required=False, default=False, help_text="已归档的")

    class OutputSerializer(serializers.ModelSerializer[Material]):
        store = serializers.CharField(
            source="store.code", allow_null=True, default=None, help_text="门店编码；总部的为空"
        )
        version = serializers.IntegerField(source="current.number", help_text="当前版本")
        text = serializers.CharField(source="current.text", help_text="文案，占位原样")
        product = serializers.CharField(
            source="current.product.code", allow_null=True, default=None, help_text="商品编码"
        )
        price_fen = serializers.IntegerField(source="current.price_fen", allow_null=True, help_text="活动价（分）")
        link_url = serializers.CharField(source="current.link_url", help_text="链接")
        expires_on = serializers.DateField(source="current.expires_on", allow_null=True, help_text="有效期至")
        changed_at = serializers.DateTimeField(source="current.made_at", help_text="最近修改")

        class Meta:
            ref_name = "Material"
            model = Material
            fields = (
                "id", "name", "theme", "store", "version", "text", "product", "price_fen", "link_url", "expires_on",
                "created_at", "changed_at", "archived_at",
            )  # fmt: skip

    required_scope = "materials:read"
    serializer_class = OutputSerializer

    def get_queryset(self) -> QuerySet[Material]:
        query = self.FilterSerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        wish = query.validated_data
        materials = materials_for(self.request.user).filter(  # type: ignore[arg-type]
            current__isnull=False, archived_at__isnull=not wish["archived"]
        )
        if "theme" in wish:
            materials = materials.filter(theme=wish["theme"])
        if "store" in wish:
            materials = materials.filter(store__code=wish["store"])
        return materials.select_related("store", "current__product")

    @extend_schema(operation_id="materials_list", summary="素材列表", parameters=[FilterSerializer], responses=ERRORS | {200: OutputSerializer(many=True)})  # fmt: skip  # noqa: E501 -- one line reads better
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
