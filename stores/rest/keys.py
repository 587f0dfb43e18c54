"""Who asks, and what the key allows."""

from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

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
    """A key does what its scopes say; a person who logged in may read, and writes on the pages.

    A view names its `required_scope`, and `write_scope` where its other methods change something.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        wanted = getattr(view, "required_scope", None)
        if request.method not in SAFE_METHODS:
            wanted = getattr(view, "write_scope", wanted)
        if wanted is None:
            return True
        if isinstance(request.auth, ApiToken):
            if wanted in request.auth.scopes:
                return True
            raise exceptions.PermissionDenied(f"这个令牌没有 {wanted} 权限")
        if wanted.endswith(":write"):
            raise exceptions.PermissionDenied(f"写入要用有 {wanted} 权限的令牌")
        return True


def may_also(request: Request, scope: str) -> bool:
    """Whether the caller may see what belongs to another scope; a person who logged in sees what the pages show."""
    return not isinstance(request.auth, ApiToken) or scope in request.auth.scopes


class TokenRateThrottle(UserRateThrottle):
    """So many requests a minute for each key (for a person without one, each person), counted in Redis.

    A window of fixed minutes and one atomic counter: two requests at once cost two, on however many hosts.
    """

    duration: int | None  # seconds; set from the rate
    num_requests: int | None

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if isinstance(request.auth, ApiToken):
            return f"api-rate:{self.scope}:token:{request.auth.pk}"
        key = super().get_cache_key(request, view)
        return key and f"api-rate:{key}"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key = self.get_cache_key(request, view)
        if key is None or self.num_requests is None or self.duration is None:
            return True
        now = self.timer()
        window, self.used_s = divmod(now, self.duration)
        counter = f"{key}:{int(window)}"
        self.cache.add(counter, 0, timeout=self.duration + 1)
        try:
            return bool(self.cache.incr(counter) <= self.num_requests)
        except ValueError:  # the window closed between the two
            return True

    def wait(self) -> float | None:
        return None if self.duration is None else max(1.0, self.duration - self.used_s)
