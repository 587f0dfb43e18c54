"""Every refusal of the API as `{"code", "detail"}`, the detail in Chinese."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
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
    """Every refusal as `{"code", "detail"}`; None for a fault of ours, which is logged and answered as a 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    code = error.get_codes()
    response.data = {"code": code if isinstance(code, str) else "invalid", "detail": _words(error)}
    return response


def _words(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.Throttled):
        return f"请求太频繁，请 {_seconds(error)} 秒后再试"
    if isinstance(error, exceptions.ValidationError):
        return "；".join(_sentences(error.detail, ""))
    said = str(error.detail)
    if said == str(error.default_detail):
        said = _FOR_DEFAULTS.get(type(error), said)
    return _ALWAYS.get(type(error), said)


def _sentences(detail: Any, where: str) -> Iterator[str]:
    """`field：what is wrong`, for each field, nested ones with a dot."""
    if isinstance(detail, dict):
        for field, inner in detail.items():
            name = "" if field == "non_field_errors" else str(field)
            yield from _sentences(inner, f"{where}.{name}".strip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _sentences(inner, where)
    else:
        yield f"{where}：{detail}" if where else str(detail)


def _seconds(error: exceptions.Throttled) -> int:
    return int(getattr(error, "wait", None) or 1)
