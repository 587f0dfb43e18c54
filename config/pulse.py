"""Proof of life of the processes nobody looks at: beat writes one stamp, each queue's worker another.

Beat's stamp says that the timer runs; a queue's stamp says that the way from beat through Redis to a worker of
that queue is open. Both lie in one Redis hash of Unix seconds, read in one round trip.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import redis
import structlog
from celery.beat import Scheduler
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = structlog.get_logger(__name__)

KEY = "dianquan:pulse"
BEAT = "beat"
_BEAT_SLEEPS_AT_MOST = 20  # seconds


@lru_cache(maxsize=4)
def client(url: str) -> redis.Redis:
    """A Redis client that gives up within a second: whoever asks after a pulse must not hang with the patient."""
    return redis.Redis.from_url(
        url, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0), decode_responses=True
    )


def record(*, name: str, at: datetime) -> None:
    """Note that a process, or a queue's worker, was alive."""
    client(settings.REDIS_URL).hset(KEY, name, str(int(at.timestamp())))


def ages(*, at: datetime) -> dict[str, int]:
    """Seconds since each recorded pulse; a name that never had one is missing."""
    stamps: Any = client(settings.REDIS_URL).hgetall(KEY)
    return {name: max(0, int(at.timestamp()) - int(stamp)) for name, stamp in stamps.items()}


class PulseScheduler(Scheduler):  # type: ignore[misc]
    """Beat's in-memory scheduler, leaving a stamp on every round.

    In memory suffices: the schedule is code, and what must not be missed is a row that a sweeper finds.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "max_interval": _BEAT_SLEEPS_AT_MOST})

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, then say so; the stamp follows the work, so a beat stuck in sending looks dead."""
        delay: float = super().tick(*args, **kwargs)
        try:
            record(name=BEAT, at=datetime.now(UTC))
        except redis.RedisError:
            logger.warning("pulse_not_recorded", exc_info=True)
        return delay
