"""Keys for other systems: made once, shown once, checked at every request."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from stores.models import ApiToken, Staff
from stores.services.auditing import audit

SCOPES = {
    "stores:read": "读门店与商品", "members:read": "读会员与购买", "materials:read": "读素材",
    "groups:read": "读客户群与进退群", "posts:read": "读群发任务", "campaigns:read": "读活动", "orders:read": "读订单",
    "metrics:read": "读指标", "exports:read": "读导出",
    "purchases:write": "导入购买", "shelf:write": "改价格与库存", "campaigns:write": "开活动草稿",
    "orders:write": "核销取货", "exports:write": "发起导出", "webhooks:write": "确认推送测试",
}  # fmt: skip
_PREFIX = "dq_"  # so that a leaked key is recognised for what it is
_NOTE_USE_EVERY = timedelta(minutes=10)  # one write in ten minutes, not one a request


class UnknownScope(ValueError):
    """A scope that no operation asks for."""


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@transaction.atomic
def create_token(
    *, staff: Staff, name: str, scopes: Sequence[str], expires_at: datetime, at: datetime, actor: Staff | None = None
) -> tuple[ApiToken, str]:
    """A new token and its secret, which nobody can read again: 32 random bytes need no slow hash.

    :raises UnknownScope: one of the scopes does not exist, or there is none
    """
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= SCOPES.keys():
        raise UnknownScope("、".join(sorted(set(wanted) - SCOPES.keys())))
    secret = _PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        staff=staff, name=name, digest=_digest(secret), scopes=wanted, created_at=at, expires_at=expires_at
    )
    audit(
        actor=actor, action="api_token.created", at=at, target=f"staff:{staff.pk}", store=staff.store,
        detail={"token": token.pk, "name": name, "scopes": wanted},
    )  # fmt: skip
    return token, secret


def revoke_token(*, token: ApiToken, at: datetime, actor: Staff | None = None) -> bool:
    """End a token now; False where it had ended before."""
    revoked = bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at))
    if revoked:
        audit(
            actor=actor, action="api_token.revoked", at=at, target=f"staff:{token.staff_id}",
            detail={"token": token.pk, "name": token.name},
        )  # fmt: skip
    return revoked


def live_token(*, secret: str, at: datetime) -> ApiToken | None:
    """The token of this secret while it holds: not ended, not expired, its person still at work; its use is noted."""
    token = (
        ApiToken.objects.select_related("staff__region", "staff__store")
        .filter(digest=_digest(secret), revoked_at=None, expires_at__gt=at, staff__is_active=True)
        .first()
    )
    if token is not None and (token.last_used_at is None or token.last_used_at < at - _NOTE_USE_EVERY):
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=at - _NOTE_USE_EVERY)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=at)
    return token
