"""Celery entries of the gateway."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

KEEP_EVENTS = timedelta(days=30)


# The hard limit ends a handler before its lease does (`services.inbox.LEASE`).
@shared_task(name="wecom.run_callback", acks_late=True, ignore_result=True, soft_time_limit=90, time_limit=110)
def run_callback(*, job_id: int) -> None:
    from wecom.services import inbox

    inbox.run_job(job_id=job_id, at=timezone.now())


@shared_task(name="wecom.sweep_callbacks", ignore_result=True)
def sweep_callbacks() -> None:
    """Each minute: queue again what is due and in no queue, and forget some of what was finished long ago."""
    from wecom.services import inbox

    at = timezone.now()
    inbox.sweep_jobs(at=at)
    inbox.purge_events(before=at - KEEP_EVENTS)
