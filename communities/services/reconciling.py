"""The nightly comparison of everything mirrored with WeCom: repairs what differs and counts it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from communities.services.group_sync import sync_groups
from members.services.wecom_sync import sync_contacts
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
    "contacts": sync_contacts,
    "groups": sync_groups,
}
KINDS = tuple(_READERS)


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
