"""What the plan wants posted: every group's slots of a day. Reads only; `precedence` holds the rules."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple

from django.db.models import F, QuerySet
from django.utils import timezone

from communities import trials
from communities.models import (
    CalendarDay,
    CellMaterial,
    CustomerGroup,
    PlanCell,
    PlanVersion,
    Slot,
    SlotHour,
    StorePost,
)
from communities.precedence import BusinessDay, Cell, DayPlan, Place
from stores.models import Region, Store


class PlannedPost(NamedTuple):
    """What one group is to get in one slot. Of `cell_id` and `own_post_id` one is set: who wanted it."""

    group_id: int
    store_id: int
    slot_number: int
    due_at: datetime
    closes_at: datetime
    version_id: int  # of the material
    cell_id: int | None
    own_post_id: int | None
    must_do: bool
    wish: str
    owner_userid: str


def plan_of(day: date) -> PlanVersion | None:
    """The plan that counts on a day: of those valid by then, the one published last."""
    valid = PlanVersion.objects.filter(published_at__isnull=False, valid_from__lte=day)
    return valid.order_by("-published_at", "-number").first()


def planned_posts(
    *, day: date, store_ids: Collection[int] | None = None, plan: PlanVersion | None = None
) -> list[PlannedPost]:
    """What each live group of the stores (all, without a list) is to get on a day, by group and slot.

    A store's own post goes before a may-do cell, before a must-do one only if it is of its rotation; one for a single
    group goes before one for the whole store. Experiments may change what cells say (`trials`). Suspended stores,
    silent days and slots out of use get nothing. `plan` asks what another version would say, a draft for instance.
    The number of queries does not depend on the size.
    """
    plan = plan or plan_of(day)
    today = business_day(day)
    if today.is_silent:
        return []
    wanted = DayPlan(cells_of(plan) if plan else [], today)
    hours = SlotClock(day)
    own = _own_posts(day, store_ids)
    posts: list[PlannedPost] = []
    for group_id, store_id, owner, place in _groups(day, store_ids):
        cells = wanted.winners(place)
        for slot, due_at, closes_at in hours.of(place.region):
            cell = cells.get(slot)
            theirs = own.get((store_id, group_id, slot)) or own.get((store_id, None, slot))
            cell_id = own_post_id = version = None
            must_do, wish = False, ""
            # Must-do binds a store to the cell, not to one material of its rotation (`cadence.swapping`).
            if theirs and not (cell and cell.must_do and cell.rotation and theirs[1] not in cell.rotation):
                own_post_id, version, wish = theirs
                must_do = bool(cell and cell.must_do)
            elif cell:
                cell_id, version, must_do, wish = cell.id, wanted.version(cell), cell.must_do, cell.wish
            if version:
                posts.append(
                    PlannedPost(
                        group_id, store_id, slot, due_at, closes_at, version, cell_id, own_post_id, must_do, wish, owner
                    )
                )
    return _tried(day, posts)


def _tried(day: date, posts: list[PlannedPost]) -> list[PlannedPost]:
    """The posts with what running experiments change about the plan's own; a store's own posts are the store's."""
    by_post = {
        post: trials.Planned(post.group_id, post.store_id, post.slot_number, post.version_id, post.must_do)
        for post in posts
        if post.cell_id is not None
    }
    changed = trials.changes(day, by_post.values()) if by_post else {}
    if not changed:
        return posts
    kept = []
    for post in posts:
        planned = by_post.get(post)
        version = changed.get(planned, post.version_id) if planned else post.version_id
        if version is not None:
            kept.append(post._replace(version_id=version))
    return kept


def business_day(day: date) -> BusinessDay:
    """The day as the calendar has it."""
    entry = CalendarDay.objects.filter(day=day).first()
    if entry is None:
        return BusinessDay.of(day)
    return BusinessDay.of(day, as_weekday=entry.as_weekday, is_silent=entry.is_silent)


