"""Who asks, and what the key allows."""

from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from stores.models import ApiToken, Staff
from stores.services.tokens import live_token

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which loads the classes below through the settings

_HEADER_PARTS = 2


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer dq_…`: the key of another system, acting as the member of staff it belongs to."""

    def authenticate(self, request: Request) -> tuple[Staff, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        token = None
        if len(parts) == _HEADER_PARTS:
            token = live_token(secret=parts[1].decode("latin-1"), at=timezone.now())
        if token is None:
            raise exceptions.AuthenticationFailed("令牌无效、已到期或已吊销")
        return token.staff, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 -- DRF's signature
        return "Bearer"


class HasScope(BasePermission):
    """A key does what its scopes say (`required_scope` of the view); a person who logged in may read."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        wanted = getattr(view, "required_scope", None)
        if wanted is None or not isinstance(request.auth, ApiToken) or wanted in request.auth.scopes:
            return True
        raise exceptions.PermissionDenied(f"这个令牌没有 {wanted} 权限")
