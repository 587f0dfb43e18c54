"""A store's coming days as its groups will get them: wording, pictures and findings beside the plan."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from communities.models import CalendarDay, CustomerGroup, LintRule, Material, MaterialVersion, PlanCell, Slot, Theme
from communities.selectors.planned import PlannedPost, SlotClock, planned_posts
from communities.services.content.lint import Draft, check
from communities.services.content.rendering import Wording, wordings
from communities.services.content.wording_checks import Finding
from stores.models import Store

MOST_OFFERED = 40
# Alternatives for one slot are no posts of one day: what the checks count over a day says nothing about them.
_OF_THE_DAY = {LintRule.Check.DAY_LIMIT, LintRule.Check.PROMOTION_SHARE, LintRule.Check.REUSED_IMAGE}


@dataclass(slots=True)
class Said:
    """One post of one slot, and the groups that get it; findings that several groups share stand once."""

    post: PlannedPost
    material: Material
    wording: Wording
    groups: list[CustomerGroup] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def theme_label(self) -> str:
        return Theme(self.material.theme).label

    @property
    def wish_label(self) -> str:
        return "" if self.post.wish == PlanCell.Wish.AUTO else str(PlanCell.Wish(self.post.wish).label)

    @property
    def is_own(self) -> bool:
        return self.post.own_post_id is not None

    @property
    def is_blocked(self) -> bool:
        return any(finding.severity == "block" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class StoreSlot:
    """One slot of a store's day; without posts nothing is planned. `is_past` once its hour has come."""

    slot: Slot
    due_at: datetime
    is_past: bool
    said: Sequence[Said]

    @property
    def is_must_do(self) -> bool:
        """Whether the store can put nothing of its own here."""
        return bool(self.said) and all(said.post.must_do for said in self.said)

    @property
    def has_own(self) -> bool:
        return any(said.is_own for said in self.said)


@dataclass(frozen=True, slots=True)
class StoreDay:
    """A store's day in slots; `note` is what the calendar calls it."""

    day: date
    note: str
    is_silent: bool
    group_count: int
    slots: Sequence[StoreSlot]


@dataclass(frozen=True, slots=True)
class Offer:
    """A material a manager may choose, as this store would send it."""

    material: Material
    wording: Wording
    findings: Sequence[Finding]

    @property
    def is_blocked(self) -> bool:
        return any(finding.severity == "block" for finding in self.findings)


def store_day(*, store: Store, day: date, at: datetime) -> StoreDay:
    """What the store's groups get on a day; the number of queries does not grow with the groups."""
    posts = planned_posts(day=day, store_ids=[store.pk])
    groups = {group.pk: group for group in CustomerGroup.objects.live().filter(store=store).order_by("name", "pk")}
    versions = MaterialVersion.objects.select_related("material").in_bulk({post.version_id for post in posts})
    findings = check([_draft(post, day) for post in posts], at=at)
    by_slot: dict[int, list[PlannedPost]] = defaultdict(list)
    for post in posts:
        by_slot[post.slot_number].append(post)
    slots = {slot.number: slot for slot in Slot.objects.filter(is_active=True)}
    region = store.region.path
    entry = CalendarDay.objects.filter(day=day).first()
    rows = []
    for number, due_at, _ in SlotClock(day).of(region):
        slot = slots[number]
        worded = wordings({(store.pk, post.version_id) for post in by_slot[number]}, day=day, slot=slot)
        said: dict[tuple[object, ...], Said] = {}
        for post in by_slot[number]:
            key = (post.version_id, post.cell_id, post.own_post_id)
            one = said.setdefault(
                key,
                Said(post, versions[post.version_id].material, worded[store.pk, post.version_id]),
            )
            one.groups.append(groups[post.group_id])
            one.findings += [found for found in findings[_key(post)] if found not in one.findings]
        rows.append(StoreSlot(slot, due_at, due_at <= at, list(said.values())))
    return StoreDay(
        day=day, note=entry.name if entry else "", is_silent=bool(entry and entry.is_silent), group_count=len(groups),
        slots=rows,
    )  # fmt: skip


def offers(*, store: Store, day: date, slot: Slot, theme: str, own_only: bool, at: datetime) -> list[Offer]:
    """The materials the store may use in a slot, its own first, the newest first; those that would be blocked last."""
    usable = Material.objects.filter(archived_at=None, current__isnull=False)
    usable = usable.filter(store=store) if own_only else usable.filter(store=None) | usable.filter(store=store)
    if theme in Theme.values:
        usable = usable.filter(theme=theme)
    rows = list(usable.order_by("store_id", "-pk")[:MOST_OFFERED])
    worded = wordings({(store.pk, row.current_id or 0) for row in rows}, day=day, slot=slot)
    due = {number: due_at for number, due_at, _ in SlotClock(day).of(store.region.path)}
    group = CustomerGroup.objects.live().filter(store=store).order_by("pk").first()
    drafts = [
        Draft(row.pk, group.pk, store.pk, row.current_id or 0, day, slot.number, due[slot.number])
        for row in rows
        if group is not None and slot.number in due
    ]
    findings = check(drafts, at=at)
    offered = [
        Offer(
            row, worded[store.pk, row.current_id or 0],
            [found for found in findings.get(row.pk, []) if found.check not in _OF_THE_DAY],
        )
        for row in rows
    ]  # fmt: skip
    return sorted(offered, key=lambda offer: offer.is_blocked)


def _key(post: PlannedPost) -> tuple[int, int]:
    return (post.group_id, post.slot_number)


def _draft(post: PlannedPost, day: date) -> Draft:
    return Draft(
        key=_key(post), group_id=post.group_id, store_id=post.store_id, version_id=post.version_id, day=day,
        slot_number=post.slot_number, due_at=post.due_at,
    )  # fmt: skip
