"""Entries of a 接龙 and other orders, as the app that takes them tells; what posts brought is counted from these."""

from datetime import datetime

from communities.models import PostEntry


def record_entry(*, key: str, store_id: int, at: datetime, member_id: int | None = None, link: str = "") -> None:
    """Note that somebody ordered in a store. Safe to repeat: the same `key` (at most 64 signs) is the same entry.

    `link` is the token of the short link it came by, empty where it came by none. An entry withdrawn before and told
    again counts again.
    """
    PostEntry.objects.update_or_create(
        key=key,
        defaults={"store_id": store_id, "member_id": member_id, "link": link[:32], "at": at, "withdrawn_at": None},
    )


def withdraw_entry(*, key: str, at: datetime) -> bool:
    """Note that an entry was cancelled: it brought nothing. False where it is unknown, or was withdrawn before."""
    return bool(PostEntry.objects.filter(key=key, withdrawn_at=None).update(withdrawn_at=at))
