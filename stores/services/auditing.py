"""The audit trail: every export, reveal and merge leaves an entry."""

from datetime import datetime
from typing import Any

from stores.models import AuditEntry, Staff, Store


def audit(
    *,
    actor: Staff | None,
    action: str,
    at: datetime,
    target: str = "",
    store: Store | None = None,
    detail: dict[str, Any] | None = None,
    address: str | None = None,
) -> AuditEntry:
    """Record that someone did something that must be answered for; `actor` is None for a job."""
    return AuditEntry.objects.create(
        actor=actor, action=action, at=at, target=target, store=store, detail=detail or {}, address=address
    )
