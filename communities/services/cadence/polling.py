"""Ask WeCom what became of each group-send: 2, 15 and 60 minutes after the slot's hour, and next morning.

The second reading also reminds the owner who has not tapped; the last stops what nobody wants to receive a day late.
What a store has skipped in all its groups is stopped with the next reading, which the skip brings forward. A batch is
read in parallel, within the limiter.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Min, Q

from communities.models import Broadcast, PostTask
from communities.services.cadence import ledger
from communities.services.cadence.asking import side_by_side
from communities.services.cadence.evidence import Report, apply_report
from communities.services.cadence.timing import is_quiet, next_morning
from stores.models import Staff
from wecom.client.errors import Throttled, Treatment, WeComRefused
from wecom.client.groupsend import SendResult
from wecom.gateway import WeCom

AFTER = (timedelta(minutes=2), timedelta(minutes=15), timedelta(minutes=60))  # and next morning
REMINDERS = 3  # a task and 24 hours; a task lives no longer here
_REMIND_AT = 1  # with the reading at 15 minutes
_LEASE = timedelta(minutes=5)
_RETRY = timedelta(minutes=1)  # as long as WeCom may still be dispatching (41063)
_BATCH = 64
_ERROR = 200
_STALE = "群主次日仍未发送，已停止"
_SKIPPED = "所有群都已跳过，已停止"
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
        sends = list(Broadcast.objects.filter(pk__in=ids).order_by("pk"))
        errors = _poll(sends, gateway=gateway, at=clock())
        count += len(sends) - len(errors)
        if any(isinstance(error, Throttled) for error in errors):
            break
    return count


def stop_soon(send: Broadcast, *, at: datetime) -> None:
    """Nobody wants this group-send any more: end it before it is made, or have it stopped with the next reading.

    One whose request is under way is stopped with its first reading.
    """
    unmade = Broadcast.objects.filter(pk=send.pk, state=State.PENDING, attempted_at=None)
    if unmade.update(state=State.CANCELLED, error=_SKIPPED):
        ledger.free(broadcast=send, at=at)
    else:
        made = Broadcast.objects.filter(pk=send.pk, state=State.CREATED)
        made.filter(Q(next_poll_at=None) | Q(next_poll_at__gt=at)).update(next_poll_at=at)


def _poll(sends: Sequence[Broadcast], *, gateway: WeCom, at: datetime) -> list[Exception]:
    """Read some group-sends and do what follows; those WeCom could not tell of now are read again later."""

    def ask(send: Broadcast) -> list[SendResult]:
        pages = gateway.group_sends.result_pages(msgid=send.msgid, userid=send.owner_userid)
        return [row for page in pages for row in page.items]

    answers = side_by_side(sends, ask)
    owners = dict(
        Staff.objects.filter(wecom_userid__in={send.owner_userid for send in sends}).values_list("wecom_userid", "pk")
    )
    left: dict[Broadcast, int] = {}
    errors: list[Exception] = []
    for send, answer in zip(sends, answers, strict=True):
        if isinstance(answer, Exception):
            _again(send, answer, at=at)
            errors.append(answer)
        else:
            report = Report.of(answer, at=at)
            left[send] = apply_report(send, report, done_by=owners.get(send.owner_userid), at=at)
    unwanted = _unwanted([send for send, count in left.items() if count])
    stale = [send for send, count in left.items() if count and send.polls >= len(AFTER) and send not in unwanted]
    failed = _stop(unwanted, reason=_SKIPPED, gateway=gateway, at=at) | _stop(
        stale, reason=_STALE, gateway=gateway, at=at
    )
    _remind([send for send, count in left.items() if count and send.polls == _REMIND_AT], gateway=gateway, at=at)
    for send, count in left.items():
        if send in failed:
            errors.append(failed[send])
        elif send not in unwanted and send not in stale:
            _schedule(send, is_over=not count, at=at)
    return errors


def _unwanted(sends: Sequence[Broadcast]) -> list[Broadcast]:
    """Those whose posts the store has skipped, every one: nothing of them is to go out."""
    wanted = PostTask.objects.filter(broadcast__in=sends).exclude(state=PostTask.State.SKIPPED)
    kept = set(wanted.values_list("broadcast_id", flat=True))
    return [send for send in sends if send.pk not in kept]


def _remind(sends: Sequence[Broadcast], *, gateway: WeCom, at: datetime) -> None:
    """Have WeCom remind the owners whose slot is open, if it is no quiet hour and WeCom still takes a reminder."""
    if is_quiet(at):
        return
    posts = PostTask.objects.filter(broadcast__in=sends, state=PostTask.State.RELEASED, closes_at__gt=at)
    is_open = set(posts.values_list("broadcast_id", flat=True))
    due: list[Broadcast] = []
    for send in sends:
        counted = Broadcast.objects.filter(pk=send.pk, state=State.CREATED, reminders__lt=REMINDERS)
        # Counted before it is asked for: one too few is better than one too many.
        if send.pk in is_open and counted.update(reminders=F("reminders") + 1):
            due.append(send)

    def ask(send: Broadcast) -> None:
        gateway.group_sends.remind(msgid=send.msgid)

    for send, error in zip(due, side_by_side(due, ask), strict=True):
        if error is not None:
            # A reminder more or less is no reason to lose the reading that asked for it.
            Broadcast.objects.filter(pk=send.pk).update(error=f"提醒未送达：{error}"[:_ERROR])


def _stop(sends: Sequence[Broadcast], *, reason: str, gateway: WeCom, at: datetime) -> dict[Broadcast, Exception]:
    """Keep owners from tapping any more, and give back the quota held; which WeCom could not stop now, and why."""

    def ask(send: Broadcast) -> None:
        gateway.group_sends.cancel(msgid=send.msgid)

    failed: dict[Broadcast, Exception] = {}
    for send, error in zip(sends, side_by_side(sends, ask), strict=True):
        if error is not None:
            _again(send, error, at=at)
            failed[send] = error
            continue
        ledger.free(broadcast=send, at=at)
        Broadcast.objects.filter(pk=send.pk).update(
            state=State.CANCELLED, polls=send.polls + 1, next_poll_at=None, leased_until=None, error=reason
        )
    return failed


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


def _again(send: Broadcast, error: Exception, *, at: datetime) -> None:
    """What could not be read is read a minute later; 41063 only says that WeCom is not done yet."""
    dispatching = isinstance(error, WeComRefused) and error.treatment is Treatment.LATER
    Broadcast.objects.filter(pk=send.pk).update(
        next_poll_at=at + max(_RETRY, timedelta(seconds=getattr(error, "retry_after", 0))), leased_until=None,
        error="" if dispatching else str(error)[:_ERROR],
    )  # fmt: skip
