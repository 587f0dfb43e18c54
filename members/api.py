"""Members over the API: one class per operation; ids are masked as on the pages."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from members.identities import normalise_phone
from members.models import Consent, Member, Purchase
from members.selectors import habits
from members.selectors.consents import consent_state
from members.selectors.listing import member_rows
from members.selectors.scope import members_for, purchases_for
from members.selectors.search import MemberFilter, find_members, is_full_id
from members.selectors.survivors import survivor_of
from stores.rest.pages import NewestFirst
from stores.rest.schema import ERRORS


class _StoreReference(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class MemberRowSerializer(serializers.Serializer[Any]):
    """One member; money in fen, times with their zone."""

    id = serializers.IntegerField(source="member.pk")
    name = serializers.CharField(source="member.name")
    home_store = _StoreReference(source="member.home_store", allow_null=True)
    joined_at = serializers.DateTimeField(source="member.joined_at")
    phones = serializers.ListField(child=serializers.CharField(), help_text="脱敏，例如 138****5678")
    cards = serializers.ListField(child=serializers.CharField(), help_text="脱敏，只留尾号")
    last_purchase_at = serializers.DateTimeField(allow_null=True)
    recent_spend_fen = serializers.IntegerField(help_text="近 90 天实付，退货已扣，单位分")


def _visible_member(request: Request, pk: int) -> Member:
    """The member or the one she was merged into. :raises Http404: outside the caller's stores"""
    member = members_for(request.user).select_related("home_store").filter(pk=survivor_of(pk)).first()
    if member is None:
        raise Http404
    return member


class MemberList(ListAPIView[Member]):
    """The members the caller may see, the newest entry first."""

    class FilterSerializer(serializers.Serializer[Any]):
        q = serializers.CharField(required=False, max_length=64, help_text="姓名的一部分，或手机、卡号后四位")
        store = serializers.CharField(required=False, max_length=64, help_text="门店编码，或名称的一部分")
        has_phone = serializers.BooleanField(required=False, help_text="只要留了手机号的")
        joined_since = serializers.DateField(required=False, help_text="入会不早于，例如 2026-01-31")

        def validate_q(self, value: str) -> str:
            if is_full_id(value):
                raise serializers.ValidationError("完整号码不能写在地址里，请用 POST /api/v1/members/lookup/")
            return value

    required_scope = "members:read"
    serializer_class = MemberRowSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Member]:
        query = self.FilterSerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        return find_members(
            self.request.user,
            MemberFilter(
                text=wanted.get("q", ""), store=wanted.get("store", ""), has_phone=wanted.get("has_phone", False),
                joined_since=wanted.get("joined_since"),
            ),
        ).select_related("home_store")  # fmt: skip

    @extend_schema(
        operation_id="members_list", summary="会员列表", parameters=[FilterSerializer],
        responses=ERRORS | {200: MemberRowSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 -- DRF's signature
        page = self.paginate_queryset(self.get_queryset()) or []
        rows = member_rows(request.user, list(page), at=timezone.now())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)


class MemberLookup(GenericAPIView[Member]):
    """Find one member by a full phone or card number, which travels in the body and so in no log."""

    @extend_schema_serializer(component_name="MemberLookup")
    class InputSerializer(serializers.Serializer[Any]):
        number = serializers.CharField(max_length=64, help_text="完整的手机号或会员卡号")

        def validate_number(self, value: str) -> str:
            if not is_full_id(value) and normalise_phone(value) is None:
                raise serializers.ValidationError("请写完整的手机号或卡号")
            return value

    required_scope = "members:read"
    throttle_scope = "lookup"
    serializer_class = InputSerializer

    @extend_schema(
        operation_id="members_lookup", summary="按完整手机号或卡号找会员", request=InputSerializer,
        responses=ERRORS | {200: MemberRowSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        body = self.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = find_members(request.user, MemberFilter(text=body.validated_data["number"]))
        members = list(found.select_related("home_store")[:1])
        if not members:
            raise Http404
        [row] = member_rows(request.user, members, at=timezone.now())
        return Response(MemberRowSerializer(row).data)


class MemberDetail(GenericAPIView[Member]):
    """One member with consent and totals; the id of a merged member answers with the survivor."""

    @extend_schema_serializer(component_name="MemberDetail")
    class OutputSerializer(MemberRowSerializer):
        class ConsentSerializer(serializers.Serializer[Any]):
            purpose = serializers.ChoiceField(Consent.Purpose.choices)
            decision = serializers.ChoiceField(Consent.Decision.choices, allow_null=True, help_text="null：没有问过")
            at = serializers.DateTimeField(allow_null=True)

        class TotalsSerializer(serializers.Serializer[Any]):
            receipts = serializers.IntegerField(help_text="购买次数，退货不算")
            net_fen = serializers.IntegerField(help_text="实付，退货已扣，单位分")
            returned_fen = serializers.IntegerField(help_text="退货金额，单位分")
            first_at = serializers.DateTimeField(allow_null=True)
            last_at = serializers.DateTimeField(allow_null=True)

        consents = ConsentSerializer(many=True)
        totals = TotalsSerializer()

    required_scope = "members:read"
    serializer_class = OutputSerializer

    @extend_schema(operation_id="members_retrieve", summary="一位会员", responses=ERRORS | {200: OutputSerializer})
    def get(self, request: Request, pk: int) -> Response:
        member = _visible_member(request, pk)
        [row] = member_rows(request.user, [member], at=timezone.now())
        totals = habits.totals(purchases_for(request.user).filter(member=member))
        standing = [
            {"purpose": purpose, "decision": entry and entry.decision, "at": entry and entry.at}
            for purpose, entry in consent_state(member).items()
        ]
        return Response(self.get_serializer({**vars(row), "consents": standing, "totals": totals}).data)


class MemberPurchases(ListAPIView[Purchase]):
    """A member's purchase lines in the stores the caller may see, the newest first."""

    class OutputSerializer(serializers.ModelSerializer[Purchase]):
        store = serializers.CharField(source="store.code", help_text="门店编码")
        product = serializers.CharField(source="product.code", help_text="商品编码")
        product_name = serializers.CharField(source="product.name")
        quantity = serializers.DecimalField(max_digits=14, decimal_places=4, help_text="退货为负")
        paid_fen = serializers.IntegerField(help_text="实付，单位分，退货为负")

        class Meta:
            ref_name = "Purchase"
            model = Purchase
            fields = ("store", "receipt", "bought_at", "product", "product_name", "quantity", "unit", "paid_fen",
                      "payment", "source")  # fmt: skip

    class NewestBought(NewestFirst):
        ordering = ("-bought_at", "store_id", "receipt", "line", "source")

    required_scope = "members:read"
    serializer_class = OutputSerializer
    pagination_class = NewestBought

    def get_queryset(self) -> QuerySet[Purchase]:
        member = _visible_member(self.request, self.kwargs["pk"])
        return purchases_for(self.request.user).filter(member=member).select_related("store", "product")

    @extend_schema(
        operation_id="members_purchases_list", summary="一位会员的购买明细",
        responses=ERRORS | {200: OutputSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
