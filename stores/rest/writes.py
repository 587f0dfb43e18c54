"""Writes over the API: each has an `Idempotency-Key`, is done once, and is answered the same when repeated."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from stores.models import ApiToken
from stores.services import idempotency
from stores.services.idempotency import Answer

_KEY = re.compile(r"[\x21-\x7e]{1,64}")
KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]{1,64}$"},
    OpenApiParameter.HEADER, required=True,
    description="这次写入的标识，建议用 UUID。24 小时内用同一标识重发同样的请求，不会再做一遍，得到第一次的回答",
)  # fmt: skip


class KeyMissing(exceptions.APIException):
    """A write without the header."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "idempotency_key_required"
    default_detail = "请带上请求头 Idempotency-Key（1 到 64 个可见的英文字符），重发时不变"


class KeyReused(exceptions.APIException):
    """The key of another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "这个 Idempotency-Key 已经用在另一个请求上，请换一个"


class StillRunning(exceptions.APIException):
    """The same request came before and is not done yet."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "in_progress"
    default_detail = "同样的请求正在处理，请稍后用同一个 Idempotency-Key 再试"


def idempotent(method: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap a method that writes: what it returns is kept, what it raises undoes all it did."""

    @wraps(method)
    def answer_once(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            raise KeyMissing
        token = request.auth
        if not isinstance(token, ApiToken):
            raise exceptions.PermissionDenied("写入要用令牌")

        def work() -> Answer:
            response = method(self, request, *args, **kwargs)
            return Answer(response.status_code, json.loads(JSONRenderer().render(response.data) or b"null"))

        try:
            answer = idempotency.once(
                token=token, key=key, digest=_digest(request), at=timezone.now(), work=work
            )  # fmt: skip
        except idempotency.KeyReused:
            raise KeyReused from None
        except idempotency.StillRunning:
            raise StillRunning from None
        headers = {"Idempotency-Replayed": "true"} if answer.replayed else None
        return Response(answer.body, status=answer.status, headers=headers)

    return answer_once


def _digest(request: Request) -> bytes:
    """Of the request's meaning: the order of keys and the blanks in its body do not matter."""
    body = json.dumps(request.data, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(f"{request.method} {request.path}\n{body}".encode("utf-8", "surrogatepass")).digest()
