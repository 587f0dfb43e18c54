"""Make the group-sends that were written down: each exactly once at WeCom, whatever breaks in between.

The order of writes is the safety. (1) A lease and `attempted_at`, committed. (2) The request. (3) `msgid`. A row with
`attempted_at` and no `msgid` may exist at WeCom: it is looked for (`finding`) before it is asked for again. Times say
when to look, and a clock may jump; so a request under way also holds its rows' advisory locks, which end with the
connection of whoever asked, and nobody looks for a row while it is held. Requests of a batch leave in parallel; only
this thread touches the database.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from communities.models import Broadcast, PostTask
from communities.services.cadence import ledger, switching
from communities.services.cadence.asking import side_by_side
from communities.services.cadence.finding import Verdict, find_lost
from communities.services.cadence.timing import is_quiet
from communities.services.content.sending import forget_uploads, wecom_attachments
from wecom.client.content import Attachment, ContentRefused
from wecom.client.errors import BadAnswer, OutcomeUnknown, Treatment, WeComError, WeComRefused, WeComUnavailable
from wecom.client.groupsend import CreatedSend
from wecom.gateway import WeCom

LEASE = timedelta(minutes=5)  # a batch with all its timeouts ends before
SETTLES = timedelta(minutes=1)  # a request so long ago has been answered, refused or has died
FIRST_POLL = timedelta(minutes=2)
_BATCH = 64
_LOST = 500  # looked for in one reading of WeCom's list
_RETRY = timedelta(seconds=30)
_ERROR = 200
_LEFT_OUT = "企微未接受该群的群发，改为协助发送"
_REUPLOADED = "素材已过期，重新上传"
State = Broadcast.State

# Parts of one owner and content go one after the other: a lost one could not be told from the next.
_CLAIM = """
    UPDATE communities_broadcast SET leased_until = %(until)s, attempted_at = %(at)s
    WHERE id IN (
        SELECT b.id FROM communities_broadcast b
        WHERE b.state = 'pending' AND b.attempted_at IS NULL AND (b.leased_until IS NULL OR b.leased_until <= %(at)s)
          AND NOT EXISTS (
              SELECT FROM communities_broadcast e
              WHERE e.content_id = b.content_id AND e.owner_userid = b.owner_userid AND e.part < b.part
                AND e.state = 'pending')
          AND EXISTS (
              SELECT FROM communities_posttask t
              WHERE t.broadcast_id = b.id AND t.state = 'released' AND t.closes_at > %(at)s)
        ORDER BY b.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
_CREATED = """
    UPDATE communities_broadcast AS b
    SET state = 'created', msgid = w.msgid, created_at = %s, leased_until = NULL, error = '', next_poll_at = w.poll
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS w (id, msgid, poll)
    WHERE b.id = w.id AND b.state = 'pending'
"""
_CLAIM_LOST = """
    UPDATE communities_broadcast SET leased_until = %(until)s
    WHERE id IN (
        SELECT id FROM communities_broadcast
        WHERE state = 'pending' AND attempted_at <= %(settled)s
          AND (leased_until IS NULL OR leased_until <= %(at)s)
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
      AND pg_try_advisory_xact_lock(%(lock)s + id)  -- nobody's request for it is under way
    RETURNING id
"""
_LOCK = 0x5108 << 48  # the first of our locks; one for each row
_HOLD = "SELECT pg_advisory_xact_lock(%s + id) FROM unnest(%s::bigint[]) AS id ORDER BY id"


@dataclass(frozen=True, slots=True)
class Made:
    """What became of the group-sends of one run; `later` are tried again by the next."""

    created: int = 0
    found: int = 0
    refused: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class _Order:
    """One request, complete: nothing of it is read from the database any more."""

    send: Broadcast
    chats: list[str]
    due_at: datetime
    attachments: Sequence[Attachment]


class _Fate(Enum):
    CREATED = auto()
    REFUSED = auto()
    AGAIN = auto()  # at once, with fresh media
    UNKNOWN = auto()  # look for it in a minute
    LATER = auto()  # WeCom is not to be had: leave it alone


_Outcome = CreatedSend | WeComError | ContentRefused


def make_group_sends(*, gateway: WeCom, clock: Callable[[], datetime], until: datetime | None = None) -> Made:
    """Make what is written down until nothing is left, WeCom is not to be had, or `until`."""
    found = _look_for_lost(gateway=gateway, at=clock())
    fates: list[_Fate] = []
    while _Fate.LATER not in fates and (until is None or clock() < until) and not is_quiet(clock()):
        sends = _claim(at=clock())
        if not sends:
            break
        orders, unfit = _prepared(sends, gateway=gateway, at=clock())
        fates += unfit
        with transaction.atomic():
            orders = _held(orders)
            fates += _note(orders, _ask(orders, gateway=gateway), at=clock())
    return Made(
        fates.count(_Fate.CREATED), found, fates.count(_Fate.REFUSED),
        fates.count(_Fate.LATER) + fates.count(_Fate.UNKNOWN),
    )  # fmt: skip


def _claim(*, at: datetime) -> list[Broadcast]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"at": at, "until": at + LEASE, "limit": _BATCH})
        ids = [row[0] for row in cursor.fetchall()]
    return list(Broadcast.objects.filter(pk__in=ids).select_related("content").order_by("pk"))


