"""Value by night: count each store's buying, learn from a sample of everybody, score each store again.

Counting is incremental (only members with new lines), scoring is not: a day that passes without her changes a member
too. Both write only rows that differ, in one statement a store.
"""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F
from django.utils import timezone

from members.models import Member
from stores.models import ImportJob, Store
from tagging.models import MemberValue, ValueModel
from tagging.valuing.scoring import Buying, Scores, cuts_of, scored, weeks_of
from tagging.valuing.spend import SpendModel
from tagging.valuing.visits import VisitModel

SAMPLE = 20_000
REGION_NEEDS = 100  # members; below it the whole chain's cuts serve
_CHUNK = 5_000
_OVERLAP = timedelta(days=2)
_COUNT = """
INSERT INTO tagging_membervalue AS old (member_id, store_id, first_on, last_on, days, year_days, total_fen, year_fen,
    repeat_fen, recency, frequency, monetary, alive, expected_visits, ltv_fen, stage, counted_at)
SELECT member_id, %(store)s, min(day), max(day), count(*), count(*) FILTER (WHERE day > %(year_ago)s),
    sum(fen), coalesce(sum(fen) FILTER (WHERE day > %(year_ago)s), 0),
    CASE WHEN count(*) > 1 THEN ((sum(fen) - (array_agg(fen ORDER BY day))[1]) / (count(*) - 1))::bigint ELSE 0 END,
    0, 0, 0, 0, 0, 0, '', %(at)s
FROM (
    SELECT member_id, (bought_at AT TIME ZONE 'Asia/Shanghai')::date AS day, sum(paid_fen) AS fen
    FROM members_purchase WHERE member_id = ANY(%(members)s) AND bought_at <= %(at)s
    GROUP BY 1, 2 HAVING bool_or(paid_fen >= 0)
) AS days GROUP BY member_id
ON CONFLICT (member_id) DO UPDATE SET store_id = excluded.store_id, first_on = excluded.first_on,
    last_on = excluded.last_on, days = excluded.days, year_days = excluded.year_days, total_fen = excluded.total_fen,
    year_fen = excluded.year_fen, repeat_fen = excluded.repeat_fen, counted_at = excluded.counted_at
"""
_SCORE = """
UPDATE tagging_membervalue AS old SET recency = new.r, frequency = new.f, monetary = new.m, alive = new.alive,
    expected_visits = new.expected, ltv_fen = new.ltv, stage = new.stage, scored_at = %(at)s
FROM unnest(%(ids)s::bigint[], %(r)s::int[], %(f)s::int[], %(m)s::int[], %(alive)s::int[], %(expected)s::float8[],
    %(ltv)s::bigint[], %(stage)s::text[]) AS new(id, r, f, m, alive, expected, ltv, stage)
WHERE old.member_id = new.id AND (old.recency, old.frequency, old.monetary, old.alive, old.expected_visits,
    old.ltv_fen, old.stage) IS DISTINCT FROM (new.r, new.f, new.m, new.alive, new.expected, new.ltv, new.stage)
"""
_CHANGED = """
SELECT member.id FROM members_member AS member
LEFT JOIN tagging_membervalue AS value ON value.member_id = member.id
WHERE member.home_store_id = %(store)s AND member.merged_into_id IS NULL AND (
    value.store_id IS DISTINCT FROM %(store)s
    OR value.first_on <= %(year_ago)s AND value.year_days > 0 AND value.counted_at < %(month_ago)s
    OR EXISTS (SELECT FROM members_purchase AS line WHERE line.member_id = member.id
        AND (line.bought_at > value.counted_at - %(overlap)s OR line.import_job_id = ANY(%(jobs)s))))
ORDER BY member.id
"""


def count_store(*, store: Store, at: datetime, everybody: bool = False) -> int:
    """Count anew the buying of a store's members who bought, moved or were imported since; return how many.

    Purchases of the last two days are looked at again, so a late till is a delay, not a loss; an import of older
    lines counts through its job. Members without any purchase have no row.
    """
    day = timezone.localdate(at)
    wanted: dict[str, Any] = {
        "store": store.pk, "year_ago": day - timedelta(days=365), "month_ago": at - timedelta(days=30),
        "overlap": _OVERLAP, "jobs": _fresh_jobs(at),
    }  # fmt: skip
    if everybody:
        ids = list(
            Member.objects.filter(home_store=store, merged_into=None).order_by("pk").values_list("pk", flat=True)
        )
    else:
        with connection.cursor() as cursor:
            cursor.execute(_CHANGED, wanted)
            ids = [row[0] for row in cursor.fetchall()]
    counted = 0
    with connection.cursor() as cursor:
        for start in range(0, len(ids), _CHUNK):
            cursor.execute(_COUNT, wanted | {"members": ids[start : start + _CHUNK], "at": at})
            counted += cursor.rowcount
    return counted