def cells_of(plan: PlanVersion) -> list[Cell]:
    """A version's cells for the rules; archived materials have dropped out of the rotations."""
    listed: dict[int, set[int]] = defaultdict(set)
    for cell_id, store_id in PlanCell.stores.through.objects.filter(plancell__version=plan).values_list(
        "plancell_id", "store_id"
    ):
        listed[cell_id].add(store_id)
    rotations: dict[int, list[int]] = defaultdict(list)
    turns = CellMaterial.objects.filter(
        cell__version=plan, material__archived_at=None, material__current__isnull=False
    ).order_by("position")
    for cell_id, version_id in turns.values_list("cell_id", "material__current_id"):
        rotations[cell_id].append(version_id)
    return [
        Cell(
            id=row.pk, slot=row.slot_id, weekday=row.weekday, day=row.day, days_to_opening=row.days_to_opening,
            must_do=row.must_do, wish=row.wish, region=row.region.path if row.region else "", stage=row.stage,
            group_kind=row.group_kind, stores=frozenset(listed[row.pk]) if row.for_listed_stores else None,
            rotation=tuple(rotations[row.pk]),
        )
        for row in plan.cells.select_related("region")
    ]  # fmt: skip


class SlotClock:
    """When each slot in use is due and closes on a day, region by region; the deepest region's own hour counts."""

    def __init__(self, day: date) -> None:
        self._day = day
        self._slots = list(Slot.objects.filter(is_active=True).order_by("number"))
        hours = SlotHour.objects.annotate(path=F("region__path")).order_by("path")
        self._hours: dict[int, list[tuple[str, time]]] = defaultdict(list)
        for slot_id, path, at in hours.values_list("slot_id", "path", "at"):
            self._hours[slot_id].append((path, at))
        self.of = cache(self._of)

    def _of(self, region: str) -> list[tuple[int, datetime, datetime]]:
        """(slot number, due, closes) in the order of the slots."""
        moments = []
        for slot in self._slots:
            at = slot.at
            for path, own in self._hours[slot.number]:  # sorted: a deeper path comes later
                at = own if region.startswith(path) else at
            due = datetime.combine(self._day, at, tzinfo=timezone.get_default_timezone())
            moments.append((slot.number, due, due + timedelta(minutes=slot.grace_minutes)))
        return moments


def live_groups(store_ids: Collection[int] | None) -> QuerySet[CustomerGroup]:
    """The groups a plan can reach: not dissolved, of a store that is not suspended."""
    groups = CustomerGroup.objects.live().filter(store__isnull=False).exclude(store__stage=Store.Stage.SUSPENDED)
    return groups if store_ids is None else groups.filter(store__in=store_ids)


def _groups(day: date, store_ids: Collection[int] | None) -> list[tuple[int, int, str, Place]]:
    paths = dict(Region.objects.values_list("pk", "path"))
    rows = live_groups(store_ids).order_by("store_id", "pk")
    return [
        (pk, store_id, owner, Place(store_id, paths[region_id], stage, kind, _days_to(opened_on, day)))
        for pk, store_id, owner, kind, region_id, stage, opened_on in rows.values_list(
            "pk", "store_id", "owner_userid", "kind", "store__region_id", "store__stage", "store__opened_on"
        )
    ]


def _days_to(opened_on: date | None, day: date) -> int | None:
    return (opened_on - day).days if opened_on and opened_on >= day else None


def _own_posts(day: date, store_ids: Collection[int] | None) -> dict[tuple[int, int | None, int], tuple[int, int, str]]:
    """(store, group or none, slot) → (own post, material version, wish)."""
    posts = StorePost.objects.filter(day=day, material__archived_at=None, material__current__isnull=False)
    if store_ids is not None:
        posts = posts.filter(store__in=store_ids)
    rows = posts.values_list("store_id", "group_id", "slot_id", "pk", "material__current_id", "wish")
    return {(store, group, slot): (pk, version, wish) for store, group, slot, pk, version, wish in rows}
