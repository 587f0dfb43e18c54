"""The trail of what was tried and refused: forged orders, other people's orders, unsigned notices."""

from datetime import datetime
from typing import Any

from django.core.cache import cache

from stores.models import Staff, Store
from stores.services.auditing import audit

_MOST_A_MINUTE = 60  # of one kind: a flood must not fill the trail


def note_refusal(
    *, action: str, at: datetime, target: str = "", store: Store | None = None, actor: Staff | None = None,
    detail: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Leave an audit entry about an attempt; call it after the transaction that refused was rolled back.

    Of one kind at most sixty a minute are written, the last of them saying that more came.
    """
    key = f"campaigns:refused:{action}:{int(at.timestamp()) // 60}"
    cache.add(key, 0, timeout=120)
    count = cache.incr(key)
    if count > _MOST_A_MINUTE:
        return
    said = dict(detail or {})
    if count == _MOST_A_MINUTE:
        said["more"] = "本分钟内还有更多，未逐条记录"
    audit(actor=actor, action=action, target=target[:128], store=store, at=at, detail=said)