def _prepared(sends: Sequence[Broadcast], *, gateway: WeCom, at: datetime) -> tuple[list[_Order], list[_Fate]]:
    """The orders whose files WeCom has, and the fates of the others."""
    chats: dict[int, list[str]] = {send.pk: [] for send in sends}
    due: dict[int, datetime] = {}
    carried = PostTask.objects.filter(broadcast__in=chats, state=PostTask.State.RELEASED).order_by("group_id")
    for pk, chat, due_at in carried.values_list("broadcast_id", "group__chat_id", "due_at"):
        chats[pk].append(chat)
        due[pk] = min(due.get(pk, due_at), due_at)
    files: dict[str, Sequence[Attachment]] = {}
    orders: list[_Order] = []
    fates: list[_Fate] = []
    for send in sends:
        key = json.dumps(send.content.attachments, sort_keys=True)
        try:
            if key not in files:
                files[key] = wecom_attachments(send.content, at=at, gateway=gateway)
        except OutcomeUnknown as error:
            # Of an upload, which may be done again: the group-send itself has not been asked for.
            fates.append(_later(send, error, at=at))
        except (WeComError, ContentRefused) as error:
            fates.append(_judge(send, error, at=at))
        else:
            orders.append(_Order(send, chats[send.pk], due.get(send.pk, at), files[key]))
    return orders, fates


