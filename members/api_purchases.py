"""Purchases of other tills over the API: small batches, all or nothing."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.identities import normalise_phone
from members.models import Identity
from members.selectors.scope import members_for
from members.services.identities import UnusableIdentity, identify_member
from members.services.purchases import PurchaseLine, record_purchases
from stores.models import Product, Staff, Store
from stores.rest.filters import EARLIEST, day_starts
from stores.rest.schema import WRITE_ERRORS
from stores.rest.writes import KEY_PARAMETER, idempotent
from stores.selectors import stores_for
from stores.services.auditing import audit

MOST_LINES = 500
_CLOCKS_MAY_DIFFER = timedelta(days=1)
_OURS = "campaign"  # what our own campaigns sell is recorded by themselves
_BIGGEST = 10**12
_BIGGEST_ID = 2**63 - 1


class LineSerializer(serializers.Serializer[Any]):
    """One line of a receipt."""

    store = serializers.CharField(max_length=32, help_text="门店编码")
    receipt = serializers.CharField(max_length=64, help_text="小票号，在门店内唯一")
    line = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="小票里的第几行")
    bought_at = serializers.DateTimeField(help_text="交易时间，带时区")
    product = serializers.CharField(max_length=32, help_text="商品编码")
    quantity = serializers.DecimalField(
        max_digits=10, decimal_places=4, help_text="数量，退货为负；单位见 unit，不写为商品自己的单位"
    )
    unit = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=8, help_text="例如 斤、kg、份"
    )
    unit_price_fen = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=_BIGGEST, help_text="单价，单位分"
    )
    paid_fen = serializers.IntegerField(min_value=-_BIGGEST, max_value=_BIGGEST, help_text="实付，单位分，退货为负")
    payment = serializers.CharField(required=False, allow_blank=True, default="", max_length=16, help_text="支付方式")
    member = serializers.IntegerField(required=False, min_value=1, max_value=_BIGGEST_ID, help_text="会员的 id")
    phone = serializers.CharField(required=False, max_length=32, help_text="完整手机号；新号码会建会员")
    card = serializers.CharField(required=False, max_length=64, help_text="完整会员卡号；新卡号会建会员")

    def validate_bought_at(self, value: datetime) -> datetime:
        if not day_starts(EARLIEST) <= value <= timezone.now() + _CLOCKS_MAY_DIFFER:
            raise serializers.ValidationError("交易时间要在 2000 年之后，不能在将来")
        return value

    def validate_phone(self, value: str) -> str:
        if normalise_phone(value) is None:
            raise serializers.ValidationError("不是完整的大陆手机号")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs.keys() & {"member", "phone", "card"}) > 1:
            raise serializers.ValidationError("member、phone、card 只写一个")
        if attrs["paid_fen"] < 0 < attrs["quantity"]:
            raise serializers.ValidationError("实付为负时，数量也要为负（退货）")
        return attrs


class PurchaseImport(APIView):
    """Record sales of another till; what is recorded already is left as it is."""

    @extend_schema_serializer(component_name="PurchaseBatch")
    class InputSerializer(serializers.Serializer[Any]):
        source = serializers.CharField(  # type: ignore[assignment]  # a declared field, which DRF takes out of the class
            max_length=16, help_text="来源系统的代号，例如 pos；同一来源、门店、小票、行只记一次"
        )
        lines = serializers.ListField(
            child=LineSerializer(), min_length=1, max_length=MOST_LINES, help_text=f"最多 {MOST_LINES} 行"
        )

        def validate_source(self, value: str) -> str:
            if value.lower() == _OURS:
                raise serializers.ValidationError("campaign 是本系统自己的来源，请换一个代号")
            return value

    @extend_schema_serializer(component_name="PurchaseBatchAnswer")
    class OutputSerializer(serializers.Serializer[Any]):
        received = serializers.IntegerField(help_text="收到几行")
        recorded = serializers.IntegerField(help_text="新记下几行")
        known = serializers.IntegerField(help_text="早已记下、没有改动的几行")

    required_scope = write_scope = "purchases:write"

    @extend_schema(
        operation_id="purchases_create", summary="导入购买（小批量）", request=InputSerializer,
        parameters=[KEY_PARAMETER], responses=WRITE_ERRORS | {201: OutputSerializer},
        description="全部记下或全部不记：有一行不对就回答 400，写明是哪一行。大文件请在页面上导入。"
        "修正已记下的行，请另记一行退货。",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        actor = request.user
        if not isinstance(actor, Staff) or actor.role == Staff.Role.GUIDE:
            raise PermissionDenied("导购的令牌不能导入购买")
        body = self.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said, now = body.validated_data, timezone.now()
        lines = _resolve(actor, said["source"], said["lines"], at=now)
        recorded = record_purchases(lines=lines)
        audit(
            actor=actor, action="purchases.api", at=now, target=f"source:{said['source']}", store=actor.store,
            detail={"received": len(lines), "recorded": recorded},
        )  # fmt: skip
        told = {"received": len(lines), "recorded": recorded, "known": len(lines) - recorded}
        return Response(told, status=201)


def _resolve(actor: Staff, source: str, rows: list[dict[str, Any]], *, at: datetime) -> list[PurchaseLine]:
    """The lines with the ids of what they name. :raises ValidationError: naming each row that cannot be"""
    stores = {one.code: one for one in stores_for(actor).filter(code__in={row["store"] for row in rows})}
    products = dict(Product.objects.filter(code__in={row["product"] for row in rows}).values_list("code", "pk"))
    members = set(
        members_for(actor)
        .filter(pk__in={row["member"] for row in rows if "member" in row})
        .values_list("pk", flat=True)
    )
    wrong = [_wrong(row, stores, products, members) for row in rows]
    if any(wrong):
        raise serializers.ValidationError({"lines": wrong})
    known: dict[tuple[str, str], int] = {}
    return [
        PurchaseLine(
            source=source, store_id=stores[row["store"]].pk, product_id=products[row["product"]],
            member_id=_member(row, stores[row["store"]], source, known, at=at),
            **{name: row[name] for name in ("receipt", "line", "bought_at", "quantity", "paid_fen", "unit",
                                            "unit_price_fen", "payment")},
        )
        for row in rows
    ]  # fmt: skip


def _wrong(
    row: dict[str, Any], stores: dict[str, Store], products: dict[str, int], members: set[int]
) -> dict[str, list[str]]:
    found = {}
    if row["store"] not in stores:
        found["store"] = ["没有这家门店，或不在你能看到的门店里"]
    if row["product"] not in products:
        found["product"] = ["没有这个商品"]
    if "member" in row and row["member"] not in members:
        found["member"] = ["没有这位会员，或不在你能看到的门店里"]
    return found


def _member(
    row: dict[str, Any], store: Store, source: str, known: dict[tuple[str, str], int], *, at: datetime
) -> int | None:
    for kind in (Identity.Kind.PHONE, Identity.Kind.CARD):
        if value := row.get(kind.value):
            key = (kind.value, value)
            if key not in known:
                try:
                    member, _ = identify_member(kind=kind, value=value, at=at, source=source, home_store=store)
                except UnusableIdentity:
                    raise serializers.ValidationError({kind.value: ["不是能认人的号码"]}) from None
                known[key] = member.pk
            return known[key]
    return row.get("member")
