"""Find group-sends whose answer was lost: by time and content in WeCom's list, by sender in the task itself.

WeCom names no creator for tasks made by the API (wecom.md §3.8), so the list alone cannot say whose a task is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from communities.models import Broadcast
from wecom.client.errors import Treatment, WeComRefused
from wecom.client.groupsend import GroupSend
from wecom.gateway import WeCom

_CLOCKS_APART = timedelta(minutes=5)  # ours and WeCom's
_COMPANY = 0  # create_type: made by the company, as ours are


class Verdict(Enum):
    ABSENT = auto()  # WeCom does not have it: it may be asked for again
    UNDECIDED = auto()  # WeCom still dispatches one that may be it (41063)


def find_lost(lost: Sequence[Broadcast], *, at: datetime, gateway: WeCom) -> dict[int, str | Verdict]:
    """The msgid of each lost group-send, or why there is none; one walk through the list for all.

    :raises WeComError: WeCom cannot say just now.
    """
    pool = _unknown_sends(lost, at=at, gateway=gateway)
    senders: dict[str, str | None] = {}
    verdicts: dict[int, str | Verdict] = {}
    for send in lost:
        verdicts[send.pk] = verdict = _find(send, pool, senders, gateway=gateway)
        if isinstance(verdict, str):
            pool = [one for one in pool if one["msgid"] != verdict]
    return verdicts


def _unknown_sends(lost: Sequence[Broadcast], *, at: datetime, gateway: WeCom) -> list[GroupSend]:
    """The company's tasks since the first of them was asked for that belong to no row of ours."""
    since = min(send.attempted_at for send in lost if send.attempted_at is not None) - _CLOCKS_APART
    pages = gateway.group_sends.pages(chat_type="group", since=since, until=at + _CLOCKS_APART, filter_type=_COMPANY)
    unknown: list[GroupSend] = []
    for page in pages:
        listed = {one["msgid"] for one in page.items}
        known = set(Broadcast.objects.filter(msgid__in=listed).values_list("msgid", flat=True))
        unknown += [one for one in page.items if one["msgid"] not in known]
    return unknown


def _find(
    send: Broadcast, pool: Sequence[GroupSend], senders: dict[str, str | None], *, gateway: WeCom
) -> str | Verdict:
    undecided = False
    for one in pool:
        if not _says_the_same(send, one):
            continue
        msgid = one["msgid"]
        if msgid not in senders:
            senders[msgid] = _sender_of(msgid, gateway=gateway)
        sender = senders[msgid]
        if sender == send.owner_userid.lower():
            return msgid
        undecided = undecided or sender is None
    return Verdict.UNDECIDED if undecided else Verdict.ABSENT


def _says_the_same(send: Broadcast, one: GroupSend) -> bool:
    """The text is compared; of attachments only how many, since each upload has an id of its own."""
    assert send.attempted_at is not None  # noqa: S101 -- that is what makes it lost
    in_time = one["create_time"] >= (send.attempted_at - _CLOCKS_APART).timestamp()
    text = str(one.get("text", {}).get("content", ""))
    return in_time and text == send.content.text and len(one.get("attachments", [])) == len(send.content.attachments)


def _sender_of(msgid: str, *, gateway: WeCom) -> str | None:
    """Who is to tap a task; None while WeCom still dispatches it."""
    try:
        page = next(gateway.group_sends.task_pages(msgid=msgid))
    except WeComRefused as refusal:
        if refusal.treatment is not Treatment.LATER:
            raise
        return None
    return page.items[0]["userid"].lower() if page.items else ""
