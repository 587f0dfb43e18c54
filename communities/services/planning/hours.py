"""The hours of the slots, everywhere and region by region."""

import itertools
from datetime import datetime, time

from django.db import transaction
from django.utils import timezone

from communities.models import Slot, SlotHour
from communities.selectors.planned import SlotClock
from communities.services.content.lint import QUIET_FROM, QUIET_UNTIL
from communities.services.planning.effects import remake_posts
from communities.services.planning.errors import PlanRefused
from stores.models import Region, Staff, Store
from stores.services.auditing import audit


@transaction.atomic
def change_slot(
    *, slot: Slot, name: str, hour: time, grace_minutes: int, is_active: bool, by: Staff, at: datetime
) -> Slot:
    """Change a slot for the whole chain. :raises PlanRefused: quiet hours, or the slots would be out of order"""
    _check_hour(hour)
    slot.name, slot.at, slot.grace_minutes, slot.is_active = name, hour, grace_minutes, is_active
    slot.save(update_fields=["name", "at", "grace_minutes", "is_active"])
    _check_order(at)
    remake_posts(first=timezone.localdate(at), at=at)
    audit(
        actor=by, action="slot.changed", at=at, target=f"slot:{slot.pk}",
        detail={"at": f"{hour:%H:%M}", "grace": grace_minutes, "active": is_active},
    )  # fmt: skip
    return slot


@transaction.atomic
def set_region_hour(*, slot: Slot, region: Region, hour: time | None, by: Staff, at: datetime) -> None:
    """Give a region its own hour of a slot; None takes it back. :raises PlanRefused: as `change_slot`"""
    if hour is None:
        SlotHour.objects.filter(slot=slot, region=region).delete()
    else:
        _check_hour(hour)
        SlotHour.objects.update_or_create(slot=slot, region=region, defaults={"at": hour})
    _check_order(at)
    below = Store.objects.filter(region__path__startswith=region.path).values_list("pk", flat=True)
    remake_posts(first=timezone.localdate(at), store_ids=list(below), at=at)
    audit(
        actor=by, action="slot.region_hour", at=at, target=f"slot:{slot.pk}",
        detail={"region": region.code, "at": f"{hour:%H:%M}" if hour else ""},
    )  # fmt: skip


def _check_hour(hour: time) -> None:
    if not QUIET_UNTIL <= hour < QUIET_FROM:
        raise PlanRefused(f"{hour:%H:%M} 在免打扰时段：只能选 {QUIET_UNTIL:%H:%M} 到 {QUIET_FROM:%H:%M} 之间")


def _check_order(at: datetime) -> None:
    """Slots are known by their number, so the later number must have the later hour, in every region."""
    clock = SlotClock(timezone.localdate(at))
    own = Region.objects.filter(pk__in=SlotHour.objects.values("region"))
    for path, name in [("", ""), *own.values_list("path", "name")]:
        due = [moment for _, moment, _ in clock.of(path)]
        if any(later <= earlier for earlier, later in itertools.pairwise(due)):
            raise PlanRefused(f"{name or '默认'}的时段顺序乱了：每个时段要晚于前一个")
