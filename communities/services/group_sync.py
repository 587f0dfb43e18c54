"""One group read again, and the full reading of all: 1 call per 1,000 groups of 100 owners, 1 per group."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from communities.models import CustomerGroup
from communities.services import groups
from communities.services.groups import Difference
from wecom.client.errors import WeComRefused
from wecom.client.groups import Group
from wecom.gateway import WeCom
from wecom.models import SyncRun
from wecom.services import syncing

KIND = "groups"
OWNERS = 100  # per call
# 群聊不存在 under the codes WeCom has for it; 90501 is what groupchat/get answers for a group that is no more.
UNKNOWN_GROUP = frozenset({40050, 49008, 86001, 86003, 90501})
UNKNOWN_OWNER = frozenset({40003, 60011, 60111})
_HANDOVERS = frozenset(CustomerGroup.Handover.values)


def read_group(*, wecom: WeCom, chat_id: str, clock: Callable[[], datetime]) -> Difference:
    """Ask WeCom about a group and apply the answer."""
    read_at = clock()
    found = _fetch(wecom, chat_id)
    return _apply(wecom, chat_id, found, read_at=read_at, at=clock())


def _fetch(wecom: WeCom, chat_id: str) -> Group | None:
    try:
        return wecom.groups.get(chat_id=chat_id, with_names=False)
    except WeComRefused as refused:
        if refused.code not in UNKNOWN_GROUP:
            raise
        return None


def _apply(wecom: WeCom, chat_id: str, found: Group | None, *, read_at: datetime, at: datetime) -> Difference:
    if found is None:
        return groups.dismiss_group(chat_id=chat_id, at=at)
    corp_id = wecom.transport.application.corp_id
    return groups.apply_group(group=found, corp_id=corp_id, read_at=read_at, at=at)


def sync_groups(*, wecom: WeCom, clock: Callable[[], datetime]) -> SyncRun:
    """Read every group of every owner, and repair what differs. Killed, it goes on at the same group.

    :raises SyncBusy: another worker is at it
    """
    with syncing.running(kind=KIND, clock=clock) as run:
        if not run.plan:
            _plan(run, wecom, at=clock())
        while run.position["owners"] < len(run.plan["owners"]):
            _read_page(run, wecom, clock=clock)
        _look_for_the_missing(run, wecom, clock=clock)
        groups.link_members()
    return run


def _plan(run: SyncRun, wecom: WeCom, *, at: datetime) -> None:
    owners = wecom.customers.member_ids()
    run.calls += 1
    # Groups of owners who left wait for an heir and are still listed under them.
    known = CustomerGroup.objects.live().exclude(owner_userid="").values_list("owner_userid", flat=True).distinct()
    owners += sorted(set(known) - {userid.lower() for userid in owners})
    syncing.advance(run, position=_start(0), plan={"owners": owners, "page": None}, at=at)


def _start(owners: int) -> dict[str, Any]:
    return {"owners": owners, "cursor": "", "done": 0}


def _read_page(run: SyncRun, wecom: WeCom, *, clock: Callable[[], datetime]) -> None:
    """List one page of groups, then read each of them; the list is kept, so that it is asked for once."""
    first = run.position["owners"]
    owners: list[str] = run.plan["owners"][first : first + OWNERS]
    page = run.plan["page"]
    if page is None:
        page = _list_page(run, wecom, owners, at=clock())
        if page is None:
            return
    for chat_id in page["chat_ids"][run.position["done"] :]:
        _read_one(run, wecom, chat_id, clock=clock)
    following = {**_start(first), "cursor": page["next"]} if page["next"] else _start(first + len(owners))
    syncing.advance(run, position=following, plan={**run.plan, "page": None}, at=clock())


def _list_page(run: SyncRun, wecom: WeCom, owners: list[str], *, at: datetime) -> dict[str, Any] | None:
    try:
        listed = next(wecom.groups.pages(owners=owners, cursor=run.position["cursor"]))
    except WeComRefused as refused:
        if refused.code not in UNKNOWN_OWNER or not _without_leavers(run, wecom, owners, at=at):
            raise
        return None
    run.calls += 1
    page = {"chat_ids": [one["chat_id"] for one in listed.items], "next": listed.next_cursor}
    with transaction.atomic():
        for status in {one["status"] for one in listed.items} & _HANDOVERS:
            chosen = [one["chat_id"] for one in listed.items if one["status"] == status]
            groups.set_handover(chat_ids=chosen, handover=status)
        syncing.advance(run, position=run.position, plan={**run.plan, "page": page}, at=at)
    return page


def _read_one(run: SyncRun, wecom: WeCom, chat_id: str, *, clock: Callable[[], datetime]) -> None:
    read_at = clock()
    found = _fetch(wecom, chat_id)
    run.calls += 1
    with transaction.atomic():
        difference = _apply(wecom, chat_id, found, read_at=read_at, at=clock())
        _note(run, difference)
        syncing.advance(run, position={**run.position, "done": run.position["done"] + 1}, at=clock())


def _look_for_the_missing(run: SyncRun, wecom: WeCom, *, clock: Callable[[], datetime]) -> None:
    """A group that no list named is asked for by itself: it is gone, or its owner is."""
    unread = Q(read_at=None) | Q(read_at__lt=run.started_at)
    missing = CustomerGroup.objects.live().filter(unread).order_by("pk")
    for pk, chat_id in list(missing.values_list("pk", "chat_id")):
        run.calls += 1
        try:
            difference = read_group(wecom=wecom, chat_id=chat_id, clock=clock)
        except WeComRefused as refused:
            if refused.code not in UNKNOWN_OWNER:
                raise
            syncing.note_drift(run, kind="group_out_of_sight", rows=[pk])
        else:
            _note(run, difference)
        syncing.advance(run, position=run.position, at=clock())


def _note(run: SyncRun, difference: Difference) -> None:
    found = {
        "group_missing": [difference.group_id] * difference.is_new,
        "group_gone": [difference.group_id] * difference.is_gone,
        # All of a new group is new.
        "group_changed": [difference.group_id] * (difference.is_changed and not difference.is_new),
        "join_missing": [] if difference.is_new else difference.joined,
        "quit_missing": difference.left,
    }
    for kind, rows in found.items():
        syncing.note_drift(run, kind=kind, rows=rows)


def _without_leavers(run: SyncRun, wecom: WeCom, owners: list[str], *, at: datetime) -> bool:
    """Ask again who serves customers, and begin these owners anew without those who do not any more."""
    serving = set(wecom.customers.member_ids())
    run.calls += 1
    gone = [userid for userid in owners if userid not in serving]
    if not gone:
        return False
    left = [userid for userid in run.plan["owners"] if userid not in gone]
    syncing.advance(run, position=_start(run.position["owners"]), plan={**run.plan, "owners": left}, at=at)
    return True
