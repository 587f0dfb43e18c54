"""What a store's day of posts is counted from, as one print per store and day: another print, another count."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any

from django.db import connection
from django.utils import timezone

RETURNS = timedelta(days=7)  # how long after it was bought what is given back is subtracted
_NEXT = timedelta(days=1)
Key = tuple[int, date]

_POSTS = """
    SELECT store_id, day, count(*), sum(evidence), max(done_at), sum(version_id) FROM communities_posttask
    WHERE day BETWEEN %(first)s AND %(last)s AND state = 'sent' GROUP BY 1, 2
"""
_SALES = """
    SELECT store_id, (bought_at AT TIME ZONE 'Asia/Shanghai')::date,
           count(*) FILTER (WHERE paid_fen > 0), sum(paid_fen) FILTER (WHERE paid_fen > 0),
           count(*) FILTER (WHERE paid_fen < 0), sum(paid_fen) FILTER (WHERE paid_fen < 0)
    FROM members_purchase
    WHERE bought_at >= %(since)s AND bought_at < %(until)s AND member_id IS NOT NULL GROUP BY 1, 2
"""
_ENTRIES = """
    SELECT store_id, (at AT TIME ZONE 'Asia/Shanghai')::date, count(*), sum(hashtext(link)), sum(member_id),
           count(withdrawn_at)
    FROM communities_postentry WHERE at >= %(since)s AND at < %(until)s GROUP BY 1, 2
"""
_QUITS = """
    SELECT g.store_id, (m.left_at AT TIME ZONE 'Asia/Shanghai')::date, count(*), sum(m.quit_scene)
    FROM communities_groupmembership m JOIN communities_customergroup g ON g.id = m.group_id
    WHERE m.left_at >= %(since)s AND m.left_at < %(until)s AND g.store_id IS NOT NULL GROUP BY 1, 2
"""
_CLICKS = """
    SELECT c.store_id, k.day, count(*), count(k.member_id)
    FROM communities_linkclick k JOIN communities_shortlink l ON l.id = k.link_id
    JOIN communities_postcontent c ON c.id = l.content_id
    WHERE k.day BETWEEN %(first)s AND %(last)s GROUP BY 1, 2
"""


def prints(*, first: date, last: date) -> dict[Key, str]:
    """The print of every store's day of posts from one business day to another; five queries."""
    span = {
        "first": first, "last": last, "since": _midnight(first), "until": _midnight(last + RETURNS + 2 * _NEXT),
    }  # fmt: skip
    posts, sales, entries, quits, clicks = (_read(query, span) for query in (_POSTS, _SALES, _ENTRIES, _QUITS, _CLICKS))
    found: dict[Key, str] = {}
    for store, day in posts:
        following = (store, day + _NEXT)
        facts = [
            posts[store, day], clicks.get((store, day)),
            *(kind.get(key, ())[:2] for kind in (sales,) for key in ((store, day), following)),
            *(kind.get(key) for kind in (entries, quits) for key in ((store, day), following)),
            *(sales.get((store, day + n * _NEXT), ())[2:] for n in range(RETURNS.days + 2)),
        ]  # fmt: skip
        found[store, day] = blake2b(repr(facts).encode(), digest_size=16).hexdigest()
    return found


def by_day(keys: Iterable[Key]) -> dict[date, list[int]]:
    """The stores of each day, both in order."""
    days: dict[date, list[int]] = defaultdict(list)
    for store, day in sorted(keys):
        days[day].append(store)
    return dict(sorted(days.items()))


def _read(query: str, span: dict[str, Any]) -> dict[Key, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, span)
        return {(store, day): tuple(map(str, facts)) for store, day, *facts in cursor.fetchall()}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
