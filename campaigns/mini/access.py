"""Who asks through the mini-program: the member behind the token that her phone's H5 pages keep too."""

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from campaigns.errors import (
    BadClaim,
    CampaignClosed,
    CampaignRefusal,
    LimitReached,
    NotEligible,
    SoldOut,
    UnitTaken,
)
from campaigns.h5.session import member_behind
from campaigns.services.refusals import note_refusal
from members.models import Member

_HEADER_PARTS = 2
_CODES: dict[type[CampaignRefusal], tuple[int, str]] = {
    BadClaim: (400, "bad_claim"),
    CampaignClosed: (409, "campaign_closed"),
    SoldOut: (409, "sold_out"),
    UnitTaken: (409, "unit_taken"),
    LimitReached: (409, "limit_reached"),
    NotEligible: (403, "not_eligible"),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """What `request.user` is here: a member, never a member of staff."""

    member: Member
    is_authenticated: bool = True
    is_active: bool = True

    @property
    def pk(self) -> str:
        return f"member:{self.member.pk}"


class MemberAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` with the token `POST session/` gave out. A forged one leaves a line in the trail."""

    def authenticate(self, request: Request) -> tuple[Visitor, None] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        try:
            member = member_behind(parts[-1].decode("latin-1") if len(parts) == _HEADER_PARTS else "")
        except signing.SignatureExpired as error:
            raise exceptions.AuthenticationFailed("登录已过期，请重新进入") from error
        except signing.BadSignature as error:
            note_refusal(action="campaign.forged_token", at=timezone.now(), detail={"path": request.path[:100]})
            raise exceptions.AuthenticationFailed("登录无效，请重新进入") from error
        if member is None:
            raise exceptions.AuthenticationFailed("登录无效，请重新进入")
        return Visitor(member), None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 -- DRF's signature
        return "Bearer"


class MemberScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the token."""

    target_class = "campaigns.mini.access.MemberAuthentication"
    name = "member"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002 -- its signature
        return {"type": "http", "scheme": "bearer", "description": "POST /api/mini/v1/session/ 给会员的令牌"}


class IsMember(BasePermission):
    """A member's token, not a colleague's or another system's."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 -- DRF's signature
        return isinstance(request.user, Visitor)


class MemberThrottle(SimpleRateThrottle):
    """So many requests of one member; her fast fingers at ten o'clock fit in."""

    scope = "mini"
    rate = "240/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:  # noqa: ARG002 -- DRF's signature
        return f"throttle_mini_{request.user.pk}" if isinstance(request.user, Visitor) else None


class Refused(exceptions.APIException):
    """A refusal of a service, with its own words and a code for the program."""

    def __init__(self, refusal: CampaignRefusal) -> None:
        self.status_code, code = _CODES.get(type(refusal), (409, "refused"))
        super().__init__(str(refusal), code)


class MemberView(APIView):
    """An operation of a member. The services are those of her H5 pages, so the rules are the same."""

    authentication_classes = (MemberAuthentication,)
    permission_classes = (IsMember,)
    throttle_classes = (MemberThrottle,)

    @staticmethod
    def member(request: Request) -> Member:
        visitor: Visitor = request.user  # type: ignore[assignment]  # `IsMember` let nobody else in
        return visitor.member

    def handle_exception(self, exc: Exception) -> Any:
        return super().handle_exception(Refused(exc) if isinstance(exc, CampaignRefusal) else exc)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
