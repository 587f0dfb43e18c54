"""Tasks of the house itself."""

from celery import shared_task
from django.utils import timezone


@shared_task(name="config.pulse", ignore_result=True, acks_late=False)
def pulse(*, queue: str) -> None:
    """Note that a worker of this queue has just taken a message that beat sent."""
    from config import pulse as pulses

    pulses.record(name=queue, at=timezone.now())
