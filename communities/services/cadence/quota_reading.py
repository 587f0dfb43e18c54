"""Count the group-sends that others made: by hand, in the console, by other apps. They share the groups' quota.

WeCom tells no quota (wecom.md §3.8): its list of all group-sends is read, ours are left out, and of the others each
group that was reached counts once. A task may be tapped days after it was made, so a few days are read again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from communities.models import Broadcast, CustomerGroup, QuotaUse
from communities.services.cadence.evidence import OVER_QUOTA, SENT
from wecom.client.errors import Treatment, WeComRefused
from wecom.client.groupsend import GroupSend, SendResult
from wecom.gateway import WeCom
from wecom.services.syncing import advance, running

KIND = "quota"
_TAPPED = 2
_AGAIN = timedelta(days=3)  # how long after its making a task is asked after
_FIRST = timedelta(days=31)  # WeCom lists a month at most, and no window of ours is longer
_STATES = {SENT: QuotaUse.State.SPENT, OVER_QUOTA: QuotaUse.State.EXHAUSTED}


@dataclass(frozen=True, slots=True)
class QuotaRead:
    """Of one reading: group-sends of others that were looked into, and uses newly counted."""

    sends: int
    uses: int


def read_quota(*, gateway: WeCom, clock: Callable[[], datetime]) -> QuotaRead:
    """Bring the ledger up to what WeCom reports; repeating it counts nothing twice, and a killed reading goes on.

    :raises SyncBusy: another worker is at it
    :raises WeComError: WeCom cannot say now; what was read is kept
    """
    sends = uses = 0
    with running(kind=KIND, clock=clock) as run:
        until = clock()
        since = until - (_FIRST if run.is_first else _AGAIN)
        pages = gateway.group_sends.pages(
            chat_type="group", since=since, until=until, filter_type=2, cursor=run.position.get("cursor", "")
        )
        for page in pages:
            for one in _of_others(page.items):
                sends += 1
                uses += _count(one, gateway=gateway, at=clock())
            run.calls += 1
            advance(run, position={"cursor": page.next_cursor}, at=clock())
    return QuotaRead(sends, uses)


def _of_others(listed: Iterable[GroupSend]) -> list[GroupSend]:
    listed = list(listed)
    ids = {one["msgid"] for one in listed}
    ours = set(Broadcast.objects.filter(msgid__in=ids).values_list("msgid", flat=True))
    return [one for one in listed if one["msgid"] not in ours]


def _count(one: GroupSend, *, gateway: WeCom, at: datetime) -> int:
    try:
        tasks = [task for page in gateway.group_sends.task_pages(msgid=one["msgid"]) for task in page.items]
    except WeComRefused as refusal:
        if refusal.treatment is Treatment.LATER:
            return 0  # still dispatching: the next reading has it
        raise
    rows = [
        row
        for task in tasks
        if task["status"] == _TAPPED
        for page in gateway.group_sends.result_pages(msgid=one["msgid"], userid=task["userid"])
        for row in page.items
        if row["status"] in _STATES
    ]
    return _note(one["msgid"], rows, at=at)


def _note(msgid: str, rows: Iterable[SendResult], *, at: datetime) -> int:
    by_chat = {row.get("chat_id", ""): row for row in rows}
    groups = CustomerGroup.objects.filter(chat_id__in=by_chat).values_list("pk", "chat_id")
    uses = [
        QuotaUse(
            group_id=pk, msgid=msgid, state=_STATES[by_chat[chat]["status"]], at=at,
            day=timezone.localtime(_moment(by_chat[chat].get("send_time"), at)).date(),
        )
        for pk, chat in groups
    ]  # fmt: skip
    before = QuotaUse.objects.filter(msgid=msgid).count()
    QuotaUse.objects.bulk_create(uses, ignore_conflicts=True)
    return QuotaUse.objects.filter(msgid=msgid).count() - before


def _moment(seconds: int | None, at: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, UTC) if seconds else at
