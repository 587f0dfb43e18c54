"""The callback inbox: store once, work until done, park what cannot be done, replay on demand.

Delivery to handlers is at least once. Two workers never run one job together: a job is taken by one conditional
update, and its lease outlasts the task's hard time limit.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast, get_args

import structlog
from django.db import connection
from django.db.models import QuerySet

from wecom import registry
from wecom.client.errors import WeComError
from wecom.events import UNREADABLE, Event, Unreadable, read_event
from wecom.models import CallbackEvent, CallbackJob
from wecom.redaction import redact
from wecom.services import waking

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)  # the task is killed before (`tasks.work_callbacks`), so nobody else takes its job
# Waits after the first, second, … failure; about nine hours in all, so an API paused for an hour is outlived.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 20, 60, 300, 900, 3_600, 28_800))
MAX_ATTEMPTS = len(BACKOFF) + 1
_SWEEPERS_WAIT = timedelta(seconds=60)  # from here on the sweeper is in time
_ERROR_LENGTH = 1_000


def store_event(*, plaintext: str, at: datetime) -> int:
    """Store a callback and the work it causes, once however often it is delivered, and wake those who do it.

    A kind nobody handles is stored too. A broker that is down costs nothing but time: the sweeper finds the jobs.
    Returns how many jobs it caused.
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
            INSERT INTO wecom_callbackjob (event_id, handler, queue, state, attempts, due_at, error)
            SELECT stored.id, wanted.handler, wanted.queue, 'waiting', 0, %(at)s, ''
            FROM stored, unnest(%(handlers)s::text[], %(queues)s::text[]) AS wanted (handler, queue)
            RETURNING queue
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
        queues: list[registry.Queue] = [queue for (queue,) in cursor.fetchall()]
    for queue in sorted(set(queues), key=lambda queue: queue != "fast"):
        waking.wake(queue=queue)
    return len(queues)


def run_next(*, queue: registry.Queue, at: datetime) -> bool:
    """Take the job of a queue that has been due longest, and run its handler. Returns whether there was one."""
    job_id = _take(queue, at)
    if job_id is None:
        return False
    if CallbackJob.objects.due(at).filter(queue=queue).exists():
        waking.wake(queue=queue)  # another worker may help
    _run(CallbackJob.objects.select_related("event").get(pk=job_id), at=at)
    return True


def _take(queue: registry.Queue, at: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE wecom_callbackjob SET state = 'running', attempts = attempts + 1, due_at = %(lease_end)s
            WHERE id = (
                SELECT id FROM wecom_callbackjob
                WHERE queue = %(queue)s AND state IN ('waiting', 'running') AND due_at <= %(at)s
                ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            RETURNING id
            """,
            {"queue": queue, "at": at, "lease_end": at + LEASE},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _run(job: CallbackJob, *, at: datetime) -> None:
    if job.attempts > MAX_ATTEMPTS:
        _park(job, error="处理进程多次中断", at=at)  # it takes its worker down each time, so no failure was recorded
        return
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
    due_at = at + wait
    if not _held(job).update(state=CallbackJob.State.WAITING, due_at=due_at, error=error):
        return
    logger.warning("callback_failed", job=job.pk, handler=job.handler, attempt=job.attempts, error=error)
    if wait < _SWEEPERS_WAIT:
        waking.wake_at(queue=_queue_of(job), due_at=due_at, at=at)


def _queue_of(job: CallbackJob) -> registry.Queue:
    return cast("registry.Queue", job.queue)


def sweep_jobs(*, at: datetime) -> list[registry.Queue]:
    """Wake the workers of every queue with due jobs: messages get lost, workers die, long waits end."""
    queues = CallbackJob.objects.due(at).values_list("queue", flat=True).distinct().order_by("queue")
    due = [cast("registry.Queue", queue) for queue in queues]
    for queue in due:
        waking.arrived(queue=queue)  # whoever was called before may never have come
        waking.wake(queue=queue)
    return due


def replay_jobs(*, job_ids: Iterable[int], at: datetime) -> int:
    """Give parked or finished jobs a fresh start; those that wait or run are left alone. Returns how many."""
    ids = list(job_ids)
    finished = CallbackJob.objects.filter(pk__in=ids, state__in=[CallbackJob.State.DEAD, CallbackJob.State.DONE])
    fresh = {"state": CallbackJob.State.WAITING, "attempts": 0, "due_at": at, "finished_at": None}
    # Conditional again: of two people who press replay, one restarts it.
    count = finished.update(**fresh)
    for queue in get_args(registry.Queue):
        if count and CallbackJob.objects.due(at).filter(queue=queue).exists():
            waking.wake(queue=queue)
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
