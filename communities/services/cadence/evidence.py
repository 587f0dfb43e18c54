"""What WeCom says of a group-send becomes evidence: sent and proven, failed with WeCom's own reason, or still open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from communities.models import Broadcast, PostTask, QuotaUse
from communities.services.cadence import ledger, switching
from wecom.client.groupsend import SendResult

SENT, NOT_OURS, OVER_QUOTA = 1, 2, 3  # wecom.md §3.8
_NOT_OURS = "企微：群主已不在该群或已不是群主，未送达"
_OVER_QUOTA = "企微：该群本期收到的群发已达上限，未送达"
_TO_HANDS = "企微报告该群群发次数已用完，改为协助发送"
State = PostTask.State

# A tap is the truth whatever we thought: a missed or skipped post that was sent is sent, late if it is late.
_SENT = """
    WITH said AS (
        SELECT g.id AS group_id, w.at FROM unnest(%(chats)s::text[], %(times)s::timestamptz[]) AS w (chat, at)
        JOIN communities_customergroup g ON g.chat_id = w.chat
    ), proven AS (
        UPDATE communities_posttask AS t
        SET state = 'sent', evidence = 3, done_at = said.at, done_by_id = %(by)s, miss_reason = '', failure = ''
        FROM said
        WHERE t.broadcast_id = %(send)s AND t.group_id = said.group_id AND t.evidence < 3
        RETURNING t.id, t.group_id, said.at
    ), proof AS (
        INSERT INTO communities_postevidence (task_id, level, at, by_id, detail)
        SELECT id, 3, at, %(by)s, jsonb_build_object('msgid', %(msgid)s::text) FROM proven
        ON CONFLICT (task_id, level) DO NOTHING
    )
    SELECT group_id, at FROM proven
"""


@dataclass(slots=True)
class Report:
    """One reading of one group-send, by chat id; groups WeCom does not name have not been sent to yet."""

    sent: dict[str, datetime] = field(default_factory=dict)
    not_ours: set[str] = field(default_factory=set)
    over_quota: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[SendResult], *, at: datetime) -> "Report":
        report = cls()
        for row in rows:
            chat, status = row.get("chat_id", ""), row["status"]
            if status == SENT:
                report.sent[chat] = _moment(row.get("send_time"), at)
            elif status == NOT_OURS:
                report.not_ours.add(chat)
            elif status == OVER_QUOTA:
                report.over_quota[chat] = _moment(row.get("send_time"), at)
        return report


def _moment(seconds: int | None, at: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.get_default_timezone()) if seconds else at


@transaction.atomic
def apply_report(send: Broadcast, report: Report, *, done_by: int | None, at: datetime) -> int:
    """Bring a reading in; repeating it changes nothing. Returns how many posts are still open, so neither sent nor
    failed: planned minus reported.
    """
    _prove(send, report.sent, done_by=done_by, at=at)
    _fail(send, report.not_ours, _NOT_OURS, at=at)
    _exhaust(send, report.over_quota, at=at)
    return PostTask.objects.filter(broadcast=send, evidence__lt=3).exclude(state=State.FAILED).count()


def _prove(send: Broadcast, sent: Mapping[str, datetime], *, done_by: int | None, at: datetime) -> None:
    if not sent:
        return
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "chats": list(sent),
            "times": list(sent.values()),
            "by": done_by,
            "send": send.pk,
            "msgid": send.msgid,
        }
        cursor.execute(_SENT, given)
        proven = cursor.fetchall()
    days: dict[date, list[int]] = {}
    for group, moment in proven:
        days.setdefault(timezone.localtime(moment).date(), []).append(group)
    for day, groups in days.items():
        ledger.settle(broadcast=send, group_ids=groups, state=QuotaUse.State.SPENT, day=day, at=at)


def _fail(send: Broadcast, chats: set[str], reason: str, *, at: datetime) -> None:
    if not chats:
        return
    posts = _unproven(send, chats)
    groups = list(posts.values_list("group_id", flat=True))
    ledger.free(broadcast=send, group_ids=groups, at=at)
    posts.exclude(state=State.SKIPPED).update(state=State.FAILED, failure=reason, miss_reason="")


def _exhaust(send: Broadcast, chats: Mapping[str, datetime], *, at: datetime) -> None:
    """WeCom's status 3: the window of that day is used up, whatever we counted; what is open is sent by hand."""
    if not chats:
        return
    posts = _unproven(send, set(chats)).exclude(state=State.FAILED)
    days: dict[date, list[int]] = {}
    for group, chat in posts.values_list("group_id", "group__chat_id"):
        days.setdefault(timezone.localtime(chats[chat]).date(), []).append(group)
    for day, groups in days.items():
        ledger.settle(broadcast=send, group_ids=groups, state=QuotaUse.State.EXHAUSTED, day=day, at=at)
    switching.to_hands(posts.filter(state=State.RELEASED, closes_at__gt=at), reason=_TO_HANDS, at=at)
    posts.exclude(state=State.SKIPPED).update(state=State.FAILED, failure=_OVER_QUOTA, miss_reason="")


def _unproven(send: Broadcast, chats: set[str]) -> QuerySet[PostTask]:
    return PostTask.objects.filter(broadcast=send, group__chat_id__in=chats, evidence__lt=3).order_by()
