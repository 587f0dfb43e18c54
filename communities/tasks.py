"""Celery entries of the communities."""

import contextlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from wecom.client.errors import WeComUnavailable
from wecom.gateway import wecom

_SWEPT = 500
_HOUR = 3_600
_NOON = 12
_TURN = timedelta(seconds=50)  # then the next minute's task has its turn


@shared_task(
    name="communities.make_code", autoretry_for=(WeComUnavailable,), retry_backoff=5, max_retries=6, acks_late=True,
    ignore_result=True,
)  # fmt: skip
def make_code(*, code_id: int) -> None:
    from communities.services import making

    making.make_code(code_id=code_id, at=timezone.now(), gateway=wecom())


@shared_task(
    name="communities.bulk_make_code", autoretry_for=(WeComUnavailable,), retry_backoff=5, max_retries=6,
    acks_late=True, ignore_result=True,
)  # fmt: skip
def bulk_make_code(*, code_id: int) -> None:
    """The same for one of many: on the queue, and within the share of calls, that leave room for people."""
    from communities.services import making

    making.make_code(code_id=code_id, at=timezone.now(), gateway=wecom().bulk())


@shared_task(name="communities.bulk_start_batch", acks_late=True, ignore_result=True)
def bulk_start_batch(*, batch_id: int) -> None:
    """One task per store: a store that fails or waits holds up no other."""
    from communities.models import EntryCode

    waiting = EntryCode.objects.takeable(timezone.now()).filter(batch_id=batch_id).order_by("pk")
    for code_id in waiting.values_list("pk", flat=True).iterator():
        bulk_make_code.delay(code_id=code_id)


@shared_task(name="communities.bulk_sweep_codes", ignore_result=True)
def bulk_sweep_codes() -> None:
    """Each ten minutes: codes whose message or worker was lost are made after all."""
    from communities.selectors.codes import forgotten_codes

    for code_id in forgotten_codes(at=timezone.now(), limit=_SWEPT):
        bulk_make_code.delay(code_id=code_id)


@shared_task(name="communities.bulk_reconcile", ignore_result=True)
def bulk_reconcile(*, everything: bool = False) -> None:
    """Compare staff, contacts and groups with WeCom: once a night, or now; an unfinished reading is gone on with."""
    from communities.services.reconciling import reconcile

    if settings.WECOM_CORP_ID and settings.WECOM_SECRET:
        night = timezone.localtime().replace(hour=2, minute=0, second=0, microsecond=0)
        reconcile(wecom=wecom().bulk(), clock=timezone.now, since=None if everything else night)


@shared_task(name="communities.bulk_check_codes", ignore_result=True)
def bulk_check_codes() -> None:
    """Each hour: one task per store that has codes."""
    from communities.models import EntryCode

    stores = EntryCode.objects.kept().order_by("store_id").values_list("store_id", flat=True).distinct()
    for store_id in stores.iterator():
        bulk_check_store.apply_async(kwargs={"store_id": store_id}, expires=_HOUR)


@shared_task(
    name="communities.bulk_check_store", autoretry_for=(WeComUnavailable,), retry_backoff=30, max_retries=3,
    acks_late=True, ignore_result=True,
)  # fmt: skip
def bulk_check_store(*, store_id: int) -> None:
    from communities.services import media, monitoring
    from stores.models import Store

    store, gateway = Store.objects.get(pk=store_id), wecom().bulk()
    monitoring.check_store(store=store, at=timezone.now(), gateway=gateway)
    media.refresh_pictures(store=store, at=timezone.now(), gateway=gateway)


@shared_task(
    name="communities.tell_alert", autoretry_for=(WeComUnavailable,), retry_backoff=5, max_retries=6, acks_late=True,
    ignore_result=True,
)  # fmt: skip
def tell_alert(*, alert_id: int) -> None:
    from communities.services import telling

    telling.tell_alert(alert_id=alert_id, gateway=wecom())


@shared_task(name="communities.bulk_materialise", acks_late=True, ignore_result=True)
def bulk_materialise(day: date | str, store_ids: Sequence[int] | None = None) -> None:
    """Let the posts of a day follow the plan, for some stores or, without a list, all; the day may be an ISO text."""
    from communities.services.cadence import materialising

    day = date.fromisoformat(day) if isinstance(day, str) else day
    materialising.materialise(day=day, store_ids=store_ids, at=timezone.now())


@shared_task(name="communities.advance_handover", acks_late=True, ignore_result=True)
def advance_handover(*, job_id: int) -> None:
    """Bring one hand-over as far as it will go now, within the share of calls that leaves room for people."""
    from communities.services.handover.driving import advance_handover as advance

    advance(job_id=job_id, gateway=wecom().bulk(), clock=timezone.now)


@shared_task(name="communities.sweep_handovers", ignore_result=True)
def sweep_handovers() -> None:
    """Each minute: hand-overs whose time has come, or whose worker was lost, go on."""
    from communities.models import HandoverJob

    for job_id in HandoverJob.objects.due(timezone.now()).order_by("next_at").values_list("pk", flat=True)[:_SWEPT]:
        advance_handover.delay(job_id=job_id)


