"""Celery entries of the gateway."""

import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from wecom.registry import Queue

KEEP_EVENTS = timedelta(days=30)
TURN_SECONDS = 30


# The hard limit ends a handler before its lease does (`services.inbox.LEASE`).
@shared_task(name="wecom.work_callbacks", acks_late=True, ignore_result=True, soft_time_limit=90, time_limit=110)
def work_callbacks(*, queue: Queue) -> None:
    """Do what is due in a queue of the inbox; after half a minute let other tasks have the worker."""
    from wecom.services import inbox, waking

    waking.arrived(queue=queue)
    turn_ends = time.monotonic() + TURN_SECONDS
    while inbox.run_next(queue=queue, at=timezone.now()):
        if time.monotonic() > turn_ends:
            waking.wake(queue=queue)
            return


@shared_task(name="wecom.sweep_callbacks", ignore_result=True)
def sweep_callbacks() -> None:
    """Each minute: wake the workers of what is due, and forget some of what was finished long ago."""
    from wecom.services import inbox

    at = timezone.now()
    inbox.sweep_jobs(at=at)
    inbox.purge_events(before=at - KEEP_EVENTS)
