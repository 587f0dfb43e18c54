"""Reads of entry codes: what a store has, what came through, what is wrong."""

from datetime import datetime, timedelta

from communities.models import EntryCode
from stores.models import Store

_PATIENCE = timedelta(minutes=2)  # a message that was sent arrives long before


def forgotten_codes(*, at: datetime, limit: int) -> list[int]:
    """Codes to be made whose message or worker seems lost."""
    waiting = EntryCode.objects.takeable(at).filter(created_at__lte=at - _PATIENCE)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])


def group_code_of(store: Store) -> EntryCode | None:
    """The group code a welcome offers: the oldest that works."""
    return EntryCode.objects.live().filter(store=store, kind=EntryCode.Kind.GROUP).order_by("pk").first()
