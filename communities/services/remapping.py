"""A department stands for another store: people and the groups they own go there together."""

from datetime import datetime

from communities.models import CustomerGroup
from stores.models import Department, Staff, Store
from stores.services import remapping
from wecom.gateway import WeCom


def remap_department(
    *, department: Department, store: Store | None, actor: Staff, at: datetime, gateway: WeCom
) -> tuple[int, int]:
    """As `stores.services.remapping`, with the live groups of those who moved. Returns people and groups moved."""
    moved = remapping.remap_department(department=department, store=store, actor=actor, at=at, gateway=gateway)
    if not moved:
        return 0, 0
    return len(moved), CustomerGroup.objects.live().filter(owner__in=moved).update(store=store)
