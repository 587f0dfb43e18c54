"""The nightly comparison of everything mirrored with WeCom: repairs what differs and counts it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from communities.services.group_sync import sync_groups
from members.services.wecom_sync import sync_contacts
from members.services.wecom_tags import sync_tags
from stores.services.wecom_sync import sync_staff
from wecom.client.errors import WeComError
from wecom.gateway import WeCom
from wecom.models import SyncRun
from wecom.services.syncing import SyncBusy

logger = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

# In this order: contacts need their staff, people in groups their members.
_READERS: Mapping[str, Callable[..., SyncRun]] = {
    "staff": sync_staff,
    "tags": sync_tags,
    "contacts": sync_contacts,
    "groups": sync_groups,
}
KINDS = tuple(_READERS)
_ONE_ROUND = timedelta(days=1)


def left_over(*, at: datetime) -> tuple[str, ...]:
    """The kinds that a reading of everything, broken off within a day, has not finished; none if none was.

    Besides those begun and not finished these are the ones behind them that have not been begun since.
    """
    begun = dict(SyncRun.objects.filter(kind__in=KINDS, finished_at=None).values_list("kind", "started_at"))
    since = min(begun.values(), default=None)
    if since is None or since < at - _ONE_ROUND:
        return ()
    done = set(SyncRun.objects.filter(kind__in=KINDS, started_at__gte=since).values_list("kind", flat=True))
    behind = KINDS[min(KINDS.index(kind) for kind in begun) :]
    return tuple(kind for kind in behind if kind in begun or kind not in done)


def reconcile(
    *, wecom: WeCom, clock: Clock, kinds: Sequence[str] = KINDS, since: datetime | None = None
) -> dict[str, SyncRun | Exception]:
    """Read everything again, kind by kind; the run of each, or why there is none.

    A kind finished after `since` is left out, so that a repeated call only does what is left. One kind that fails
    does not keep the others from being read; it goes on where it stopped at the next call.
    """
    results: dict[str, SyncRun | Exception] = {}
    for kind in kinds:
        if since is not None and SyncRun.objects.filter(kind=kind, started_at__gte=since, finished_at__isnull=False):
            continue
        try:
            results[kind] = _READERS[kind](wecom=wecom, clock=clock)
        except (WeComError, SyncBusy) as error:
            logger.warning("reconcile_failed", kind=kind, error=type(error).__name__)
            results[kind] = error
    return results
