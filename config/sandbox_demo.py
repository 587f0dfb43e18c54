"""The demo's own WeCom: the sandbox's company is the sample chain, and the mirror here is filled from it at once."""

import time
from typing import TYPE_CHECKING, cast

from celery import chain
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from config import embedded
from wecom.sandbox.settings import DEFAULTS

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

COMPANY = embedded.LOCAL / "wecom-company.jsonl"
_LOOK_SECONDS = 1.0
_HISTORY_DAYS = 190  # of the sample chain: six months
_ASK_SECONDS = 60.0  # a reading whose worker was killed is free again after ten minutes


def company(address: str) -> dict[str, str]:
    """The variables under which the platform's programs find the sandbox at an address."""
    return {
        "WECOM_CORP_ID": DEFAULTS["corp_id"], "WECOM_AGENT_ID": str(DEFAULTS["agent_id"]),
        "WECOM_SECRET": DEFAULTS["app_secret"], "WECOM_TOKEN": DEFAULTS["callback_token"],
        "WECOM_AES_KEY": DEFAULTS["callback_aes_key"], "WECOM_API_BASE": address,
        "WECOM_CONTACTS_SECRET": DEFAULTS["contacts_secret"], "WECOM_OAUTH_BASE": address,
        "WECOM_LOGIN_BASE": address, "WECOM_JSSDK_URL": f"{address}/sandbox/jssdk.js",
    }  # fmt: skip


def write_company() -> None:
    """Tell the sandbox who the sample chain is, once: from then on it has a life of its own."""
    if not COMPANY.exists():
        call_command("wecom_company", str(COMPANY), verbosity=0)


def erase() -> None:
    """Forget the company and everything that happened in it."""
    COMPANY.unlink(missing_ok=True)
    for file in embedded.LOCAL.glob("wecom-sandbox.sqlite3*"):
        file.unlink()


def let_go_of_database() -> None:
    """Close what this process has open: children are forked from a process without a pool's threads."""
    connection.close()
    cast("DatabaseWrapper", connection).close_pool()


class FirstReading:
    """Has the workers read everything from WeCom until they have done so once, and then make the first entry codes."""

    def __init__(self) -> None:
        self._is_done = self._is_read = False
        self._look_at = self._ask_at = 0.0

    def go_on(self) -> bool:
        """Do what is next, if anything; whether this very call found that all is there."""
        if self._is_done or time.monotonic() < self._look_at:
            return False
        try:
            self._is_done = self._advance()
        finally:
            let_go_of_database()
        self._look_at = time.monotonic() + _LOOK_SECONDS
        return self._is_done

    def _advance(self) -> bool:

        from communities.models import EntryCode
        from communities.services.reconciling import KINDS
        from communities.simulation.codes import order_sample_codes
        from communities.tasks import bulk_add_sample_feedback, bulk_materialise, bulk_reconcile
        from metrics.tasks import bulk_roll_history
        from metrics.watch_tasks import bulk_add_sample_watch
        from wecom.models import SyncRun

        if self._is_read:
            return not EntryCode.objects.filter(status=EntryCode.Status.CREATING).exists()
        read = SyncRun.objects.filter(finished_at__isnull=False, kind__in=KINDS)
        if len(set(read.values_list("kind", flat=True))) == len(KINDS):
            self._is_read = True
            bulk_materialise.delay(timezone.localdate().isoformat())  # the groups are there: today can begin
            # And the weeks before it were; then all of it is there to be counted, and watched over.
            weeks = (
                bulk_add_sample_feedback.si(), bulk_roll_history.si(days=_HISTORY_DAYS), bulk_add_sample_watch.si(),
            )  # fmt: skip
            chain(*weeks).delay()
            return not order_sample_codes(at=timezone.now())
        if time.monotonic() >= self._ask_at:
            bulk_reconcile.delay()
            self._ask_at = time.monotonic() + _ASK_SECONDS
        return False
