"""Read from WeCom how far transfers are: while customers may still refuse, and after a call nobody heard the end of."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from communities.models import HandoverItem, HandoverJob
from communities.services import group_sync
from communities.services.handover import outcomes
from members import identities
from wecom.client.errors import WeComRefused
from wecom.client.transfers import TransferState
from wecom.gateway import WeCom

SETTLES = timedelta(minutes=1)  # until WeCom surely shows what was asked
PATIENCE = timedelta(days=7)  # WeCom completes after 24 hours
MOST_TRIES = 3
_CLOCKS_APART = timedelta(minutes=5)
_DONE, _WAITING, _REFUSED, _FULL = 1, 2, 3, 4
_ENDS = {_REFUSED: HandoverItem.State.REFUSED, _FULL: HandoverItem.State.FULL}
State, Kind = HandoverItem.State, HandoverItem.Kind
Clock = Callable[[], datetime]


def look_at_customers(*, job: HandoverJob, gateway: WeCom, clock: Clock) -> None:
    """Settle every customer that was asked for, by what WeCom says now."""
    looked = HandoverItem.objects.filter(job=job, kind=Kind.CUSTOMER, state__in=[State.ASKED, State.ACCEPTED])
    for other_way in (False, True):
        items = list(looked.filter(other_way=other_way).order_by("pk"))
        if items:
            found = _read(job, gateway, resigned=job.resigned is not other_way)
            _settle(job, items, found, gateway=gateway, clock=clock)


def look_at_groups(*, job: HandoverJob, gateway: WeCom, clock: Clock) -> None:
    """A group whose transfer was not answered: its owner says whether it happened."""
    asked = HandoverItem.objects.filter(job=job, kind=Kind.GROUP, state=State.ASKED).select_related("group")
    for item in asked.order_by("pk"):
        if item.group is None or _is_fresh(item, at=clock()):
            continue
        try:
            owner = gateway.groups.get(chat_id=item.group.chat_id, with_names=False)["owner"].lower()
        except WeComRefused as refused:
            if refused.code not in group_sync.UNKNOWN_GROUP:
                raise
            outcomes.end([item], state=State.FAILED, at=clock(), errcode=refused.code)
            continue
        if owner == job.taker.wecom_userid:
            outcomes.groups_done(job, [item], gateway=gateway, clock=clock)
        else:
            _again(item, at=clock())


def _read(job: HandoverJob, gateway: WeCom, *, resigned: bool) -> dict[str, list[TransferState]]:
    found: dict[str, list[TransferState]] = {}
    pages = gateway.transfers.customer_state_pages(
        handover=job.giver_userid, takeover=job.taker.wecom_userid, resigned=resigned
    )
    for page in pages:
        for one in page.items:
            found.setdefault(one["external_userid"], []).append(one)
    return found


def _settle(
    job: HandoverJob, items: Iterable[HandoverItem], found: dict[str, list[TransferState]], *, gateway: WeCom,
    clock: Clock,
) -> None:  # fmt: skip
    at = clock()
    done: dict[int, datetime] = {}
    ends: dict[str, list[HandoverItem]] = {}
    accepted: list[HandoverItem] = []
    looked = list(items)
    for item in looked:
        entries = [one for one in found.get(identities.decrypt(item.value_encrypted or b""), []) if _is_ours(one, item)]
        if any(one["status"] == _WAITING for one in entries):
            if at - _asked_at(item) < PATIENCE:
                accepted.append(item)
                continue
            ends.setdefault(State.FAILED, []).append(item)
        elif entries and entries[-1]["status"] == _DONE:
            done[item.pk] = _moment(entries[-1], at=at)
        elif entries and entries[-1]["status"] in _ENDS and not _is_old_news(item, _ENDS[entries[-1]["status"]]):
            ends.setdefault(_ENDS[entries[-1]["status"]], []).append(item)
        elif item.state == State.ASKED:
            _unheard_of(item, at=at)
        elif at - _asked_at(item) >= PATIENCE:
            ends.setdefault(State.FAILED, []).append(item)
    outcomes.move(accepted, before=State.ASKED, after=State.ACCEPTED)
    for state, ended in ends.items():
        outcomes.end(ended, state=state, at=at)
    if done:
        outcomes.customers_done(job, done, looked, gateway=gateway, clock=clock)


def _is_ours(one: TransferState, item: HandoverItem) -> bool:
    """Not the end of an earlier hand-over between the same two."""
    moment = one.get("takeover_time")
    return (
        one["status"] == _WAITING or not moment or _moment(one, at=_asked_at(item)) >= _asked_at(item) - _CLOCKS_APART
    )


def _is_old_news(item: HandoverItem, state: str) -> bool:
    """Whether a refusal is explained by an earlier hand-over, so that it says nothing of a request nobody answered."""
    if item.state != State.ASKED:
        return False
    earlier = HandoverItem.objects.filter(who=item.who, state=state, job__taker=item.job.taker_id)
    return earlier.filter(giver_userid=item.giver_userid, pk__lt=item.pk).exists()


def _unheard_of(item: HandoverItem, *, at: datetime) -> None:
    """WeCom knows no transfer: it is on its way elsewhere, or the request never arrived."""
    if item.errcode is not None:
        outcomes.end([item], state=State.FAILED, at=at, errcode=item.errcode)
    elif not _is_fresh(item, at=at):
        _again(item, at=at)


def _again(item: HandoverItem, *, at: datetime) -> None:
    if item.tries < MOST_TRIES:
        outcomes.move([item], before=State.ASKED, after=State.WAITING)
    else:
        outcomes.end([item], state=State.FAILED, at=at)


def _is_fresh(item: HandoverItem, *, at: datetime) -> bool:
    return at - _asked_at(item) < SETTLES


def _asked_at(item: HandoverItem) -> datetime:
    return item.tried_at or item.job.started_at


def _moment(one: TransferState, *, at: datetime) -> datetime:
    moment = one.get("takeover_time")
    return datetime.fromtimestamp(moment, UTC) if moment else at
