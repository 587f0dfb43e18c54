"""Give the posts of a day their channel, from the plan's wish and the quota ledger."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import connection

from communities.models import PostTask
from communities.services.cadence.choosing import Choice, Wanted, choose
from communities.services.cadence.ledger import budgets

_NOTE = """
    UPDATE communities_posttask AS t SET channel = w.channel, channel_reason = left(w.reason, 100)
    FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS w (id, channel, reason)
    WHERE t.id = w.id AND t.state = 'planned' AND (t.channel, t.channel_reason) IS DISTINCT FROM (w.channel, w.reason)
"""


def weigh(*, day: date, store_ids: Collection[int], group_ids: Collection[int] | None = None, at: datetime) -> None:
    """Choose anew for every planned post of a day; call it inside `store_days`, or two slots may take one count.

    A blocked post takes none: what is blocked and mended is chosen for when it is released.
    """
    planned = PostTask.objects.filter(
        day=day, store__in=store_ids, state=PostTask.State.PLANNED, closes_at__gt=at
    ).order_by()
    if group_ids is not None:
        planned = planned.filter(group__in=group_ids)
    posts: dict[int, list[Wanted]] = defaultdict(list)
    for group, task, slot, must_do, wish, owner in planned.values_list(
        "group_id", "pk", "slot_id", "must_do", "wish", "owner_userid"
    ):
        posts[group].append(Wanted(task, slot, must_do, wish, bool(owner)))
    if not posts:
        return
    chosen: dict[int, Choice] = {}
    for group, budget in budgets(group_ids=list(posts), day=day).items():
        chosen |= choose(posts[group], budget)
    with connection.cursor() as cursor:
        columns: list[list[Any]] = [
            list(chosen),
            [one.channel for one in chosen.values()],
            [one.reason for one in chosen.values()],
        ]
        cursor.execute(_NOTE, columns)
