"""Celery entries of metrics: ids in, one service call."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from wecom.gateway import wecom


@shared_task(name="metrics.bulk_roll_night", ignore_result=True)
def bulk_roll_night() -> None:
    """Each night: count yesterday, the days that settle, and those late facts reopened."""
    from metrics.services.rolling import passes

    passes.roll_night(at=timezone.now())


@shared_task(name="metrics.bulk_roll_today", ignore_result=True)
def bulk_roll_today() -> None:
    """During the day: count today as far as it is."""
    from metrics.services.rolling import passes

    passes.roll_today(at=timezone.now())


@shared_task(name="metrics.bulk_check_tallies", ignore_result=True)
def bulk_check_tallies() -> None:
    """Each night: compare the days counted last with the facts."""
    from metrics.services.rolling import checking

    checking.check_last_days(at=timezone.now())


@shared_task(name="metrics.bulk_copy_figures", ignore_result=True)
def bulk_copy_figures() -> None:
    """Late in the morning, when WeCom has yesterday's figures: copy those that are not here."""
    from metrics.services import copying

    if settings.WECOM_CORP_ID and settings.WECOM_SECRET:
        copying.copy_figures(gateway=wecom().bulk(), at=timezone.now())


@shared_task(name="metrics.bulk_roll_history", ignore_result=True)
def bulk_roll_history(*, days: int) -> None:
    """In the demo, once its groups and their history are there: count as many days back."""
    from metrics.services.rolling import passes

    at = timezone.now()
    passes.roll_history(first=timezone.localdate(at) - timedelta(days=days), at=at)


@shared_task(name="metrics.bulk_export", acks_late=True, ignore_result=True)
def bulk_export(*, job_id: int) -> None:
    """Write one table to a file."""
    from metrics.services import exporting  # the service enqueues this task

    exporting.run_export(job_id=job_id, clock=timezone.now)


@shared_task(name="metrics.sweep_exports", acks_late=True, ignore_result=True)
def sweep_exports() -> None:
    """Find exports whose worker died, and files whose time is over; beat asks every minute."""
    from metrics.services import exporting

    exporting.sweep_exports(at=timezone.now())
