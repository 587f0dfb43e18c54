"""What the OpenAPI schema says of keys and errors."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the key."""

    target_class = "stores.rest.keys.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002 -- its signature
        return {"type": "http", "scheme": "bearer", "description": "总部在「我的 → 接口与推送」里发的令牌"}


class ErrorSerializer(serializers.Serializer[Any]):
    """The one form of every error."""

    code = serializers.CharField(help_text="给程序判断的代码，例如 not_found、invalid、throttled")
    message = serializers.CharField(help_text="给人看的中文说明；参数有误时写明是哪一个")
    fields = serializers.DictField(  # type: ignore[assignment]  # a declared field, which DRF takes out of the class
        child=serializers.ListField(child=serializers.CharField()), help_text="参数有误时，逐个参数的说明"
    )
    detail = serializers.CharField(help_text="与 message 相同，早先的名字")


ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 405, 406, 429), ErrorSerializer)
# Of what has a body.
WRITE_ERRORS: dict[int, Any] = ERRORS | dict.fromkeys((409, 415, 422), ErrorSerializer)
