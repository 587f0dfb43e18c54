"""Wake the workers. The table of jobs is the queue; a broker message only says that there is something in it.

So one message serves for many jobs, and a lost one costs no more than the minute until the sweeper looks.
"""

import os
from datetime import datetime
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from kombu.exceptions import OperationalError

from wecom.redaction import redact
from wecom.registry import Queue

logger = structlog.get_logger(__name__)

_FORGET = 10  # seconds after which a message is taken for lost


def wake(*, queue: Queue) -> None:
    """Have a worker of a queue look into the inbox now, unless one has been called and has not come yet."""
    # A welcome has twenty seconds, and each needs a worker of its own: these calls are never put together.
    if queue == "fast" or _first_to_call(queue, "now", seconds=_FORGET):
        _send(queue, countdown=None)


def wake_at(*, queue: Queue, due_at: datetime, at: datetime) -> None:
    """Have a worker look when a retry is due; one message for all that are due in the same second."""
    wait = (due_at - at).total_seconds()
    if _first_to_call(queue, str(int(due_at.timestamp())), seconds=int(wait) + _FORGET):
        _send(queue, countdown=wait)


def arrived(*, queue: Queue) -> None:
    """A worker has come: whatever is stored from here on needs another call."""
    try:
        _store(settings.REDIS_URL, os.getpid()).delete(_key(queue, "now"))
    except redis.RedisError as error:
        logger.warning("inbox_wake_failed", queue=queue, error=redact(str(error)))


def _first_to_call(queue: Queue, moment: str, *, seconds: int) -> bool:
    try:
        return bool(_store(settings.REDIS_URL, os.getpid()).set(_key(queue, moment), 1, nx=True, ex=seconds))
    except redis.RedisError as error:
        logger.warning("inbox_wake_failed", queue=queue, error=redact(str(error)))
        return False  # the broker is the same Redis


def _send(queue: Queue, *, countdown: float | None) -> None:
    from wecom import tasks

    try:
        tasks.work_callbacks.apply_async(kwargs={"queue": queue}, queue=queue, countdown=countdown, retry=False)
    except OperationalError as error:
        logger.warning("inbox_wake_failed", queue=queue, error=redact(str(error)))


def _key(queue: Queue, moment: str) -> str:
    return f"wecom:inbox:{queue}:{moment}"


@lru_cache(maxsize=4)
def _store(url: str, pid: int) -> redis.Redis:  # noqa: ARG001 -- a forked worker needs sockets of its own
    return redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=2)
