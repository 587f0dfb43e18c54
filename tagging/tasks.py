"""Celery entries of tagging: one service call each."""

from contextlib import suppress
from datetime import timedelta

from celery import Task, shared_task
from django.conf import settings
from django.utils import timezone

from wecom.client.errors import WeComUnavailable
from wecom.gateway import wecom

_SUNDAY = 6
_CALLS_A_TURN = 500  # then another store has its turn
_RETRIED = 2_000


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


@shared_task(name="tagging.bulk_mirror_tags", ignore_result=True)
def bulk_mirror_tags() -> None:
    """Each morning, after the rules: settle the groups at WeCom, then one task per store settles who wears what."""
    from stores.models import Store
    from tagging.models import MirroredGroup

    if not _reaches_wecom() or not MirroredGroup.objects.exists():
        return
    settle_tag_groups.delay()
    for store_id in Store.objects.order_by("pk").values_list("pk", flat=True).iterator():
        bulk_mirror_store_tags.delay(store_id=store_id)


@shared_task(
    bind=True, name="tagging.bulk_mirror_store_tags", acks_late=True, ignore_result=True, max_retries=48,
)  # fmt: skip
def bulk_mirror_store_tags(self: Task, *, store_id: int, after: int = 0) -> None:
    """A bounded part of one store; the rest waits behind the other stores. Out of calls, it comes back later."""
    from stores.models import Store
    from tagging.services.mirroring import marks

    try:
        done = marks.settle_store(
            store=Store.objects.get(pk=store_id), gateway=wecom().bulk(), calls=_CALLS_A_TURN, after=after
        )
    except WeComUnavailable as error:
        raise self.retry(exc=error, countdown=max(error.retry_after, 60)) from error
    if done.missing_tags:
        settle_tag_groups.delay()
    if done.go_on_after is not None:
        bulk_mirror_store_tags.delay(store_id=store_id, after=done.go_on_after)


@shared_task(name="tagging.bulk_retry_marks", ignore_result=True)
def bulk_retry_marks() -> None:
    """Each ten minutes: what failed and is due again."""
    from tagging.services.mirroring import marks

    if _reaches_wecom():
        with suppress(WeComUnavailable):  # the next round comes soon
            marks.retry_failed(gateway=wecom().bulk(), limit=_RETRIED)


@shared_task(
    name="tagging.settle_tag_groups", autoretry_for=(WeComUnavailable,), retry_backoff=30, max_retries=8,
    acks_late=True, ignore_result=True,
)  # fmt: skip
def settle_tag_groups() -> None:
    """Make WeCom's groups of ours what they should be."""
    from tagging.services.mirroring import groups

    if _reaches_wecom():
        groups.settle_groups(gateway=wecom())


@shared_task(
    name="tagging.mirror_member_tags", autoretry_for=(WeComUnavailable,), retry_backoff=10, max_retries=6,
    acks_late=True, ignore_result=True,
)  # fmt: skip
def mirror_member_tags(*, member_id: int) -> None:
    """One member whose tags changed here."""
    from tagging.services.mirroring import marks

    if _reaches_wecom():
        marks.settle_member(member_id=member_id, gateway=wecom())


def _reaches_wecom() -> bool:
    return bool(settings.WECOM_CORP_ID and settings.WECOM_SECRET)
