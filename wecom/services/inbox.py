"""The callback inbox: store once, work until done, park what cannot be done, replay on demand.

Delivery to handlers is at least once. Two workers never run one job together: a job is taken by a conditional
update, and the lease outlasts the task's hard time limit.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection
from django.db.models import F, Q, QuerySet
from kombu.exceptions import OperationalError

from wecom import registry
from wecom.client.errors import WeComError
from wecom.events import UNREADABLE, Event, Unreadable, read_event
from wecom.models import CallbackEvent, CallbackJob
from wecom.redaction import redact

logger = structlog.get_logger(__name__)

HARD_LIMIT = timedelta(seconds=110)  # a handler's task is killed here, so that
LEASE = timedelta(seconds=120)  # nobody else can take its job while it still works
# Waits after the first, second, … failure; about nine hours in all, so an API paused for an hour is outlived.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 20, 60, 300, 900, 3_600, 28_800))
MAX_ATTEMPTS = len(BACKOFF) + 1
_COUNTDOWN_AT_MOST = timedelta(seconds=60)  # longer waits are the sweeper's
_LOST_AFTER = {"fast": timedelta(seconds=30)}
_LOST_BY_DEFAULT = timedelta(minutes=5)
_ERROR_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class QueuedJob:
    pk: int
    queue: str


def store_event(*, plaintext: str, at: datetime) -> list[QueuedJob]:
    """Store a callback and the work it causes, once however often it is delivered, and queue the work.

    A kind nobody handles is stored too. A broker that is down costs nothing but time: the sweeper finds the jobs.
    """
    try:
        event = read_event(plaintext)
    except Unreadable:
        event = Event(kind=UNREADABLE, fields={})
    handlers = registry.handlers_of(event.kind)
    with connection.cursor() as cursor:
        # One statement, one round trip; a duplicate inserts nothing at all.
        cursor.execute(
            """
            WITH stored AS (
                INSERT INTO wecom_callbackevent (digest, kind, body, occurred_at, received_at)
                VALUES (%(digest)s, %(kind)s, %(body)s, %(occurred_at)s, %(at)s)
                ON CONFLICT (digest) DO NOTHING RETURNING id
            )
            INSERT INTO wecom_callbackjob (event_id, handler, queue, state, attempts, due_at, queued_at, error)
            SELECT stored.id, wanted.handler, wanted.queue, 'waiting', 0, %(at)s, %(at)s, ''
            FROM stored, unnest(%(handlers)s::text[], %(queues)s::text[]) AS wanted (handler, queue)
            RETURNING id, queue
            """,
            {
                "digest": hashlib.sha256(plaintext.encode()).digest(),
                "kind": event.kind,
                "body": plaintext.replace("\x00", "\ufffd"),  # PostgreSQL's text holds anything else
                "occurred_at": event.occurred_at,
                "at": at,
                "handlers": [one.name for one in handlers],
                "queues": [one.queue for one in handlers],
            },
        )
        jobs = [QueuedJob(pk=pk, queue=queue) for pk, queue in cursor.fetchall()]
    _queue(jobs)
    return jobs


def run_job(*, job_id: int, at: datetime) -> None:
    """Take a due job and run its handler; does nothing if somebody else has it or it is done."""
    taken = (
        CallbackJob.objects.due(at)
        .filter(pk=job_id)
        .update(state=CallbackJob.State.RUNNING, attempts=F("attempts") + 1, due_at=at + LEASE)
    )
    if not taken:
        return
    job = CallbackJob.objects.select_related("event").get(pk=job_id)
    registration = registry.handler_named(job.handler)
    try:
        if registration is None:
            raise registry.Park("处理程序已不存在")  # noqa: TRY301 -- parks like any other
        event = read_event(job.event.body, received_at=job.event.received_at, pk=job.event_id)
        registration.handler(event, at=at)
    except registry.Park as reason:
        _park(job, error=str(reason), at=at)
    except WeComError as error:
        if error.lasting:
            _park(job, error=_described(error), at=at)
        else:
            _retry(job, error=_described(error), at=at, not_before=timedelta(seconds=error.retry_after))
    except Exception as error:  # noqa: BLE001 -- a handler may fail in any way; the job must not be lost
        _retry(job, error=_described(error), at=at)
    else:
        _held(job).update(state=CallbackJob.State.DONE, finished_at=at, error="")


def _held(job: CallbackJob) -> QuerySet[CallbackJob]:
    """The job, unless our lease ran out and somebody took it over: the count of attempts is the fencing token."""
    return CallbackJob.objects.filter(pk=job.pk, state=CallbackJob.State.RUNNING, attempts=job.attempts)


def _described(error: Exception) -> str:
    return redact(f"{type(error).__name__}: {error}")[:_ERROR_LENGTH].replace("\x00", "")


def _park(job: CallbackJob, *, error: str, at: datetime) -> None:
    if _held(job).update(state=CallbackJob.State.DEAD, finished_at=at, error=error):
        logger.error("callback_parked", job=job.pk, handler=job.handler, kind=job.event.kind, error=error)


def _retry(job: CallbackJob, *, error: str, at: datetime, not_before: timedelta = timedelta(0)) -> None:
    if job.attempts >= MAX_ATTEMPTS:
        _park(job, error=error, at=at)
        return
    wait = max(BACKOFF[job.attempts - 1], not_before)
    soon = wait <= _COUNTDOWN_AT_MOST
    waiting = {"state": CallbackJob.State.WAITING, "due_at": at + wait, "error": error}
    if not _held(job).update(**waiting, queued_at=at + wait if soon else None):
        return
    logger.warning("callback_failed", job=job.pk, handler=job.handler, attempt=job.attempts, error=error)
    if soon:
        _queue([QueuedJob(pk=job.pk, queue=job.queue)], countdown=wait)


def sweep_jobs(*, at: datetime, limit: int = 5_000) -> int:
    """Queue again what is due and not in any queue: failed publishes, lost messages, dead workers, long waits.

    A job queued a short while ago is left alone, so a long queue is not filled with copies. Returns how many.
    """
    lost = Q(queued_at__isnull=True)
    for queue, patience in _LOST_AFTER.items():
        lost |= Q(queue=queue, queued_at__lte=at - patience)
    lost |= ~Q(queue__in=_LOST_AFTER) & Q(queued_at__lte=at - _LOST_BY_DEFAULT)
    found = CallbackJob.objects.due(at).filter(lost).order_by("due_at")[:limit]
    jobs = [QueuedJob(pk=pk, queue=queue) for pk, queue in found.values_list("pk", "queue")]
    CallbackJob.objects.filter(pk__in=[job.pk for job in jobs]).update(queued_at=at)
    _queue(jobs)
    return len(jobs)


def replay_jobs(*, job_ids: Iterable[int], at: datetime) -> int:
    """Give parked or finished jobs a fresh start; those that wait or run are left alone. Returns how many."""
    ids = list(job_ids)
    finished = CallbackJob.objects.filter(pk__in=ids, state__in=[CallbackJob.State.DEAD, CallbackJob.State.DONE])
    restarted = [QueuedJob(pk=pk, queue=queue) for pk, queue in finished.order_by("pk").values_list("pk", "queue")]
    fresh = {"state": CallbackJob.State.WAITING, "attempts": 0, "due_at": at, "queued_at": at, "finished_at": None}
    # Conditional again: of two people who press replay, one restarts it.
    count = finished.update(**fresh)
    _queue(restarted)
    return count


def adopt_events(*, events: QuerySet[CallbackEvent], at: datetime) -> int:
    """Create the jobs of handlers registered after these events were stored. Returns how many."""
    jobs = [
        CallbackJob(event=event, handler=one.name, queue=one.queue, due_at=at)
        for event in events.only("pk", "kind").iterator(chunk_size=2_000)
        for one in registry.handlers_of(event.kind)
    ]
    before = CallbackJob.objects.count()
    CallbackJob.objects.bulk_create(jobs, ignore_conflicts=True, batch_size=2_000)
    return CallbackJob.objects.count() - before


def purge_events(*, before: datetime, limit: int = 5_000) -> int:
    """Delete events received before a moment whose work is done; parked work keeps its event. Returns how many."""
    unfinished = CallbackJob.objects.exclude(state=CallbackJob.State.DONE).values("event_id")
    old = CallbackEvent.objects.filter(received_at__lt=before).exclude(pk__in=unfinished).order_by("received_at")
    ids = list(old.values_list("pk", flat=True)[:limit])
    CallbackEvent.objects.filter(pk__in=ids).delete()
    return len(ids)


def _queue(jobs: Sequence[QueuedJob], *, countdown: timedelta = timedelta(0)) -> None:
    from wecom import tasks

    ordered = sorted(jobs, key=lambda job: job.queue != "fast")  # a welcome has twenty seconds
    for position, job in enumerate(ordered):
        try:
            tasks.run_callback.apply_async(
                kwargs={"job_id": job.pk}, queue=job.queue, countdown=countdown.total_seconds() or None, retry=False
            )
        except OperationalError as error:
            left = [one.pk for one in ordered[position:]]
            logger.warning("callback_not_queued", jobs=len(left), error=redact(str(error)))
            CallbackJob.objects.filter(pk__in=left, state=CallbackJob.State.WAITING).update(queued_at=None)
            return
