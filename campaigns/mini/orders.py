"""A member's own orders through the mini-program, and how she comes in."""

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from campaigns.errors import OrderRefusal
from campaigns.h5 import oauth
from campaigns.h5.orders import openid_of
from campaigns.h5.session import token_of
from campaigns.mini import shapes
from campaigns.mini.access import MemberView
from campaigns.mini.campaigns import REFUSALS
from campaigns.models import Order
from campaigns.payments.provider import ProviderRefused, ProviderUnavailable
from campaigns.payments.registry import online_provider
from campaigns.selectors.orders import orders_of
from campaigns.services.cancelling import cancel_by_member
from campaigns.services.owning import own_order
from campaigns.services.paying import start_payment
from campaigns.services.waiting import accept_offer
from members.models import Member
from stores.rest.pages import NewestFirst
from stores.rest.schema import ERRORS


class Session(APIView):
    """Coming in: by WeChat's code, as the H5 pages do; in the demo by saying who one is."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (AnonRateThrottle,)

    def get_authenticate_header(self, request: Request) -> str:  # noqa: ARG002 -- DRF's signature
        """So that a refusal is a 401, as everywhere."""
        return "Bearer"

    @extend_schema(operation_id="mini_session", summary="登录", tags=["mini"], request=shapes.MiniSessionSerializer,
                   responses=ERRORS | {200: shapes.MiniTokenSerializer})  # fmt: skip
    def post(self, request: Request) -> Response:
        said = shapes.MiniSessionSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        member = self._member(said.validated_data.get("code", ""), said.validated_data.get("member"))
        return Response(shapes.MiniTokenSerializer({"token": token_of(member)}).data)

    @staticmethod
    def _member(code: str, demo: int | None) -> Member:
        if code and oauth.is_configured():
            try:
                return oauth.member_behind(oauth.visitor_of(code), at=timezone.now())
            except oauth.NotLetIn as error:
                raise exceptions.AuthenticationFailed("微信没有认出您，请重新进入") from error
        if demo is not None and oauth.demo_door_is_open():
            found = Member.objects.filter(merged_into=None, pk=demo).first()
            if found is not None:
                return found
        raise exceptions.AuthenticationFailed("没能认出您，请从微信重新进入")


class MyOrders(MemberView, ListAPIView[Order]):
    """Her orders."""

    serializer_class = shapes.OrderSerializer
    pagination_class = NewestFirst
    queryset = Order.objects.none()  # for the schema

    def get_queryset(self) -> QuerySet[Order]:
        return orders_of(self.member(self.request))

    @extend_schema(operation_id="mini_orders", summary="我的订单，新的在前", tags=["mini"],
                   responses=ERRORS | {200: shapes.OrderSerializer(many=True)})  # fmt: skip
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().get(request, *args, **kwargs)


class _OfOne(MemberView):
    def order(self, request: Request, token: str) -> Order:
        """Hers. :raises Http404: nobody's, or another member's (noted)"""
        found = own_order(member=self.member(request), token=token, at=timezone.now())
        if found is None:
            raise Http404
        return found

    def shown(self, request: Request, token: str) -> Response:
        return Response(shapes.OrderSerializer(self.order(request, token)).data)


class OrderDetail(_OfOne):
    """One order of hers."""

    @extend_schema(operation_id="mini_order", summary="一个订单", tags=["mini"],
                   responses=ERRORS | {200: shapes.OrderSerializer})  # fmt: skip
    def get(self, request: Request, token: str) -> Response:
        return self.shown(request, token)


class Pay(_OfOne):
    """What the phone needs to pay; the sum is the order's, nobody sends it."""

    @extend_schema(operation_id="mini_pay", summary="付款参数", tags=["mini"], request=None,
                   responses=REFUSALS | {200: shapes.MiniPaySerializer})  # fmt: skip
    def post(self, request: Request, token: str) -> Response:
        order, provider = self.order(request, token), online_provider()
        if provider is None:
            raise OrderRefusal("现在不能在线支付，请联系门店改为到店付款")
        try:
            started = start_payment(
                order=order, provider=provider, openid=openid_of(self.member(request)), at=timezone.now()
            )
        except ProviderUnavailable as fault:
            raise OrderRefusal("支付暂时没有回应，请稍等再试。没有扣款") from fault
        except ProviderRefused as no:
            raise OrderRefusal(f"支付没有成功：{no}") from no
        address = f"{settings.SITE_URL}{started.prepared.address}" if started.prepared.address else ""
        return Response(shapes.MiniPaySerializer({"jsapi": dict(started.prepared.jsapi), "address": address}).data)


class Cancel(_OfOne):
    """Taking it back, free of charge until the cut-off."""

    @extend_schema(operation_id="mini_cancel", summary="取消订单", tags=["mini"], request=None,
                   responses=REFUSALS | {200: shapes.OrderSerializer})  # fmt: skip
    def post(self, request: Request, token: str) -> Response:
        cancel_by_member(order=self.order(request, token), member=self.member(request), at=timezone.now())
        return self.shown(request, token)


class Accept(_OfOne):
    """Taking what came free for her, to be paid at the shop."""

    @extend_schema(operation_id="mini_accept", summary="要候补到的这份（到店付款）", tags=["mini"], request=None,
                   responses=REFUSALS | {200: shapes.OrderSerializer})  # fmt: skip
    def post(self, request: Request, token: str) -> Response:
        accept_offer(order=self.order(request, token), at=timezone.now())
        return self.shown(request, token)
