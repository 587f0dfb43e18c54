"""Entries of a 接龙 and other orders, as the app that takes them tells; what posts brought is counted from these."""

from datetime import datetime

from django.db import connection

from communities.models import PostEntry

# One statement, without savepoints: it stands in the middle of every claim.
_RECORD = """
    INSERT INTO communities_postentry (key, store_id, member_id, link, at, withdrawn_at)
    VALUES (%s, %s, %s, %s, %s, NULL)
    ON CONFLICT (key) DO UPDATE
    SET store_id = excluded.store_id, member_id = excluded.member_id, link = excluded.link, at = excluded.at,
        withdrawn_at = NULL
"""


def record_entry(*, key: str, store_id: int, at: datetime, member_id: int | None = None, link: str = "") -> None:
    """Note that somebody ordered in a store. Safe to repeat: the same `key` (at most 64 signs) is the same entry.

    `link` is the token of the short link it came by, empty where it came by none. An entry withdrawn before and told
    again counts again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [key, store_id, member_id, link[:32], at])


def withdraw_entry(*, key: str, at: datetime) -> bool:
    """Note that an entry was cancelled: it brought nothing. False where it is unknown, or was withdrawn before."""
    return bool(PostEntry.objects.filter(key=key, withdrawn_at=None).update(withdrawn_at=at))
