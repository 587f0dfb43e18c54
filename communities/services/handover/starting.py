"""Begin a hand-over, list what it moves, hurry it, stop it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from communities import tasks
from communities.models import CustomerGroup, HandoverItem, HandoverJob, UnassignedCustomer
from communities.services import group_sync
from communities.services.unassigned import KIND, read_unassigned
from members import identities
from members.models import Identity
from members.services.wecom_contacts import external_hash
from stores.models import Staff
from stores.services.auditing import audit
from wecom.client.errors import WeComRefused
from wecom.gateway import WeCom
from wecom.models import SyncRun

_NO_CUSTOMERS = 84061  # externalcontact/list of somebody who has none
_ROWS = 1_000
State = HandoverItem.State


class NotSuitable(Exception):
    """These two cannot hand over; the message says why, in Chinese."""


def start_handover(
    *, giver_userid: str, giver: Staff | None, taker: Staff, customers: bool, groups: bool, codes: bool, message: str,
    by: Staff, at: datetime,
) -> HandoverJob:  # fmt: skip
    """Order a hand-over; a worker does it. Whoever is not at work any more is treated as having left.

    :raises NotSuitable:
    """
    if not taker.is_active or not taker.wecom_userid:
        raise NotSuitable("接手人要在职，并且有企业微信账号")
    if taker.wecom_userid == giver_userid:
        raise NotSuitable("接手人不能是本人")
    if not customers and not groups:
        raise NotSuitable("客户和客户群至少选一样")
    resigned = giver is None or not giver.is_active
    with transaction.atomic():
        job = HandoverJob.objects.create(
            giver_userid=giver_userid, giver=giver, taker=taker, store=giver.store if giver else None,
            resigned=resigned, message="" if resigned else message.strip(), with_customers=customers,
            with_groups=groups, with_codes=codes, started_by=by, started_at=at, next_at=at,
        )  # fmt: skip
        audit(
            actor=by, action="handover.start", at=at, target=f"handover:{job.pk}", store=job.store,
            detail={"from": giver_userid, "to": taker.wecom_userid, "resigned": resigned},
        )  # fmt: skip
        tasks.advance_handover.delay_on_commit(job_id=job.pk)
    return job


def plan_items(*, job: HandoverJob, gateway: WeCom, clock: Callable[[], datetime]) -> None:
    """Ask WeCom what the giver has, and make it the items of the job, once.

    What another open hand-over moves already is left to it.
    """
    customers = _customers(job, gateway, clock=clock) if job.with_customers else {}
    groups = _groups(job, gateway, clock=clock) if job.with_groups else []
    # A row per identity of a member: the hash is that of her identity.
    known = dict(Identity.objects.filter(value_hash__in=list(customers)).values_list("value_hash", "member_id"))
    members = {bytes(who): member for who, member in known.items()}
    rows = [
        HandoverItem(
            job=job, giver_userid=job.giver_userid, kind=HandoverItem.Kind.CUSTOMER, who=who, value_encrypted=sealed,
            member_id=members.get(who),
        )
        for who, sealed in sorted(customers.items())
    ]  # fmt: skip
    rows += [
        HandoverItem(job=job, giver_userid=job.giver_userid, kind=HandoverItem.Kind.GROUP, group_id=group)
        for group in groups
    ]
    with transaction.atomic():
        if HandoverJob.objects.filter(pk=job.pk, planned_at=None).update(planned_at=clock()):
            HandoverItem.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_ROWS)
    job.refresh_from_db(fields=["planned_at"])


def _customers(job: HandoverJob, gateway: WeCom, *, clock: Callable[[], datetime]) -> dict[bytes, bytes]:
    """The giver's customers at WeCom: hash → encrypted external_userid."""
    if job.resigned:
        fresh = SyncRun.objects.filter(kind=KIND, started_at__gte=job.started_at, finished_at__isnull=False)
        if not fresh.exists():
            read_unassigned(gateway=gateway, clock=clock)
        rows = UnassignedCustomer.objects.filter(userid=job.giver_userid).values_list("who", "value_encrypted")
        return {bytes(who): bytes(sealed) for who, sealed in rows}
    try:
        listed = gateway.customers.ids_of(userid=job.giver_userid)
    except WeComRefused as refused:
        if refused.code != _NO_CUSTOMERS:
            raise
        return {}
    corp_id = gateway.transport.application.corp_id
    hashes = [external_hash(external_userid=one, corp_id=corp_id) for one in listed]
    return dict(zip(hashes, identities.encrypt_all(listed), strict=True))


def _groups(job: HandoverJob, gateway: WeCom, *, clock: Callable[[], datetime]) -> list[int]:
    """The giver's groups at WeCom; where it does not list him any more, those we know him to own."""
    mine = CustomerGroup.objects.live().filter(owner_userid=job.giver_userid)
    try:
        pages = list(gateway.groups.pages(owners=[job.giver_userid]))
    except WeComRefused as refused:
        if refused.code not in group_sync.UNKNOWN_OWNER:
            raise
        return list(mine.order_by("pk").values_list("pk", flat=True))
    listed = [entry["chat_id"] for page in pages for entry in page.items]
    known = set(CustomerGroup.objects.filter(chat_id__in=listed).values_list("chat_id", flat=True))
    for chat_id in listed:
        if chat_id not in known:
            group_sync.read_group(wecom=gateway, chat_id=chat_id, clock=clock)
    found = CustomerGroup.objects.live().filter(chat_id__in=listed)
    return list(found.order_by("pk").values_list("pk", flat=True))


def wake_handovers(*, giver_userid: str = "", taker_userid: str = "", at: datetime) -> int:
    """Something happened to a hand-over of these people at WeCom: look soon. Returns how many are looked at."""
    about = Q(giver_userid=giver_userid.lower()) if giver_userid else Q(taker__wecom_userid=taker_userid.lower())
    return HandoverJob.objects.open().filter(about, next_at__gt=at).update(next_at=at)


def hurry_handover(*, job: HandoverJob, at: datetime) -> None:
    """Look now instead of when its time comes."""
    if HandoverJob.objects.open().filter(pk=job.pk).update(next_at=at):
        tasks.advance_handover.delay_on_commit(job_id=job.pk)


@transaction.atomic
def drop_handover(*, job: HandoverJob, by: Staff, at: datetime) -> int:
    """Stop what has not been asked of WeCom yet; what was asked ends by itself. Returns how many were stopped."""
    waiting = HandoverItem.objects.filter(job=job, state=State.WAITING)
    stopped = waiting.update(state=State.DROPPED, decided_at=at)
    # Listed later, it would move after all.
    never_planned = HandoverJob.objects.filter(pk=job.pk, planned_at=None).update(planned_at=at)
    fields: dict[str, Any] = {"items": stopped}
    if stopped or never_planned:
        audit(actor=by, action="handover.drop", at=at, target=f"handover:{job.pk}", store=job.store, detail=fields)
        hurry_handover(job=job, at=at)
    return stopped
