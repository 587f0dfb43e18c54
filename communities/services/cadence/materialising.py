"""From plan to posts: one row per group, day and slot, made the evening before and again on every change.

Only what is not yet released is touched: planned and blocked rows follow the plan, all others are history.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from communities.models import CustomerGroup
from communities.selectors.planned import PlannedPost, planned_posts
from communities.services.cadence.checking import check_posts, unreleased
from communities.services.cadence.timing import release_at, shards, store_days
from communities.services.cadence.weighing import weigh

# What a later plan may change in a row.
_FOLLOWS = (
    "store_id", "cell_id", "own_post_id", "version_id", "must_do", "wish", "owner_userid", "due_at", "release_at",
    "closes_at",
)  # fmt: skip
_TYPES = {
    "group_id": "bigint", "slot_id": "smallint", "store_id": "bigint", "cell_id": "bigint", "own_post_id": "bigint",
    "version_id": "bigint", "must_do": "boolean", "wish": "text", "owner_userid": "text", "due_at": "timestamptz",
    "release_at": "timestamptz", "closes_at": "timestamptz",
}  # fmt: skip
_COLUMNS = ", ".join(_TYPES)
_WANTED = f"""
    CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
    SELECT * FROM unnest({", ".join(f"%s::{kind}[]" for kind in _TYPES.values())}) AS w ({_COLUMNS})
"""  # noqa: S608 -- our own column names
_UPSERT = f"""
    WITH done AS (
        INSERT INTO communities_posttask AS t ({_COLUMNS}, day, state, channel, channel_reason, findings, evidence,
                                              skip_reason, skip_note, miss_reason, failure)
        SELECT {_COLUMNS}, %(day)s, 'planned', '', '', '[]'::jsonb, 0, '', '', '', '' FROM wanted
        WHERE closes_at > %(at)s
        ON CONFLICT (group_id, day, slot_id) DO UPDATE
        SET state = 'planned', channel = '', channel_reason = '', findings = '[]'::jsonb,
            {", ".join(f"{name} = excluded.{name}" for name in _FOLLOWS)}
        WHERE t.state IN ('planned', 'blocked', 'withdrawn')
          AND (t.state = 'withdrawn'
               OR ({", ".join(f"t.{name}" for name in _FOLLOWS)})
                  IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _FOLLOWS)}))
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM done
"""  # noqa: S608 -- our own column names
_WITHDRAW = """
    UPDATE communities_posttask AS t SET state = 'withdrawn', channel = '', channel_reason = '', findings = '[]'::jsonb
    WHERE t.day = %(day)s AND t.store_id = ANY(%(stores)s) AND t.state IN ('planned', 'blocked')
      AND t.closes_at > %(at)s
      AND NOT EXISTS (SELECT FROM wanted w WHERE w.group_id = t.group_id AND w.slot_id = t.slot_id)
"""


@dataclass(frozen=True, slots=True)
class Materialised:
    """How many posts came into being, follow a changed plan, or are no longer wanted."""

    created: int = 0
    changed: int = 0
    withdrawn: int = 0

    def __add__(self, other: "Materialised") -> "Materialised":
        return Materialised(
            self.created + other.created, self.changed + other.changed, self.withdrawn + other.withdrawn
        )


def materialise(*, day: date, store_ids: Collection[int] | None = None, at: datetime) -> Materialised:
    """Let the posts of a day follow the plan, for some stores or all; a repeated call changes nothing.

    New and changed posts are checked, and every channel of the day is chosen anew. Slots that have closed by `at` are
    left as they are. Each shard of stores is a transaction of its own, in which the plan is read: of two runs, the
    later one has seen the newer plan.
    """
    done = Materialised()
    for part in shards(_stores_with_groups() if store_ids is None else store_ids):
        with store_days(part):
            done += _upsert(planned_posts(day=day, store_ids=part), day=day, store_ids=part, at=at)
            check_posts(unreleased(at=at).filter(day=day, store__in=part), at=at)
            weigh(day=day, store_ids=part, at=at)
    return done


def _stores_with_groups() -> set[int]:
    """Dissolved groups count too: what is still planned for them is to be withdrawn."""
    known = CustomerGroup.objects.filter(store__isnull=False)
    return set(known.order_by().values_list("store_id", flat=True).distinct())


def _upsert(posts: Sequence[PlannedPost], *, day: date, store_ids: Sequence[int], at: datetime) -> Materialised:
    with connection.cursor() as cursor:
        cursor.execute(_WANTED, _columns(posts))
        cursor.execute(_UPSERT, {"day": day, "at": at})
        created, changed = cursor.fetchone()
        cursor.execute(_WITHDRAW, {"day": day, "stores": list(store_ids), "at": at})
        withdrawn = cursor.rowcount
        cursor.execute("DROP TABLE wanted")
    return Materialised(created, changed, withdrawn)


def _columns(posts: Sequence[PlannedPost]) -> list[list[object]]:
    """The posts column by column, in the order of `_TYPES`."""
    rows = [
        (
            post.group_id, post.slot_number, post.store_id, post.cell_id, post.own_post_id, post.version_id,
            post.must_do, post.wish, post.owner_userid, post.due_at,
            release_at(
                due_at=post.due_at, owner=post.owner_userid or f"store {post.store_id}", slot_number=post.slot_number
            ),
            post.closes_at,
        )
        for post in posts
    ]  # fmt: skip
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in _TYPES]
