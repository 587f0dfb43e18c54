"""What the OpenAPI schema says of keys and errors."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the key."""

    target_class = "stores.rest.keys.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002 -- its signature
        return {"type": "http", "scheme": "bearer", "description": "由 manage.py create_api_token 发的令牌"}


class ErrorSerializer(serializers.Serializer[Any]):
    """The one form of every error."""

    code = serializers.CharField(help_text="给程序判断的代码，例如 not_found、invalid、throttled")
    detail = serializers.CharField(help_text="给人看的中文说明；参数有误时写明是哪一个")


ERRORS: dict[int, Any] = {400: ErrorSerializer, 401: ErrorSerializer, 403: ErrorSerializer, 404: ErrorSerializer,
                          429: ErrorSerializer}  # fmt: skip
