"""Celery entries of members: one service call each."""

from celery import shared_task


@shared_task(name="members.gather_strays", acks_late=True, ignore_result=True)
def gather_strays() -> None:
    """Each night: give survivors what a slow writer left with members merged meanwhile."""
    from members.services import merging

    merging.gather_strays()
