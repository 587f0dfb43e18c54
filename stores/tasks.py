"""Celery entries of stores: ids in, one service call."""

from celery import shared_task
from django.utils import timezone


@shared_task(name="stores.bulk_import", acks_late=True, ignore_result=True)
def bulk_import(*, job_id: int) -> None:
    """Import one file."""
    from stores.services import imports  # the service enqueues this task

    imports.run_job(job_id=job_id, clock=timezone.now)


@shared_task(name="stores.sweep_imports", acks_late=True, ignore_result=True)
def sweep_imports() -> None:
    """Find imports whose worker died or whose message was lost; beat asks every minute."""
    from stores.services import imports

    imports.sweep_jobs(at=timezone.now())


@shared_task(name="stores.bulk_clear_sessions", acks_late=True, ignore_result=True)
def bulk_clear_sessions() -> None:
    """Drop the rows of sessions that have ended; whoever only looked at the log-in page leaves one too."""
    from django.contrib.sessions.models import Session

    Session.objects.filter(expire_date__lt=timezone.now()).delete()


@shared_task(name="stores.deliver_webhooks", acks_late=True, ignore_result=True)
def deliver_webhooks() -> None:
    """Send what waits for other systems; beat asks every minute, and an event right after it happened."""
    from stores.services.webhooks.delivering import deliver_due

    deliver_due(clock=timezone.now)


@shared_task(name="stores.bulk_forget_answers", acks_late=True, ignore_result=True)
def bulk_forget_answers() -> None:
    """Drop the answers to writes after their day, and what was delivered a month ago."""
    from stores.services.idempotency import forget_answers
    from stores.services.webhooks.endpoints import forget_delivered

    forget_answers(at=timezone.now())
    forget_delivered(at=timezone.now())
