"""Asking for a lift study, and working one out, store after store."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from metrics import proof_tasks
from metrics.lift.estimating import TooFew, lift
from metrics.lift.matching import Anchors, matched, together
from metrics.lift.raw import compared, times_of
from metrics.lift.shops import Shop
from metrics.models import LiftStudy
from stores.models import Region, Staff
from stores.selectors import stores_for

LEAST_DAYS, MOST_DAYS = 120, 400
MOST_STORES = 300  # of a larger scope so many are drawn, which bounds time and memory
_MOST_MEMBERS = 4_000  # of one store, likewise
_SPEND = """
    SELECT member_id, (bought_at AT TIME ZONE 'Asia/Shanghai')::date - %(first)s, sum(paid_fen)
    FROM members_purchase
    WHERE store_id = %(store)s AND bought_at >= %(start)s AND bought_at < %(end)s AND member_id IS NOT NULL
    GROUP BY 1, 2 HAVING sum(paid_fen) > 0
"""
_PEOPLE = """
    SELECT m.id, (m.joined_at AT TIME ZONE 'Asia/Shanghai')::date - %(first)s,
           (s.joined_at AT TIME ZONE 'Asia/Shanghai')::date - %(first)s, s.store_id
    FROM members_member m
    LEFT JOIN LATERAL (
        SELECT g.joined_at, c.store_id
        FROM communities_groupmembership g JOIN communities_customergroup c ON c.id = g.group_id
        WHERE g.member_id = m.id AND NOT g.is_staff
        ORDER BY g.joined_at LIMIT 1
    ) AS s ON true
    WHERE m.id = ANY(%(members)s)
"""
LONGEST = timedelta(hours=1)  # a study of the whole chain takes minutes
_ELSEWHERE = -1  # who joined a group of another store: no joiner of this one, and no control either


class LiftRefused(Exception):
    """The question makes no sense; the message says why, in Chinese."""


@transaction.atomic
def ask_for_lift(*, by: Staff, first: date, last: date, region: Region | None = None, at: datetime) -> LiftStudy:
    """Note the question; a worker answers it.

    :raises LiftRefused: a reversed, future, too short or too long period, or a region without stores
    """
    days = (last - first).days + 1
    if days < 1:
        raise LiftRefused("开始日期晚于结束日期")
    if last >= timezone.localdate(at):
        raise LiftRefused("结束日期最晚是昨天")
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise LiftRefused(f"时间段要有 {LEAST_DAYS} 到 {MOST_DAYS} 天：进群前后都要看得到几个月，现在是 {days} 天")
    study = LiftStudy(first=first, last=last, region=region, made_by=by, made_at=at)
    if not _scope(study):
        raise LiftRefused("这个区域没有门店")
    study.save()
    proof_tasks.bulk_work_out_lift.delay_on_commit(study_id=study.pk)
    return study


def work_out(*, study_id: int, at: datetime) -> LiftStudy:
    """Answer a study from the facts; one that is answered stays as it is. Memory follows one store."""
    study = LiftStudy.objects.select_related("made_by", "region").get(pk=study_id)
    if study.state != LiftStudy.State.WAITING:
        return study
    scope = _scope(study)
    chosen = scope if len(scope) <= MOST_STORES else _draw(scope, MOST_STORES, seed=study.pk)
    parts: list[Anchors] = []
    times = []
    for shop in _shops(study, chosen):
        parts.append(matched(shop, seed=study.pk))
        times.append(times_of(shop))
    raw = compared(np.concatenate(times), seed=study.pk) if times else None
    seen = {
        "stores": len(scope), "stores_read": len(parts), "raw": asdict(raw) if raw else None,
        "joiners": sum(part.joiners for part in parts), "short": sum(part.short for part in parts),
        "unmatched": sum(part.unmatched for part in parts),
    }  # fmt: skip
    try:
        found = lift(together(parts), seed=study.pk) if parts else None
    except TooFew as few:
        return _finish(study, LiftStudy.State.THIN, str(few), seen, at)
    if found is None:
        return _finish(study, LiftStudy.State.THIN, "这段时间里这些门店没有会员购买记录", seen, at)
    return _finish(study, LiftStudy.State.DONE, "", seen | {"lift": asdict(found), "is_sound": found.is_sound}, at)


def ask_again(*, at: datetime) -> list[int]:
    """Queue the studies that wait for longer than any takes: their worker died, or the broker lost them.

    Asked for a day, then left: what kills every worker should not do so for ever. Returns their ids.
    """
    lost = LiftStudy.objects.filter(
        state=LiftStudy.State.WAITING, made_at__gt=at - timedelta(days=1), made_at__lt=at - LONGEST
    )
    found = list(lost.values_list("pk", flat=True))
    for pk in found:
        proof_tasks.bulk_work_out_lift.delay_on_commit(study_id=pk)
    return found


def _finish(study: LiftStudy, state: str, said: str, figures: dict[str, Any], at: datetime) -> LiftStudy:
    waiting = LiftStudy.objects.filter(pk=study.pk, state=LiftStudy.State.WAITING)
    waiting.update(state=state, said=said, figures=figures, finished_at=at)
    study.refresh_from_db()
    return study


def _scope(study: LiftStudy) -> list[int]:
    stores = stores_for(study.made_by)
    if study.region is not None:
        stores = stores.filter(region__path__startswith=study.region.path)
    return list(stores.order_by("pk").values_list("pk", flat=True))


def _draw(ids: list[int], most: int, *, seed: int) -> list[int]:
    return sorted(np.random.default_rng(seed).choice(ids, size=most, replace=False).tolist())


def _shops(study: LiftStudy, store_ids: list[int]) -> Iterator[Shop]:
    """One store at a time; those without a purchase of a member are left out."""
    zone = timezone.get_default_timezone()
    start = datetime.combine(study.first, datetime.min.time(), tzinfo=zone)
    end = datetime.combine(study.last + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    days = (study.last - study.first).days + 1
    for store_id in store_ids:
        with connection.cursor() as cursor:
            cursor.execute(_SPEND, {"store": store_id, "first": study.first, "start": start, "end": end})
            rows = cursor.fetchall()
            members = sorted({row[0] for row in rows})
            if len(members) > _MOST_MEMBERS:
                members = _draw(members, _MOST_MEMBERS, seed=study.pk)
            cursor.execute(_PEOPLE, {"first": study.first, "members": members})
            people = cursor.fetchall()
        if people:
            yield _shop(store_id, days, rows, people)


def _shop(store_id: int, days: int, rows: list[Any], people: list[Any]) -> Shop:
    place = {person[0]: n for n, person in enumerate(people)}
    known = [row for row in rows if row[0] in place]
    member = np.array([place[row[0]] for row in known], np.int64)
    day = np.array([row[1] for row in known], np.int64)
    since = np.array([person[1] for person in people], np.int64)
    np.minimum.at(since, member, day)  # who bought before she became a member was there already
    joined = [_joined(store_id, days, when, where) for _, _, when, where in people]
    spend = np.array([float(row[2]) for row in known])
    return Shop.of(days=days, member=member, day=day, spend=spend, since=since, joined=joined)


def _joined(store_id: int, days: int, when: int | None, where: int | None) -> int | None:
    if when is None or when >= days:
        return None
    return when if where == store_id else _ELSEWHERE