def learn_value(*, at: datetime) -> ValueModel | None:
    """Learn the models from up to 20,000 members, and each region's percentiles; None while nobody has bought."""
    # Scattered by a hash of the id, so that the sample stays the same and leans to no store and no year.
    rows = MemberValue.objects.order_by((F("member_id") * 2654435761) % 4294967296)[:SAMPLE]
    sample = _buying(rows.values_list(*_COLUMNS), day=timezone.localdate(at))
    if not len(sample.days):
        return None
    visits = VisitModel.learnt(*weeks_of(sample))
    paying = (sample.days > 1) & (sample.repeat_fen > 0)
    spend = (
        SpendModel.learnt(sample.days[paying] - 1, sample.repeat_fen[paying])
        if paying.sum() > 1
        else SpendModel(p=5.0, q=4.0, v=3.0 * max(float(sample.year_fen.mean()), 1.0))
    )
    return ValueModel.objects.create(
        learnt_at=at, visits=visits.as_dict(), spend=spend.as_dict(),
        cuts={"all": cuts_of(sample)} | _cuts_by_region(at), figures={"members": len(sample.days)},
    )  # fmt: skip


def _cuts_by_region(at: datetime) -> dict[str, dict[str, list[float]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT store.region_id::text, percentile_cont(ARRAY[.2,.4,.6,.8]) WITHIN GROUP (ORDER BY %(day)s - last_on),
                percentile_cont(ARRAY[.2,.4,.6,.8]) WITHIN GROUP (ORDER BY year_days),
                percentile_cont(ARRAY[.2,.4,.6,.8]) WITHIN GROUP (ORDER BY year_fen)
            FROM tagging_membervalue AS value JOIN stores_store AS store ON store.id = value.store_id
            GROUP BY store.region_id HAVING count(*) >= %(needs)s
            """,
            {"day": timezone.localdate(at), "needs": REGION_NEEDS},
        )
        return {
            region: {"recency": list(r), "frequency": list(f), "monetary": list(m)}
            for region, r, f, m in cursor.fetchall()
        }


def score_store(*, store: Store, model: ValueModel, at: datetime) -> int:
    """Score a store's members with the night's model and return how many changed."""
    rows = list(MemberValue.objects.filter(store=store).order_by("pk").values_list("pk", *_COLUMNS))
    if not rows:
        return 0
    buying = _buying([row[1:] for row in rows], day=timezone.localdate(at))
    cuts = model.cuts.get(str(store.region_id), model.cuts["all"])
    scores = scored(buying, visits=VisitModel(**model.visits), spend=SpendModel(**model.spend), cuts=cuts)
    with connection.cursor() as cursor:
        cursor.execute(_SCORE, {"ids": [row[0] for row in rows], "at": at, **_columns(scores)})
        return int(cursor.rowcount)


_COLUMNS = ("first_on", "last_on", "days", "year_days", "year_fen", "repeat_fen")


def _buying(rows: Any, *, day: date) -> Buying:
    table = np.array(
        [((day - first).days, (day - last).days, *rest) for first, last, *rest in rows], dtype=np.float64
    ).reshape(-1, len(_COLUMNS))  # fmt: skip
    return Buying(*np.maximum(table.T, [[0]] * 5 + [[-np.inf]]))


def _columns(scores: Scores) -> dict[str, list[Any]]:
    names = ("r", "f", "m", "alive", "expected", "ltv", "stage")
    values = [getattr(scores, name) for name in scores.__slots__]
    return {name: column.tolist() for name, column in zip(names, values, strict=True)}


def _fresh_jobs(at: datetime) -> list[int]:
    """Imports finished since the night before last."""
    return list(ImportJob.objects.filter(finished_at__gt=at - 2 * _OVERLAP).values_list("pk", flat=True))


def forget_absorbed(*, kept: Member, absorbed: Member) -> int:
    """After a merge: drop both rows, so that the next night counts the two as one."""
    return MemberValue.objects.filter(member_id__in=[kept.pk, absorbed.pk]).delete()[0]
