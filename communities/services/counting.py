"""Count what comes through a code."""

from datetime import datetime

from django.db import connection
from django.utils import timezone

from communities.models import CodeAdd, EntryCode
from members.identities import value_hash


def customer_hash(external_userid: str) -> bytes:
    """How a newcomer is known in our tables before she is a member."""
    return value_hash(kind="external_userid", value=external_userid)


def count_add(*, token: str, external_userid: str, event: int, at: datetime) -> bool:
    """Count a customer added through a code, once per callback. Returns whether this call counted her."""
    code_id = EntryCode.objects.filter(token=token).values_list("pk", flat=True).first() if token else None
    if code_id is None:
        return False  # a code of the console, or of another app
    _, is_new = CodeAdd.objects.get_or_create(
        event=event, defaults={"code_id": code_id, "customer": customer_hash(external_userid), "at": at}
    )
    return is_new


def count_scan(*, code: EntryCode, at: datetime) -> None:
    """Count one opening of the page behind a printed code."""
    with connection.cursor() as cursor:
        # One statement, so that a crowd at the table loses no count.
        cursor.execute(
            """
            INSERT INTO communities_codescan AS s (code_id, day, times, last_at)
            VALUES (%(code)s, %(day)s, 1, %(at)s)
            ON CONFLICT (code_id, day) DO UPDATE SET times = s.times + 1, last_at = excluded.last_at
            """,
            {"code": code.pk, "day": timezone.localdate(at), "at": at},
        )
