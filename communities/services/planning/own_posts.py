"""A store's own posts: in place of a may-do one, or where nothing was planned; never in place of a must-do one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from communities.models import LintRule, Material, MaterialVersion, PostTask, Slot, StorePost
from communities.selectors.planned import PlannedPost, planned_posts
from communities.services.cadence.proving import skip
from communities.services.cadence.timing import store_days
from communities.services.content.wording_checks import current_rules
from communities.services.planning.effects import remake_posts
from stores.models import Staff, Store

DAYS_AHEAD = 7
MOST_POSTS_A_DAY = 5  # where HQ set no number of its own
_DAY_LIMIT = LintRule.Check.DAY_LIMIT
_STILL_OPEN = (PostTask.State.PLANNED, PostTask.State.BLOCKED, PostTask.State.WITHDRAWN)


class OwnPostRefused(Exception):
    """The store cannot do this; the message says why, in words for its manager."""


@dataclass(frozen=True, slots=True)
class Put:
    """The post, and how many groups keep HQ's must-do one instead."""

    post: StorePost
    kept_must_do: int


@transaction.atomic
def put_own_post(*, store: Store, day: date, slot: Slot, material: Material, by: Staff, at: datetime) -> Put:
    """Let all groups of a store get this material in a slot; a second word for the same slot replaces the first.

    :raises OwnPostRefused: must-do everywhere, more posts than a day may have, too late, too early, not its material
    """
    # Two phones at once: the second sees what the first added to the day before it counts.
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    if material.store_id not in (None, store.pk) or material.archived_at or not material.current_id:
        raise OwnPostRefused("这个素材用不了：可能已归档，请换一个")
    today = timezone.localdate(at)
    if not today <= day < today + timedelta(days=DAYS_AHEAD):
        raise OwnPostRefused(f"只能安排今天起 {DAYS_AHEAD} 天内的内容")
    _refuse_released(store, day, slot)
    before = planned_posts(day=day, store_ids=[store.pk])
    post, _ = StorePost.objects.update_or_create(
        store=store, group=None, day=day, slot=slot, defaults={"material": material, "made_by": by, "made_at": at}
    )
    after = planned_posts(day=day, store_ids=[store.pk])
    in_slot = [planned for planned in after if planned.slot_number == slot.number]
    _refuse_unheard(slot, in_slot)
    if in_slot[0].due_at <= at:
        raise OwnPostRefused(f"{slot} 已经过了，请选后面的时段")
    _refuse_crowd(before, after)
    remake_posts(first=day, last=day, store_ids=[store.pk], at=at)
    return Put(post=post, kept_must_do=sum(planned.must_do for planned in in_slot))


@transaction.atomic
def remove_own_post(*, post: StorePost, at: datetime) -> None:
    """Go back to what HQ planned, if anything. :raises OwnPostRefused: it is on its way already"""
    _refuse_released(post.store, post.day, post.slot)
    if post.day < timezone.localdate(at):
        raise OwnPostRefused("这一天已经过去了")
    remake_posts(first=post.day, last=post.day, store_ids=[post.store_id], at=at)
    post.delete()


def withdraw_own_posts(*, material_ids: Collection[int], note: str, at: datetime) -> int:
    """Take every coming post of these materials out of its slot, whatever it is about is not to be had any more.

    What is not released goes back to what HQ planned; what is out and not sent yet is skipped with the note, its
    group-send stopped. Repeated, it changes nothing; returns how many posts of groups will not be sent.
    """
    coming = StorePost.objects.filter(material__in=material_ids, day__gte=timezone.localdate(at))
    count = 0
    for store_id in sorted(set(coming.values_list("store", flat=True))):
        with store_days([store_id]):  # nobody releases or makes these posts meanwhile
            posts = list(coming.filter(store=store_id))
            tasks = PostTask.objects.filter(own_post__in=posts)
            out = list(tasks.filter(state=PostTask.State.RELEASED))
            count += skip(tasks=out, staff=None, reason=PostTask.SkipReason.OTHER, note=note, at=at)
            waiting = tasks.filter(state__in=(PostTask.State.PLANNED, PostTask.State.BLOCKED))
            count += waiting.update(
                state=PostTask.State.WITHDRAWN, channel=PostTask.Channel.UNDECIDED, channel_reason="", findings=[]
            )
            for post in posts:
                remake_posts(first=post.day, last=post.day, store_ids=[store_id], at=at)
                post.delete()
    return count


def day_limit() -> int | None:
    """How many posts a group may get a day, as HQ set it among the checks; None where it set none."""
    rules = current_rules()
    return rules.limit(_DAY_LIMIT, MOST_POSTS_A_DAY) if rules.is_on(_DAY_LIMIT) else None


def _refuse_released(store: Store, day: date, slot: Slot) -> None:
    gone = PostTask.objects.filter(~Q(state__in=_STILL_OPEN), store=store, day=day, slot=slot)
    if gone.exists():
        raise OwnPostRefused(f"{slot} 已经开始发送，不能再换；可以在今日里跳过并写明原因")


def _refuse_unheard(slot: Slot, in_slot: list[PlannedPost]) -> None:
    """A post that reaches no group of the store."""
    if not in_slot:
        raise OwnPostRefused("这个时段发不了：可能是静默日、时段已停用，或门店还没有群")
    if any(planned.own_post_id for planned in in_slot):
        return
    name = MaterialVersion.objects.select_related("material").get(pk=in_slot[0].version_id).material.name
    raise OwnPostRefused(
        f"{slot} 是总部的必做内容「{name}」，不能替换。可以换到别的时段；确实发不了，到点后在今日里跳过并选原因"
    )


def _refuse_crowd(before: list[PlannedPost], after: list[PlannedPost]) -> None:
    """Only an addition can be one too many; HQ's own plan is HQ's business, and its checks'."""
    limit = day_limit()
    if limit is None or len(after) <= len(before):
        return
    counts: dict[int, int] = {}
    for post in after:
        counts[post.group_id] = counts.get(post.group_id, 0) + 1
    if max(counts.values()) > limit:
        raise OwnPostRefused(f"每个群一天最多 {limit} 条，这天已经排满；可以替换一条「可做」的内容")
