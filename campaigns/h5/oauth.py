"""Who opened the page, asked of WeChat: the official account's OAuth, by `wechatpy`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from django.conf import settings
from wechatpy.exceptions import WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from members.models import Identity, Member
from members.services.identities import IdentityTaken, attach_identity, identify_member
from stores.models import Store

_SECONDS = 5


class NotLetIn(Exception):
    """WeChat did not say who it is; asking again may help."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """What WeChat says: the openid means something to this official account only, the unionid to all of the company."""

    openid: str
    unionid: str = ""


class _Patient(WeChatOAuth):  # type: ignore[misc]  # the library carries no types
    """The library waits for ever; a page cannot."""

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        return super()._request(method, url_or_endpoint, timeout=_SECONDS, **kwargs)


def is_configured() -> bool:
    """Whether there is an official account to ask."""
    return bool(settings.OFFICIAL_ACCOUNT_APP_ID and settings.OFFICIAL_ACCOUNT_SECRET)


def demo_door_is_open() -> bool:
    """Whether a visitor may simply say who she is: never in production, and only beside a WeCom of our own."""
    return not settings.PRODUCTION and not is_configured() and "qyapi.weixin.qq.com" not in settings.WECOM_API_BASE


def authorize_url(*, back_to: str, state: str) -> str:
    """Where WeChat is asked without a tap of hers; it answers at `back_to` with a code and our state."""
    return str(_oauth(back_to=back_to, state=state).authorize_url)


def visitor_of(code: str) -> Visitor:
    """Exchange the code WeChat sent her back with. :raises NotLetIn:"""
    try:
        said = _oauth().fetch_access_token(code)
    except (WeChatOAuthException, requests.RequestException, ValueError) as reason:
        raise NotLetIn from reason
    if not said.get("openid"):
        raise NotLetIn
    return Visitor(openid=said["openid"], unionid=said.get("unionid", ""))


def member_behind(visitor: Visitor, *, at: datetime, home_store: Store | None = None) -> Member:
    """The member behind a visitor: by the unionid where WeChat gave one, else by the openid; new where nobody has it.

    An openid known for another member stays hers: two people who may be one are decided by a person.
    """
    if visitor.unionid:
        member, _ = identify_member(
            kind=Identity.Kind.UNIONID, value=visitor.unionid, source="h5", home_store=home_store, at=at
        )
    else:
        member, _ = identify_member(
            kind=Identity.Kind.OPENID, value=visitor.openid, issuer=settings.OFFICIAL_ACCOUNT_APP_ID, source="h5",
            home_store=home_store, at=at,
        )  # fmt: skip
        return member
    try:
        attach_identity(
            member=member, kind=Identity.Kind.OPENID, value=visitor.openid, issuer=settings.OFFICIAL_ACCOUNT_APP_ID,
            source="h5", at=at,
        )  # fmt: skip
    except IdentityTaken as taken:
        return taken.owner
    return member


def _oauth(*, back_to: str = "", state: str = "") -> _Patient:
    return _Patient(
        settings.OFFICIAL_ACCOUNT_APP_ID, settings.OFFICIAL_ACCOUNT_SECRET, back_to, scope="snsapi_base", state=state
    )
