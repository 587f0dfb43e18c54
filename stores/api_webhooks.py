"""Webhooks over the API: a receiver says that a test arrived."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from stores.models import Staff, WebhookDelivery
from stores.rest.schema import WRITE_ERRORS
from stores.rest.writes import KEY_PARAMETER, idempotent
from stores.services.webhooks.emitting import TEST
from stores.services.webhooks.endpoints import acknowledge_test


class WebhookTestReceived(APIView):
    """The other system received the test and checked its signature."""

    @extend_schema_serializer(component_name="WebhookTest")
    class OutputSerializer(serializers.Serializer[Any]):
        id = serializers.UUIDField(source="event_id", help_text="推送里的 id")
        acknowledged_at = serializers.DateTimeField()

    required_scope = write_scope = "webhooks:write"

    @extend_schema(
        operation_id="webhooks_tests_acknowledge", summary="确认收到了推送测试", request=None,
        parameters=[KEY_PARAMETER], responses=WRITE_ERRORS | {200: OutputSerializer},
        description="收到 `webhook.test` 并核对签名后，用其中的 `id` 确认，页面上会显示“对方已确认收到”。"
        "只限总部的令牌。",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, event_id: UUID) -> Response:
        tests = WebhookDelivery.objects.filter(event=TEST)
        if not (isinstance(request.user, Staff) and request.user.is_hq):
            tests = tests.none()
        delivery = get_object_or_404(tests, event_id=event_id)
        acknowledge_test(delivery=delivery, at=timezone.now())
        delivery.refresh_from_db()
        return Response(self.OutputSerializer(delivery).data)
