"""Bring a hand-over as far as it will go now, and say when to look again. One worker at a time; any may go on.

Killed anywhere, nothing is lost or asked twice: items are marked before each call, and what was marked and not
answered is read from WeCom first.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from communities.models import HandoverItem, HandoverJob
from communities.services.handover import asking, codes, looking, starting
from stores.services.auditing import audit
from wecom.client.errors import Treatment, WeComError, WeComRefused
from wecom.gateway import WeCom
from wecom.services.syncing import SyncBusy

LEASE = timedelta(minutes=10)  # a chunk's calls with all their retries end before
_SOON = timedelta(minutes=1)
_LOOK = timedelta(minutes=30)  # customers have a day
_MENDED = timedelta(hours=1)  # a person has to mend the configuration first
_STALLED = 200
State = HandoverItem.State
Clock = Callable[[], datetime]


class LeaseLost(Exception):
    """Another worker took the job over: this one was silent for too long."""


def advance_handover(*, job_id: int, gateway: WeCom, clock: Clock) -> bool:
    """Do what can be done now. False where the job is finished, not due or in other hands."""
    holder, at = uuid.uuid4(), clock()
    if not HandoverJob.objects.due(at).filter(pk=job_id).update(holder=holder, leased_until=at + LEASE):
        return False
    job = HandoverJob.objects.select_related("giver", "taker", "store", "started_by").get(pk=job_id)

    def step() -> None:
        if not _held(job).update(leased_until=clock() + LEASE):
            raise LeaseLost

    wait, stalled = timedelta(0), ""
    try:
        wait = _work(job, gateway=gateway, clock=clock, step=step)
    except WeComError as error:
        is_ours = isinstance(error, WeComRefused) and error.treatment is Treatment.ALERT
        wait = _MENDED if is_ours else max(_SOON, timedelta(seconds=error.retry_after))
        stalled = f"{error.meaning}（{error.code}）" if isinstance(error, WeComRefused) else str(error)
    except SyncBusy:
        wait = _SOON
    _let_go(job, wait=wait, stalled=stalled, at=clock())
    return True


def _held(job: HandoverJob) -> QuerySet[HandoverJob]:
    return HandoverJob.objects.open().filter(pk=job.pk, holder=job.holder)


def _work(job: HandoverJob, *, gateway: WeCom, clock: Clock, step: Callable[[], None]) -> timedelta:
    """How long to wait before the next look."""
    if job.planned_at is None:
        starting.plan_items(job=job, gateway=gateway, clock=clock)
    looking.look_at_customers(job=job, gateway=gateway, clock=clock)
    looking.look_at_groups(job=job, gateway=gateway, clock=clock)
    asking.ask_customers(job=job, gateway=gateway, clock=clock, step=step)
    wait = _SOON
    try:
        asking.ask_groups(job=job, gateway=gateway, clock=clock, step=step)
    except asking.NotToday:
        wait = asking.tomorrow(clock()) - clock()
    step()
    if job.with_codes and job.codes_at is None:
        codes.hand_over_codes(job=job, gateway=gateway, clock=clock)
    # What is in transit elsewhere or here is known by now.
    if HandoverItem.objects.filter(job=job, state=State.ASKED, errcode__isnull=False).exists():
        looking.look_at_customers(job=job, gateway=gateway, clock=clock)
    waits = {State.ASKED.value: _SOON, State.WAITING.value: wait, State.ACCEPTED.value: _LOOK}
    left = HandoverItem.objects.filter(job=job, state__in=HandoverItem.OPEN).values_list("state", flat=True)
    return min((waits[state] for state in left.distinct()), default=_SOON)


@transaction.atomic
def _let_go(job: HandoverJob, *, wait: timedelta, stalled: str, at: datetime) -> None:
    counted = HandoverItem.objects.filter(job=job).aggregate(
        left=Count("pk", filter=Q(state__in=HandoverItem.OPEN)), done=Count("pk", filter=Q(state=State.DONE)),
        total=Count("pk"),
    )  # fmt: skip
    planned = HandoverJob.objects.filter(pk=job.pk, planned_at__isnull=False).exists()
    fields: dict[str, object] = {"leased_until": None, "holder": None, "stalled": stalled[:_STALLED]}
    if not planned or counted["left"] or stalled:
        _held(job).update(**fields, next_at=at + wait)
    elif _held(job).update(**fields, next_at=None, finished_at=at):
        audit(
            actor=None, action="handover.finish", at=at, target=f"handover:{job.pk}", store=job.store,
            detail={"done": counted["done"], "total": counted["total"]},
        )  # fmt: skip
