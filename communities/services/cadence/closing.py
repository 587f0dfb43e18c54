"""End a slot: what was not sent by its end is missed, with the reason, and stays as history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from communities.models import PostTask
from stores.services.webhooks.emitting import emit

# The reading at 60 minutes falls on the end of the grace: it may speak first, and is not waited for longer than this.
_LAST_WORD = timedelta(minutes=10)
_CLOSE = """
    UPDATE communities_posttask AS t
    SET state = 'missed',
        miss_reason = CASE WHEN t.state = 'planned' OR b.state IN ('pending', 'refused') THEN 'not_released'
                           ELSE 'not_sent' END
    FROM communities_posttask AS old LEFT JOIN communities_broadcast b ON b.id = old.broadcast_id
    WHERE old.id = t.id AND t.state IN ('planned', 'released') AND t.closes_at <= %(at)s
      AND (b.id IS NULL OR b.state <> 'created' OR b.polls >= 3 OR t.closes_at <= %(latest)s)
    RETURNING t.id
"""
_FREE = """
    UPDATE communities_quotause AS q SET state = 'freed', at = %(at)s
    FROM communities_broadcast b
    WHERE q.broadcast_id = b.id AND q.state = 'held' AND b.state = 'refused'
"""
# Never asked for, and nobody is left to send it to. One that was asked for is looked for first.
_REFUSE = """
    UPDATE communities_broadcast AS b SET state = 'refused', leased_until = NULL, error = '时段已结束，未创建'
    WHERE b.state = 'pending' AND b.attempted_at IS NULL AND (b.leased_until IS NULL OR b.leased_until <= %(at)s)
      AND NOT EXISTS (
          SELECT FROM communities_posttask t
          WHERE t.broadcast_id = b.id AND t.state = 'released' AND t.closes_at > %(at)s)
"""


@dataclass(frozen=True, slots=True)
class Closed:
    """How many posts were missed, and how many group-sends were never made."""

    missed: int
    not_made: int

    def __add__(self, other: "Closed") -> "Closed":
        return Closed(self.missed + other.missed, self.not_made + other.not_made)


@transaction.atomic
def close(*, at: datetime) -> Closed:
    """End every slot whose time is over; a repeated call finds nothing left."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, {"at": at, "latest": at - _LAST_WORD})
        missed = [int(pk) for (pk,) in cursor.fetchall()]
        cursor.execute(_REFUSE, {"at": at})
        not_made = cursor.rowcount
        if not_made:
            cursor.execute(_FREE, {"at": at})
    if missed:
        emit(event="post.missed", at=at, rows=lambda: _missed_rows(missed))
    return Closed(len(missed), not_made)


def _missed_rows(ids: list[int]) -> Iterator[dict[str, Any]]:
    for post in PostTask.objects.filter(pk__in=ids).select_related("store").order_by("pk").iterator(2_000):
        yield {
            "post": post.pk, "group": post.group_id, "store": post.store.code, "day": post.day.isoformat(),
            "slot": post.slot_id, "must_do": post.must_do, "reason": post.miss_reason,
        }  # fmt: skip
