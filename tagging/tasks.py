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


@shared_task(name="tagging.bulk_plan_talks", ignore_result=True)
def bulk_plan_talks() -> None:
    """Each morning: one task per open store chooses whom its people may talk to."""
    from stores.models import Store
    from tagging.services import talks

    talks.forget_old_talks(at=timezone.now())
    running = Store.objects.filter(stage__in=[Store.Stage.OPENING, Store.Stage.RUNNING]).order_by("pk")
    for store_id in running.values_list("pk", flat=True).iterator():
        bulk_plan_store_talks.delay(store_id=store_id)


@shared_task(name="tagging.bulk_plan_store_talks", acks_late=True, ignore_result=True)
def bulk_plan_store_talks(*, store_id: int) -> None:
    from stores.models import Store
    from tagging.services import talks

    talks.plan_talks(store=Store.objects.get(pk=store_id), at=timezone.now())


@shared_task(name="tagging.bulk_count_values", ignore_result=True)
def bulk_count_values() -> None:
    """Each night: one task per store counts what its members bought since."""
    from stores.models import Store

    for store_id in Store.objects.order_by("pk").values_list("pk", flat=True).iterator():
        bulk_count_store_values.delay(store_id=store_id)


@shared_task(name="tagging.bulk_count_store_values", acks_late=True, ignore_result=True)
def bulk_count_store_values(*, store_id: int) -> None:
    from stores.models import Store
    from tagging.services import valuing

    valuing.count_store(store=Store.objects.get(pk=store_id), at=timezone.now())


@shared_task(name="tagging.bulk_learn_values", acks_late=True, ignore_result=True)
def bulk_learn_values() -> None:
    """After the counting: learn from everybody, then one task per store scores."""
    from stores.models import Store
    from tagging.services import valuing

    model = valuing.learn_value(at=timezone.now())
    if model is None:
        return
    for store_id in Store.objects.order_by("pk").values_list("pk", flat=True).iterator():
        bulk_score_store_values.delay(store_id=store_id, model_id=model.pk)


@shared_task(name="tagging.bulk_score_store_values", acks_late=True, ignore_result=True)
def bulk_score_store_values(*, store_id: int, model_id: int) -> None:
    from stores.models import Store
    from tagging.models import ValueModel
    from tagging.services import valuing

    store, model = Store.objects.get(pk=store_id), ValueModel.objects.get(pk=model_id)
    valuing.score_store(store=store, model=model, at=timezone.now())


@shared_task(name="tagging.bulk_apply_tags", ignore_result=True)
def bulk_apply_tags() -> None:
    """Each morning, when values are known: one task per store gives and takes tags by their rules."""
    from stores.models import Store

    for store_id in Store.objects.order_by("pk").values_list("pk", flat=True).iterator():
        bulk_apply_store_tags.delay(store_id=store_id)


@shared_task(name="tagging.bulk_apply_store_tags", acks_late=True, ignore_result=True)
def bulk_apply_store_tags(*, store_id: int) -> None:
    from stores.models import Store
    from tagging.services import tags

    tags.apply_rules(store=Store.objects.get(pk=store_id), at=timezone.now())
