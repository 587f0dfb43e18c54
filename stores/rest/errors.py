"""Every refusal of the API as `{"code", "message", "fields", "detail"}`, in Chinese."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

# Instead of the library's own words; another text given where the error was raised stands.
_FOR_DEFAULTS: dict[type[exceptions.APIException], str] = {
    exceptions.NotAuthenticated: "请在请求头里带上 Authorization: Bearer 令牌",
    exceptions.NotFound: "没有找到，或不在你能看到的门店里",
}
# Always: the library words these with details in English.
_ALWAYS: dict[type[exceptions.APIException], str] = {
    exceptions.MethodNotAllowed: "这个地址不支持这种请求方法",
    exceptions.ParseError: "请求内容不是有效的 JSON",
    exceptions.UnsupportedMediaType: "请求内容请用 application/json",
    exceptions.NotAcceptable: "这里只回答 application/json",
}


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal in the one form; None for a fault of ours, which is logged and answered by `server_error`."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    code = error.get_codes()
    fields = _by_field(error.detail) if isinstance(error, exceptions.ValidationError) else {}
    response.data = refusal(code if isinstance(code, str) else "invalid", _words(error), fields)
    return response


def refusal(code: str, message: str, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """The one form of every error. `detail` is the message under its first name, which v1 keeps."""
    return {"code": code, "message": message, "fields": fields or {}, "detail": message}


class Refused(exceptions.APIException):
    """What was asked does not fit what is there now: a sold-out article, an order handed over already."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "refused"


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer to a fault of ours: the API's own form for programs, the page for people."""
    if request.path.startswith("/api/"):
        said = refusal("server_error", "服务器出错了，已经记录；请稍后再试")
        return JsonResponse(said, status=500, json_dumps_params={"ensure_ascii": False})
    return defaults.server_error(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The answer to an address nobody has: the API's own form for programs, the page for people."""
    if request.path.startswith("/api/"):
        said = refusal("not_found", "没有这个地址")
        return JsonResponse(said, status=404, json_dumps_params={"ensure_ascii": False})
    return defaults.page_not_found(request, exception)


def _words(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.Throttled):
        return f"请求太频繁，请 {_seconds(error)} 秒后再试"
    if isinstance(error, exceptions.ValidationError):
        return "；".join(f"{where}：{what}" if where else what for where, what in _leaves(error.detail, ""))
    said = str(error.detail)
    if said == str(error.default_detail):
        said = _FOR_DEFAULTS.get(type(error), said)
    return _ALWAYS.get(type(error), said)


def _by_field(detail: Any) -> dict[str, list[str]]:
    """What is wrong with each field, nested ones with a dot and the number of their row; "" for the whole."""
    found: dict[str, list[str]] = {}
    for where, what in _leaves(detail, ""):
        found.setdefault(where, []).append(what)
    return found


def _leaves(detail: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, dict):
        for field, inner in detail.items():
            name = "" if field == "non_field_errors" else str(field)
            yield from _leaves(inner, f"{where}.{name}".strip("."))
    elif isinstance(detail, list):
        for row, inner in enumerate(detail):
            yield from _leaves(inner, f"{where}.{row}".strip(".") if isinstance(inner, dict) else where)
    else:
        yield where, str(detail)


def _seconds(error: exceptions.Throttled) -> int:
    return int(getattr(error, "wait", None) or 1)
