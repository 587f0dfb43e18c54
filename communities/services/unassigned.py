"""The full reading of get_unassigned_list: 1 call per 1,000 customers of those who left."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.db import transaction

from communities.models import UnassignedCustomer
from members import identities
from members.services.wecom_contacts import external_hash
from wecom.client.transfers import Unassigned
from wecom.gateway import WeCom
from wecom.models import SyncRun
from wecom.services import syncing

KIND = "unassigned"


def read_unassigned(*, gateway: WeCom, clock: Callable[[], datetime]) -> SyncRun:
    """Make the list of customers without a colleague what WeCom says. Killed, it goes on at the same page.

    :raises SyncBusy: another worker is at it
    """
    with syncing.running(kind=KIND, clock=clock) as run:
        cursor = run.position.get("cursor", "")
        for page in gateway.transfers.unassigned_pages(cursor=cursor):
            run.calls += 1
            with transaction.atomic():
                _store(page.items, corp_id=gateway.transport.application.corp_id, at=clock())
                syncing.advance(run, position={"cursor": page.next_cursor}, at=clock())
        UnassignedCustomer.objects.filter(read_at__lt=run.started_at).delete()
    return run


def _store(found: list[Unassigned], *, corp_id: str, at: datetime) -> None:
    rows = [
        UnassignedCustomer(
            userid=one["handover_userid"].lower(),
            who=external_hash(external_userid=one["external_userid"], corp_id=corp_id),
            left_at=datetime.fromtimestamp(one["dimission_time"], UTC), read_at=at, value_encrypted=sealed,
        )
        for one, sealed in zip(found, identities.encrypt_all([one["external_userid"] for one in found]), strict=True)
    ]  # fmt: skip
    UnassignedCustomer.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["userid", "who"], update_fields=["left_at", "read_at"],
        batch_size=1_000,
    )  # fmt: skip
