"""One customer read again, and the full reading of all: 1 call, then 1 per 100 contacts of 100 colleagues."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from members.services import wecom_contacts, wecom_pairs
from members.services.wecom_pairs import Applied, SeenContact
from wecom.client.customers import CustomerOfMember
from wecom.client.errors import WeComRefused
from wecom.client.paging import Page
from wecom.events import SETTLES
from wecom.gateway import WeCom
from wecom.models import SyncRun
from wecom.services import syncing

KIND = "contacts"
COLLEAGUES = 100  # per call
UNKNOWN_CUSTOMER = frozenset({40096, 84061})
# A colleague who left the range or lost his licence for 客户联系 between two calls.
UNSUITABLE_COLLEAGUE = frozenset({40003, 40098, 41054, 48002, 60011, 60111})


@dataclass(frozen=True, slots=True)
class Told:
    """What an event said of a colleague and a customer, besides that something changed between them."""

    userid: str = ""
    received_at: datetime | None = None
    added_at: datetime | None = None  # she added him then
    lost_at: datetime | None = None  # she deleted him then


def customer_changed(
    *, wecom: WeCom, external_userid: str, told: Told, clock: Callable[[], datetime]
) -> Applied | None:  # fmt: skip
    """Ask WeCom who knows a customer and apply the answer, unless it was asked since the event had settled.

    Whether the customer deleted the colleague, and when, only the event tells: WeCom may go on listing the two.
    """
    pair = {"external_userid": external_userid, "userid": told.userid, "corp_id": wecom.transport.application.corp_id}
    if told.added_at is not None:
        wecom_pairs.forgive_loss(**pair, added_at=told.added_at)
    applied = None
    if told.received_at is None or not wecom_pairs.is_read_since(**pair, since=told.received_at + SETTLES):
        applied = read_customer(wecom=wecom, external_userid=external_userid, userid=told.userid, clock=clock)
    if told.lost_at is not None:
        wecom_pairs.lose_contact(**pair, lost_at=told.lost_at)
    return applied


def read_customer(*, wecom: WeCom, external_userid: str, userid: str, clock: Callable[[], datetime]) -> Applied:
    """Ask WeCom who knows a customer and apply the answer; `userid` is the colleague an event was about."""
    corp_id = wecom.transport.application.corp_id
    read_at = clock()
    try:
        customer = wecom.customers.get(external_userid=external_userid)
    except WeComRefused as refused:
        if refused.code not in UNKNOWN_CUSTOMER:
            raise
        seen = []
    else:
        seen = [SeenContact(contact=customer.contact, follow=follow) for follow in customer.follows]
    applied = wecom_contacts.apply_contacts(seen=seen, corp_id=corp_id, read_at=read_at, at=clock())
    if userid and userid.lower() not in {one.userid for one in seen}:
        wecom_pairs.end_contacts(
            external_userid=external_userid, corp_id=corp_id, userids=[userid], read_at=read_at, at=clock()
        )
    return applied


def sync_contacts(*, wecom: WeCom, clock: Callable[[], datetime]) -> SyncRun:
    """Read every customer of every colleague, and repair what differs. Killed, it goes on at the same page.

    :raises SyncBusy: another worker is at it
    """
    with syncing.running(kind=KIND, clock=clock) as run:
        if not run.plan:
            _plan(run, wecom, at=clock())
        while run.position["done"] < len(run.plan["userids"]):
            _read_colleagues(run, wecom, clock=clock)
    return run


def _plan(run: SyncRun, wecom: WeCom, *, at: datetime) -> None:
    userids = wecom.customers.member_ids()
    run.calls += 1
    syncing.advance(run, position={"done": 0, "cursor": ""}, plan={"userids": userids}, at=at)


def _read_colleagues(run: SyncRun, wecom: WeCom, *, clock: Callable[[], datetime]) -> None:
    done = run.position["done"]
    userids: list[str] = run.plan["userids"][done : done + COLLEAGUES]
    read_at = clock()
    pages = wecom.customers.pages_of(userids=userids, cursor=run.position["cursor"])
    while True:
        try:
            page = next(pages)
        except WeComRefused as refused:
            if refused.code not in UNSUITABLE_COLLEAGUE or not _without_leavers(run, wecom, userids, at=clock()):
                raise
            return
        run.calls += 1
        is_last = not page.next_cursor
        following = {"done": done + len(userids)} if is_last else {"done": done}
        with transaction.atomic():
            _apply(run, wecom, page, read_at=read_at, at=clock())
            if is_last:
                _end_unseen(run, userids, unread=page.failed, at=clock())
            syncing.advance(run, position={**following, "cursor": page.next_cursor}, at=clock())
        if is_last:
            return
        read_at = clock()


def _apply(run: SyncRun, wecom: WeCom, page: Page[CustomerOfMember], *, read_at: datetime, at: datetime) -> None:
    seen = [SeenContact(contact=one["external_contact"], follow=one["follow_info"]) for one in page.items]
    corp_id = wecom.transport.application.corp_id
    applied = wecom_contacts.apply_contacts(seen=seen, corp_id=corp_id, read_at=read_at, at=at)
    for kind, found in (
        ("contact_missing", applied.added), ("contact_revived", applied.revived), ("contact_changed", applied.changed),
    ):  # fmt: skip
        syncing.note_drift(run, kind=kind, rows=found)


def _end_unseen(run: SyncRun, userids: Sequence[str], *, unread: Sequence[str], at: datetime) -> None:
    silent = {userid.lower() for userid in unread}
    read = [userid.lower() for userid in userids if userid.lower() not in silent]
    gone = wecom_pairs.end_unseen(userids=read, since=run.started_at, at=at)
    syncing.note_drift(run, kind="contact_gone", rows=gone)


def _without_leavers(run: SyncRun, wecom: WeCom, userids: Sequence[str], *, at: datetime) -> bool:
    """Ask again who serves customers, and begin these colleagues anew without those who do not any more."""
    serving = set(wecom.customers.member_ids())
    run.calls += 1
    gone = [userid for userid in userids if userid not in serving]
    if not gone:
        return False
    left = [userid for userid in run.plan["userids"] if userid not in gone]
    syncing.advance(run, position={**run.position, "cursor": ""}, plan={"userids": left}, at=at)
    return True
