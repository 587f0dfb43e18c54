"""Ask WeCom for transfers, a hundred at a time. Items are marked before each call, so that none is asked twice blindly.

A refusal of the whole call is about the two people, or about the way: on-job or resigned. Of the two ways the other
is tried once, since who left is WeCom's to say.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from django.db.models import F, Q
from django.utils import timezone

from communities import handover_words
from communities.models import HandoverItem, HandoverJob
from communities.services.handover import outcomes
from members import identities
from stores.services.wecom_staff import DISABLED, LEFT
from stores.services.wecom_sync import UNKNOWN_USER
from wecom.client.errors import OutcomeUnknown, Treatment, WeComRefused, WeComUnavailable
from wecom.gateway import WeCom

AT_ONCE = 100
GROUPS_A_DAY = 300  # that one person takes over from people who left (wecom.md §3.11)
MOST_TRIES = 5
_FULL = 40099
_NOT_NOW = handover_words.PASSING | {handover_words.TOO_MANY_TODAY}
State, Kind = HandoverItem.State, HandoverItem.Kind
Clock = Callable[[], datetime]


class NotToday(Exception):
    """The taker took over as many groups today as one may."""


def ask_customers(*, job: HandoverJob, gateway: WeCom, clock: Clock, step: Callable[[], None]) -> None:
    """Ask for every customer that waits. `step` is called before each chunk, and may stop everything.

    :raises WeComError: not now; what was not answered stays asked
    """
    while chunk := _chunk(job, Kind.CUSTOMER):
        step()
        at, resigned = clock(), job.resigned is not chunk[0].other_way
        names = {identities.decrypt(item.value_encrypted or b""): item for item in chunk}
        _mark(chunk, at=at)
        try:
            answer = gateway.transfers.customers(
                handover=job.giver_userid, takeover=job.taker.wecom_userid, external_userids=list(names),
                resigned=resigned, message="" if resigned else job.message,
            )  # fmt: skip
        except (WeComUnavailable, WeComRefused) as error:
            _refused(job, chunk, error, resigned=resigned, gateway=gateway, clock=clock)
            continue
        _take(chunk, {names[name].pk: code for name, code in answer.items() if name in names}, clock=clock)
        if any(code in _NOT_NOW for code in answer.values()):
            raise WeComUnavailable("企业微信暂时不接受转接，稍后自动继续")


def ask_groups(*, job: HandoverJob, gateway: WeCom, clock: Clock, step: Callable[[], None]) -> None:
    """Ask for every group that waits.

    :raises NotToday: the rest has to wait for tomorrow
    :raises WeComError: not now; what was not answered stays asked
    """
    while chunk := _chunk(job, Kind.GROUP):
        step()
        at, resigned = clock(), job.resigned is not chunk[0].other_way
        if resigned:
            chunk = chunk[: GROUPS_A_DAY - _taken_today(job, at=at)]
            if not chunk:
                raise NotToday
        names = {item.group.chat_id: item for item in chunk if item.group is not None}
        _mark(chunk, at=at)
        try:
            failed = gateway.transfers.groups(chat_ids=list(names), new_owner=job.taker.wecom_userid, resigned=resigned)
        except (WeComUnavailable, WeComRefused) as error:
            _refused(job, chunk, error, resigned=resigned, gateway=gateway, clock=clock)
            continue
        codes = {names[one["chat_id"]].pk: one["errcode"] for one in failed if one["chat_id"] in names}
        outcomes.groups_done(job, [item for item in chunk if not codes.get(item.pk)], gateway=gateway, clock=clock)
        _take([item for item in chunk if codes.get(item.pk)], codes, clock=clock)
        if handover_words.TOO_MANY_TODAY in codes.values():
            raise NotToday
        if any(code in _NOT_NOW for code in codes.values()):
            raise WeComUnavailable("企业微信暂时不接受转接，稍后自动继续")


def tomorrow(at: datetime) -> datetime:
    """When WeCom counts anew: shortly after midnight."""
    day = timezone.localdate(at) + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time(0, 5)))


def _chunk(job: HandoverJob, kind: str) -> list[HandoverItem]:
    """The next items of one way."""
    waiting = HandoverItem.objects.filter(job=job, kind=kind, state=State.WAITING).select_related("group")
    found = list(waiting.order_by("other_way", "pk")[:AT_ONCE])
    return [item for item in found if item.other_way is found[0].other_way]


def _mark(chunk: Sequence[HandoverItem], *, at: datetime) -> None:
    rows = HandoverItem.objects.filter(pk__in=[item.pk for item in chunk], state=State.WAITING)
    rows.update(state=State.ASKED, errcode=None, tried_at=at, tries=F("tries") + 1)


def _taken_today(job: HandoverJob, *, at: datetime) -> int:
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(at), time.min))
    by_the_leavers_way = Q(job__resigned=True, other_way=False) | Q(job__resigned=False, other_way=True)
    today = HandoverItem.objects.filter(by_the_leavers_way, kind=Kind.GROUP, job__taker=job.taker_id)
    used = today.filter(state__in=[State.DONE, State.ASKED], tried_at__gte=midnight).count()
    return min(used, GROUPS_A_DAY)


def _take(chunk: Sequence[HandoverItem], codes: dict[int, int], *, clock: Clock) -> None:
    """Apply the errcode of each item; one that was not answered stays asked and is looked up."""
    by_code: dict[int, list[HandoverItem]] = {}
    for item in chunk:
        if item.pk in codes:
            by_code.setdefault(codes[item.pk], []).append(item)
    for code, items in by_code.items():
        fresh = [item for item in items if not item.other_way]
        if code == 0:
            outcomes.move(items, before=State.ASKED, after=State.ACCEPTED)
        elif code in handover_words.IN_TRANSIT:
            outcomes.move(items, before=State.ASKED, after=State.ASKED, errcode=code)
        elif code == handover_words.TOO_MANY_TODAY:
            outcomes.move(items, before=State.ASKED, after=State.WAITING, errcode=code)
        elif code in handover_words.PASSING:
            again = [item for item in items if item.tries < MOST_TRIES]
            outcomes.move(again, before=State.ASKED, after=State.WAITING, errcode=code)
            outcomes.end([one for one in items if one not in again], state=State.FAILED, at=clock(), errcode=code)
        elif code in handover_words.WRONG_WAY:
            outcomes.move(fresh, before=State.ASKED, after=State.WAITING, other_way=True)
            outcomes.end([one for one in items if one not in fresh], state=State.FAILED, at=clock(), errcode=code)
        else:
            state = State.FULL if code == _FULL else State.FAILED
            outcomes.end(items, state=state, at=clock(), errcode=code)


def _refused(
    job: HandoverJob, chunk: Sequence[HandoverItem], error: WeComUnavailable | WeComRefused, *, resigned: bool,
    gateway: WeCom, clock: Clock,
) -> None:  # fmt: skip
    """The whole call came to nothing, or nobody knows."""
    if isinstance(error, OutcomeUnknown):
        raise error
    if isinstance(error, WeComUnavailable) or not error.lasting or error.treatment is Treatment.ALERT:
        outcomes.move(chunk, before=State.ASKED, after=State.WAITING)
        raise error
    same = list(
        HandoverItem.objects.filter(job=job, kind=chunk[0].kind, state=State.WAITING, other_way=chunk[0].other_way)
    )  # the refusal is about the people: it holds for the rest as well
    if not chunk[0].other_way and _is_wrong_way(job, error.code, resigned=resigned, gateway=gateway):
        outcomes.move(chunk, before=State.ASKED, after=State.WAITING, other_way=True)
        outcomes.move(same, before=State.WAITING, after=State.WAITING, other_way=True)
        return
    outcomes.end([*chunk, *same], state=State.FULL if error.code == _FULL else State.FAILED, at=clock(),
                 errcode=error.code)  # fmt: skip


def _is_wrong_way(job: HandoverJob, code: int, *, resigned: bool, gateway: WeCom) -> bool:
    """Whether the giver is not what the job took him for. An unknown userid may be his or the taker's."""
    if code in handover_words.WRONG_WAY:
        return True
    if resigned or code not in UNKNOWN_USER:
        return False
    try:
        user = gateway.contacts.user(userid=job.giver_userid)
    except WeComRefused as refused:
        return refused.code in UNKNOWN_USER
    return user.get("status", 1) in {DISABLED, LEFT}