@shared_task(name="communities.bulk_read_unassigned", ignore_result=True)
def bulk_read_unassigned() -> None:
    """Each night, and on request: whose customers wait for somebody."""
    from communities.services.unassigned import read_unassigned
    from wecom.services.syncing import SyncBusy

    if settings.WECOM_CORP_ID and settings.WECOM_SECRET:
        with contextlib.suppress(SyncBusy):
            read_unassigned(gateway=wecom().bulk(), clock=timezone.now)


@shared_task(name="communities.bulk_materialise_next", ignore_result=True)
def bulk_materialise_next() -> None:
    """In the evening tomorrow's posts, in the morning today's once more: what an absence left out is caught up."""
    at = timezone.localtime()
    bulk_materialise.delay((at + timedelta(days=at.hour >= _NOON)).date())


@shared_task(name="communities.bulk_check_posts", ignore_result=True)
def bulk_check_posts() -> None:
    """Each ten minutes: let go what was blocked and has been mended; the rest is checked again at its release."""
    from communities.models import PostTask
    from communities.services.cadence import checking

    at = timezone.now()
    checking.check_posts(checking.unreleased(at=at).filter(state=PostTask.State.BLOCKED), at=at)


@shared_task(name="communities.release_posts", acks_late=True, ignore_result=True)
def release_posts(*, store_ids: Sequence[int]) -> None:
    """Release what is due in some stores. WeCom is asked by another task: it may be slow, other shards are not."""
    from communities.services.cadence import releasing

    if releasing.release(store_ids=store_ids, at=timezone.now()).posts:
        send_posts.apply_async(expires=60)


@shared_task(name="communities.send_posts", acks_late=True, ignore_result=True)
def send_posts() -> None:
    """Make the group-sends and send the cards that are written down; what WeCom does not take now stays written."""
    from communities.services.cadence import broadcasting, reminding

    if settings.WECOM_CORP_ID and settings.WECOM_SECRET:
        until = timezone.now() + _TURN
        broadcasting.make_group_sends(gateway=wecom(), clock=timezone.now, until=until)
        reminding.send_cards(gateway=wecom(), clock=timezone.now, until=until)


@shared_task(name="communities.sweep_slots", ignore_result=True)
def sweep_slots() -> None:
    """Each minute: whatever a slot owes by now. Everything is a row, so a beat that slept only makes it later."""
    from communities.services.cadence import closing, releasing, reminding
    from communities.services.cadence.timing import shards

    at = timezone.now()
    closing.close(at=at)
    for part in shards(releasing.due_stores(at=at)):
        release_posts.delay(store_ids=part)
    reminding.ask_due_cards(at=at)
    send_posts.apply_async(expires=60)


@shared_task(name="communities.bulk_poll_group_sends", ignore_result=True)
def bulk_poll_group_sends() -> None:
    """Each minute: ask WeCom what became of the group-sends that are due to be asked after."""
    from communities.services.cadence import polling

    if settings.WECOM_CORP_ID and settings.WECOM_SECRET:
        polling.poll_group_sends(gateway=wecom().bulk(), clock=timezone.now, until=timezone.now() + _TURN)


@shared_task(name="communities.bulk_read_quota", ignore_result=True)
def bulk_read_quota() -> None:
    """Each hour by day: count the group-sends that others made."""
    from communities.services.cadence import quota_reading
    from wecom.services.syncing import SyncBusy

    if settings.WECOM_CORP_ID and settings.WECOM_SECRET:
        with suppress(SyncBusy):
            quota_reading.read_quota(gateway=wecom().bulk(), clock=timezone.now)


@shared_task(name="communities.check_links", ignore_result=True)
def check_links(*, version_id: int) -> None:
    """On save: open what a new version links to, so that the editor and the checks can tell."""
    from communities.models import MaterialVersion
    from communities.services.content import links

    version = MaterialVersion.objects.get(pk=version_id)
    links.check_links(links.addresses_of(version), at=timezone.now())


@shared_task(name="communities.bulk_check_links", ignore_result=True)
def bulk_check_links() -> None:
    """Each night: whatever materials in use link to."""
    from communities.services.content import links

    links.check_links(links.live_addresses(), at=timezone.now())


@shared_task(name="communities.bulk_roll_up_execution", ignore_result=True)
def bulk_roll_up_execution() -> None:
    """Each hour: count the days that are over, those that may still change once more."""
    from communities.services.cadence import rolling

    rolling.roll_up(at=timezone.now())


@shared_task(name="communities.bulk_attribute", ignore_result=True)
def bulk_attribute(*, late: bool = False) -> None:
    """Each hour: what today's and yesterday's posts brought; each night also the days that late facts may change."""
    from communities.services.feedback import attributing

    reach_back = attributing.REOPENED if late else attributing.UNDER_WAY
    attributing.attribute(at=timezone.now(), reach_back=reach_back)


@shared_task(name="communities.bulk_suggest_swaps", ignore_result=True)
def bulk_suggest_swaps() -> None:
    """Each Monday: what HQ might swap in the plan, from what the last weeks brought."""
    from communities.services.feedback import suggesting

    suggesting.suggest(at=timezone.now())


@shared_task(name="communities.bulk_add_sample_feedback", ignore_result=True)
def bulk_add_sample_feedback() -> None:
    """In the demo, once its groups are there: the weeks before, what they brought, and what to make of it."""
    from communities.services.feedback import suggesting
    from communities.simulation.feedback import add_sample_feedback

    if add_sample_feedback(at=timezone.now()):
        suggesting.suggest(at=timezone.now())
