"""Ask WeCom what became of each group-send: 2, 15 and 60 minutes after the slot's hour, and next morning.

The second reading also reminds the owner who has not tapped; the last stops what nobody wants to receive a day late.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Min

from communities.models import Broadcast, PostTask
from communities.services.cadence import ledger
from communities.services.cadence.evidence import Report, apply_report
from communities.services.cadence.timing import is_quiet, next_morning
from stores.models import Staff
from wecom.client.errors import Throttled, Treatment, WeComError, WeComRefused
from wecom.gateway import WeCom

AFTER = (timedelta(minutes=2), timedelta(minutes=15), timedelta(minutes=60))  # and next morning
REMINDERS = 3  # a task and 24 hours; a task lives no longer here
_REMIND_AT = 1  # with the reading at 15 minutes
_LEASE = timedelta(minutes=5)
_RETRY = timedelta(minutes=1)  # as long as WeCom may still be dispatching (41063)
_BATCH = 50
_ERROR = 200
State = Broadcast.State
_CLAIM = """
    UPDATE communities_broadcast SET leased_until = %(until)s
    WHERE id IN (
        SELECT id FROM communities_broadcast
        WHERE next_poll_at <= %(at)s AND (leased_until IS NULL OR leased_until <= %(at)s)
          AND (%(slot)s::int IS NULL OR slot_id = %(slot)s)
        ORDER BY next_poll_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


def poll_group_sends(
    *, gateway: WeCom, clock: Callable[[], datetime], until: datetime | None = None, slot_number: int | None = None
) -> int:
    """Read every group-send that is due, until nothing is left, WeCom pauses the API, or `until`. Returns how many."""
    count = 0
    while until is None or clock() < until:
        at = clock()
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"at": at, "until": at + _LEASE, "limit": _BATCH, "slot": slot_number})
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            break
        for send in Broadcast.objects.filter(pk__in=ids).order_by("pk"):
            try:
                poll(send, gateway=gateway, at=clock())
            except WeComError as error:
                _again(send, error, at=clock())
                if isinstance(error, Throttled):
                    return count
            else:
                count += 1
    return count


def poll(send: Broadcast, *, gateway: WeCom, at: datetime) -> int:
    """Read one group-send and do what follows. Returns how many of its posts are still open.

    :raises WeComError: it cannot be read now.
    """
    pages = gateway.group_sends.result_pages(msgid=send.msgid, userid=send.owner_userid)
    report = Report.of((row for page in pages for row in page.items), at=at)
    owner = Staff.objects.filter(wecom_userid=send.owner_userid).values_list("pk", flat=True).first()
    left = apply_report(send, report, done_by=owner, at=at)
    if left and send.polls == _REMIND_AT:
        remind(send, gateway=gateway, at=at)
    if left and send.polls >= len(AFTER):
        _stop(send, gateway=gateway, at=at)
    _schedule(send, is_over=not left, at=at)
    return left


def remind(send: Broadcast, *, gateway: WeCom, at: datetime) -> bool:
    """Have WeCom remind the owner, if his slot is open, it is no quiet hour, and WeCom still takes a reminder."""
    is_open = PostTask.objects.filter(broadcast=send, state=PostTask.State.RELEASED, closes_at__gt=at).exists()
    if not is_open or is_quiet(at):
        return False
    counted = Broadcast.objects.filter(pk=send.pk, state=State.CREATED, reminders__lt=REMINDERS)
    if not counted.update(reminders=F("reminders") + 1):
        return False
    try:
        gateway.group_sends.remind(msgid=send.msgid)
    except WeComError as error:
        # A reminder more or less is no reason to lose the reading that asked for it.
        Broadcast.objects.filter(pk=send.pk).update(error=f"提醒未送达：{error}"[:_ERROR])
        return False
    return True


def _stop(send: Broadcast, *, gateway: WeCom, at: datetime) -> None:
    """Yesterday's offer is not to be sent today, and the quota held for it is free for today's."""
    gateway.group_sends.cancel(msgid=send.msgid)
    ledger.free(broadcast=send, at=at)
    Broadcast.objects.filter(pk=send.pk).update(
        state=State.CANCELLED, next_poll_at=None, error="群主次日仍未发送，已停止"
    )


def _schedule(send: Broadcast, *, is_over: bool, at: datetime) -> None:
    polls = send.polls + 1
    begin = max(filter(None, [_due(send), send.created_at]), default=at)
    if is_over or polls > len(AFTER):
        following = None
    elif polls < len(AFTER):
        following = max(begin + AFTER[polls], at)
    else:
        following = next_morning(send.day, owner=send.owner_userid)
    Broadcast.objects.filter(pk=send.pk).update(polls=polls, next_poll_at=following, leased_until=None)
    if is_over:
        Broadcast.objects.filter(pk=send.pk, state=State.CREATED).update(state=State.DONE)


def _due(send: Broadcast) -> datetime | None:
    moment: datetime | None = PostTask.objects.filter(broadcast=send).aggregate(Min("due_at"))["due_at__min"]
    return moment


def _again(send: Broadcast, error: WeComError, *, at: datetime) -> None:
    """What could not be read is read a minute later; 41063 only says that WeCom is not done yet."""
    dispatching = isinstance(error, WeComRefused) and error.treatment is Treatment.LATER
    Broadcast.objects.filter(pk=send.pk).update(
        next_poll_at=at + max(_RETRY, timedelta(seconds=error.retry_after)), leased_until=None,
        error="" if dispatching else str(error)[:_ERROR],
    )  # fmt: skip