def _held(orders: Sequence[_Order]) -> list[_Order]:
    """Keep others from looking for these until they are asked for and noted; without those somebody has looked for.

    That is whoever's clock ran ahead while the files were uploaded: the row is his, and he asks for it anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [_LOCK, [order.send.pk for order in orders]])
    now = dict(Broadcast.objects.filter(pk__in=[order.send.pk for order in orders], state=State.PENDING).values_list(
        "pk", "leased_until"
    ))  # fmt: skip
    return [order for order in orders if now.get(order.send.pk) == order.send.leased_until]


def _ask(orders: Sequence[_Order], *, gateway: WeCom) -> list[_Outcome]:
    def ask(order: _Order) -> CreatedSend:
        return gateway.group_sends.to_groups(
            sender=order.send.owner_userid, chat_ids=order.chats, text=order.send.content.text,
            attachments=order.attachments,
        )  # fmt: skip

    return side_by_side(orders, ask)


def _note(orders: Sequence[_Order], outcomes: Sequence[_Outcome], *, at: datetime) -> list[_Fate]:
    made = [(order, one) for order, one in zip(orders, outcomes, strict=True) if isinstance(one, CreatedSend)]
    _created([(order.send.pk, one.msgid, order.due_at) for order, one in made], at=at)
    for order, one in made:
        switching.leave_out(order.send, chat_ids=one.failed, reason=_LEFT_OUT, at=at)
    failed = [(order, one) for order, one in zip(orders, outcomes, strict=True) if not isinstance(one, CreatedSend)]
    return [_Fate.CREATED] * len(made) + [_judge(order.send, error, at=at) for order, error in failed]


def _judge(send: Broadcast, error: Exception, *, at: datetime) -> _Fate:
    """What a failure means for the row."""
    if isinstance(error, (OutcomeUnknown, BadAnswer)):
        # `attempted_at` stays, so that it is looked for before it is asked for again.
        Broadcast.objects.filter(pk=send.pk).update(leased_until=None, error=str(error)[:_ERROR])
        return _Fate.UNKNOWN
    if isinstance(error, WeComUnavailable) or (isinstance(error, WeComRefused) and not error.lasting):
        return _later(send, error, at=at)
    if isinstance(error, WeComRefused) and error.treatment is Treatment.REUPLOAD and send.error != _REUPLOADED:
        forget_uploads(send.content)
        Broadcast.objects.filter(pk=send.pk).update(attempted_at=None, leased_until=None, error=_REUPLOADED)
        return _Fate.AGAIN
    reason = f"{error.meaning}（{error.code}）" if isinstance(error, WeComRefused) else str(error)
    switching.refuse(send, reason=reason, at=at)
    return _Fate.REFUSED


def _later(send: Broadcast, error: Exception, *, at: datetime) -> _Fate:
    """Nothing was changed at WeCom: the row is as it was, to be taken up when WeCom may be asked again."""
    wait = max(_RETRY, timedelta(seconds=getattr(error, "retry_after", 0)))
    Broadcast.objects.filter(pk=send.pk).update(attempted_at=None, leased_until=at + wait, error=str(error)[:_ERROR])
    return _Fate.LATER


def _created(made: Sequence[tuple[int, str, datetime]], *, at: datetime) -> int:
    """Write down what WeCom has, as (group-send, msgid, the hour of its slot). Returns how many were not known yet."""
    if not made:
        return 0
    polls = [max(due_at, at) + FIRST_POLL for _, _, due_at in made]
    with connection.cursor() as cursor:
        cursor.execute(_CREATED, [at, [pk for pk, _, _ in made], [msgid for _, msgid, _ in made], polls])
        return int(cursor.rowcount)


def _look_for_lost(*, gateway: WeCom, at: datetime) -> int:
    """Settle the rows whose answer was lost. Returns how many of them WeCom had."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"at": at, "until": at + LEASE, "settled": at - SETTLES, "limit": _LOST, "lock": _LOCK}
        cursor.execute(_CLAIM_LOST, given)
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return 0
    lost = list(Broadcast.objects.filter(pk__in=ids).select_related("content").order_by("pk"))
    due = dict(PostTask.objects.filter(broadcast__in=ids).values_list("broadcast_id").annotate(Min("due_at")))
    try:
        verdicts = find_lost(lost, at=at, gateway=gateway)
    except WeComError as error:
        Broadcast.objects.filter(pk__in=ids).update(leased_until=at + _RETRY, error=str(error)[:_ERROR])
        return 0
    found = 0
    for send in lost:
        verdict = verdicts[send.pk]
        if isinstance(verdict, str):
            with transaction.atomic():
                found += _created([(send.pk, verdict, due.get(send.pk, at))], at=at)
                ledger.adopt(msgid=verdict)
        elif verdict is Verdict.ABSENT:
            Broadcast.objects.filter(pk=send.pk, state=State.PENDING).update(attempted_at=None, leased_until=None)
        else:
            Broadcast.objects.filter(pk=send.pk).update(leased_until=at + SETTLES)
    return found
