"""Celery entries of lift and experiments."""

from celery import shared_task
from django.utils import timezone


@shared_task(name="metrics.bulk_work_out_lift", acks_late=True, ignore_result=True)
def bulk_work_out_lift(*, study_id: int) -> None:
    """Answer a question about the lift of joining."""
    from metrics.services import lifting

    lifting.work_out(study_id=study_id, at=timezone.now())


@shared_task(name="metrics.sweep_lifts", ignore_result=True)
def sweep_lifts() -> None:
    """Queue again the studies whose worker died."""
    from metrics.services import lifting

    lifting.ask_again(at=timezone.now())


@shared_task(name="metrics.bulk_watch_experiments", ignore_result=True)
def bulk_watch_experiments() -> None:
    """Each morning, after the roll-up: stop what is over or does harm, give newcomers their arm."""
    from metrics.services import experimenting

    experimenting.watch(at=timezone.now())
