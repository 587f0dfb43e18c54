"""Celery entry of the metrics."""

from celery import shared_task
from django.utils import timezone


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
