"""What lists may be narrowed by, in more than one of them."""

from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


def validate_day(day: date) -> None:
    """A day our tables can hold, in any time zone. :raises ValidationError:"""
    if not EARLIEST <= day <= LATEST:
        raise serializers.ValidationError(f"日期要在 {EARLIEST} 到 {LATEST} 之间")


def day_starts(day: date) -> datetime:
    """The first moment of a business day (Asia/Shanghai)."""
    return timezone.make_aware(datetime.combine(day, time.min))


class PeriodFilter(serializers.Serializer[Any]):
    """From one business day to another, both included, of one store or of all one sees."""

    store = serializers.CharField(required=False, max_length=32, help_text="门店编码")
    since = serializers.DateField(required=False, validators=[validate_day], help_text="从这一天起，例如 2026-01-31")
    until = serializers.DateField(required=False, validators=[validate_day], help_text="到这一天止，含当天")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "since" in attrs and "until" in attrs and attrs["since"] > attrs["until"]:
            raise serializers.ValidationError({"until": "结束日期早于开始日期"})
        return attrs


def wishes(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The query of a list, checked. :raises ValidationError:"""
    query = serializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)
