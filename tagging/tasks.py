"""Celery entries of tagging: one service call each."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

_SUNDAY = 6


@shared_task(name="tagging.bulk_recommend", acks_late=True, ignore_result=True)
def bulk_recommend() -> None:
    """Each night as of the evening before: who bought something; on Sundays everybody, for seasons and shelves move."""
    from tagging.services import recommending

    now = timezone.localtime()
    recommending.start_night(
        as_of=now.date() - timedelta(days=1), at=now, everybody=now.weekday() == _SUNDAY
    )  # fmt: skip


@shared_task(name="tagging.bulk_recommend_store", acks_late=True, ignore_result=True)
def bulk_recommend_store(*, store_id: int, model_id: int, everybody: bool) -> None:
    """One store's shard."""
    from tagging.services import recommending

    recommending.recommend_store(store_id=store_id, model_id=model_id, at=timezone.localtime(), everybody=everybody)
