"""The sample chain's published week, from its sample materials: every square filled, some for a few only."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from communities.models import CustomerGroup, Material, PlanVersion, Theme
from communities.selectors.plan_cells import Saying, Scope
from communities.services.planning.drafts import add_cell
from communities.squares import Column
from stores.models import Staff, Store

# By slot and weekday: a week that sells in the morning, teaches in the afternoon and announces at night (M7).
_WEEK: dict[int, tuple[Theme, ...]] = {
    1: (Theme.OFFER, Theme.OFFER, Theme.PREVIEW, Theme.OFFER, Theme.OFFER, Theme.FLASH, Theme.OFFER),
    2: (Theme.KNOWLEDGE, Theme.FLASH, Theme.TASTE, Theme.FLASH, Theme.TASTE, Theme.TASTE, Theme.KNOWLEDGE),
    3: (Theme.TASTE, Theme.PRAISE, Theme.ANSWER, Theme.TASTE, Theme.PRAISE, Theme.OFFER, Theme.PRAISE),
    4: (Theme.PREVIEW, Theme.ANSWER, Theme.PRAISE, Theme.KNOWLEDGE, Theme.PREVIEW, Theme.ANSWER, Theme.TASTE),
}
_MUST_DO_SLOTS = {1, 4}  # the store may put its own in place of noon and afternoon
_ROTATION = 3
_COUNTDOWN = (7, 3, 1, 0)
_FRIDAY = 4


@transaction.atomic
def add_sample_plan(*, at: datetime) -> PlanVersion | None:
    """Publish a week valid from the Monday before, so that a demo has a full day at once.

    None where there is a plan already, or no material to plan with.
    """
    materials: dict[str, list[int]] = defaultdict(list)
    # A post that links to a 接龙 is blocked until there is one; the sample week begins without.
    usable = Material.objects.filter(store=None, archived_at=None, current__isnull=False).exclude(
        current__link_url__contains="{接龙链接}"
    )
    for pk, theme in usable.order_by("pk").values_list("pk", "theme"):
        materials[theme].append(pk)
    if not materials or PlanVersion.objects.exists():
        return None
    office = Staff.objects.filter(role=Staff.Role.HQ, is_active=True).order_by("pk").first()
    today = timezone.localdate(at)
    plan = PlanVersion.objects.create(
        number=1, note="样例：第一周", made_by=office, made_at=at, published_by=office, published_at=at,
        valid_from=today - timedelta(days=today.weekday()),
    )  # fmt: skip

    def put(slot: int, column: Column, theme: Theme, *, must_do: bool, scope: Scope | None = None) -> None:
        found = materials.get(theme.value)
        if found:
            # Neighbouring squares of a theme begin with different materials.
            shift = (column.weekday or 0) % len(found)
            rotation = tuple((found[shift:] + found[:shift])[:_ROTATION])
            saying = Saying(theme=theme.value, material_ids=rotation, must_do=must_do)
            add_cell(version_id=plan.pk, slot=slot, column=column, scope=scope or Scope(), saying=saying)

    for slot, themes in _WEEK.items():
        for weekday, theme in enumerate(themes):
            put(slot, Column(weekday=weekday), theme, must_do=slot in _MUST_DO_SLOTS)
    opening, super_users = Scope(stage=Store.Stage.OPENING), Scope(group_kind=CustomerGroup.Kind.SUPER)
    put(1, Column(weekday=_FRIDAY), Theme.FLASH, must_do=True, scope=opening)
    put(3, Column(weekday=_FRIDAY), Theme.TASTE, must_do=False, scope=super_users)
    for days in _COUNTDOWN:
        put(1, Column(days_to_opening=days), Theme.PREVIEW if days else Theme.OFFER, must_do=True)
    return plan
