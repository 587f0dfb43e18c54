"""Five weeks of the sample chain's posts that are over, and today's so far: sent, opened and answered, to be looked at.

Purchases are those of the sample data; what the posts brought is counted from them as anywhere else.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from communities.models import (
    CustomerGroup,
    GroupMembership,
    LinkClick,
    Material,
    PlanCell,
    PostContent,
    PostTask,
    ShortLink,
    Slot,
)
from communities.selectors.plan_cells import newest_published
from communities.services.content.rendering import wordings
from communities.services.feedback.attributing import Attributed, attribute_days
from communities.services.feedback.entries import record_entry
from communities.services.feedback.shortening import Frozen, freeze, give_own_links

_DAYS = 35
_SEEN = timedelta(days=8)  # a picture seen as lately would be warned of on today's board
_LEVEL = PostTask.Evidence
# By slot: the first goes as a group-send, the others by hand.
_PROOFS = {1: (_LEVEL.API_VERIFIED,), 2: (_LEVEL.CLIENT_CALLBACK,)}
_BY_HAND = (_LEVEL.CLIENT_CALLBACK, _LEVEL.CLIENT_CALLBACK, _LEVEL.SELF_DECLARED)
_SENT = 0.92  # of the posts
_OPENED = (0.01, 0.06)  # of the people, by material
_ENTERED = 0.3  # of those who opened
_PAGE = "https://shop.example/m/{}"


def add_sample_feedback(*, at: datetime) -> Attributed | None:
    """Fill the five weeks before today from the published plan, and the slots of today that are over.

    The last days go without what today's slots will show.

    None without a plan or groups, or with a past.
    """
    plan, today = newest_published(), timezone.localdate(at)
    groups = list(CustomerGroup.objects.live().filter(store__isnull=False).order_by("pk"))
    if plan is None or not groups or PostTask.objects.filter(day__lt=today).exists():
        return None
    cells: dict[tuple[int, int], PlanCell] = {}
    weekly = plan.cells.filter(weekday__isnull=False, region=None, stage="", group_kind="", for_listed_stores=False)
    for cell in weekly.order_by("pk").prefetch_related("rotation__material"):
        if cell.weekday is not None and cell.rotation.all():
            cells[cell.weekday, cell.slot_id] = cell
    first = today - timedelta(days=_DAYS)
    of_today = {
        material.pk
        for (weekday, _), cell in cells.items()
        if weekday == today.weekday() and (material := _turn(cell, today)) is not None
    }
    for day in (first + timedelta(days=n) for n in range(_DAYS)):
        _add_day(day, groups, cells, without=of_today if day >= today - _SEEN else set(), at=at)
    _add_day(today, groups, cells, without=set(), at=at)
    return attribute_days(first=first, last=today - timedelta(days=1), at=at)


def _turn(cell: PlanCell, day: date, *, without: Collection[int] = ()) -> Material | None:
    """Whose week it is among the cell's materials; None if none of them may be shown."""
    turns = [turn.material for turn in cell.rotation.all() if turn.material_id not in without]
    return turns[day.toordinal() // 7 % len(turns)] if turns else None


@transaction.atomic
def _add_day(
    day: date, groups: Sequence[CustomerGroup], cells: dict[tuple[int, int], PlanCell], *, without: Collection[int],
    at: datetime,
) -> None:  # fmt: skip
    dice = random.Random(f"feedback of {day}")  # noqa: S311 -- reproducible on purpose
    members: dict[int, list[int]] = defaultdict(list)
    stays = GroupMembership.objects.filter(group__in=groups, member__isnull=False, left_at=None)
    for group_id, member_id in stays.order_by("pk").values_list("group_id", "member_id"):
        if member_id is not None:
            members[group_id].append(member_id)
    for slot in Slot.objects.filter(is_active=True):
        cell = cells.get((day.weekday(), slot.number))
        due = datetime.combine(day, slot.at, tzinfo=timezone.get_default_timezone())
        if cell is None or due + timedelta(minutes=slot.grace_minutes) > at:
            continue  # what is still open is the platform's own business
        material = _turn(cell, day, without=without)
        if material is None or material.current_id is None:
            continue
        sent = _sent(day=day, slot=slot, cell=cell, version_id=material.current_id, groups=groups, dice=dice)
        appeal = random.Random(material.name).uniform(*_OPENED)  # noqa: S311 -- reproducible on purpose
        _answer(sent, members, appeal, dice)


def _sent(
    *, day: date, slot: Slot, cell: PlanCell, version_id: int, groups: Sequence[CustomerGroup], dice: random.Random
) -> list[PostTask]:  # fmt: skip
    places = [(group, group.store_id) for group in groups if group.store_id is not None]
    words = wordings({(store_id, version_id) for _, store_id in places}, day=day, slot=slot)
    contents = freeze(words, day=day, slot_number=slot.number)
    due = datetime.combine(day, slot.at, tzinfo=timezone.get_default_timezone())
    posts = []
    for group, store_id in places:
        is_sent = dice.random() < _SENT
        proof = dice.choice(_PROOFS.get(slot.number, _BY_HAND))
        channel = PostTask.Channel.GROUP_SEND if proof == _LEVEL.API_VERIFIED else PostTask.Channel.ASSISTED
        posts.append(
            PostTask(
                group=group, store_id=store_id, day=day, slot=slot, cell=cell, version_id=version_id,
                must_do=cell.must_do, owner_userid=group.owner_userid, due_at=due,
                release_at=due - timedelta(minutes=8), closes_at=due + timedelta(minutes=slot.grace_minutes),
                state=PostTask.State.SENT if is_sent else PostTask.State.MISSED, channel=channel,
                content_id=contents[store_id, version_id], released_at=due - timedelta(minutes=8),
                evidence=proof if is_sent else _LEVEL.NONE, channel_reason="样例",
                done_at=due + timedelta(minutes=round(dice.triangular(1, 22, 3))) if is_sent else None,
                miss_reason="" if is_sent else PostTask.MissReason.NOT_SENT,
            )
        )  # fmt: skip
    PostTask.objects.bulk_create(posts)
    return [post for post in posts if post.state == PostTask.State.SENT]


def _answer(sent: Sequence[PostTask], members: dict[int, list[int]], appeal: float, dice: random.Random) -> None:
    """Have some of the members open the post's link, and some of these order."""
    pages = {post.content_id for post in sent if post.content_id is not None}
    ShortLink.objects.bulk_create(
        [
            ShortLink(token=f"sample{pk}", target=_PAGE.format(pk), content=content, day=content.day)
            for pk, content in PostContent.objects.in_bulk(pages - _with_links(pages)).items()
        ]
    )
    give_own_links([Frozen(post.pk, post.content_id) for post in sent if post.content_id is not None])
    own = {link.task_id: link for link in ShortLink.objects.filter(task__in=[post.pk for post in sent])}
    clicks = []
    for post in sent:
        link = own.get(post.pk)
        for member_id in members[post.group_id]:
            if link is None or post.done_at is None or dice.random() >= appeal:
                continue
            when = post.done_at + timedelta(minutes=dice.randrange(1, 240))
            who = member_id.to_bytes(16, "big")
            clicks.append(LinkClick(link=link, who=who, member_id=member_id, task=post, day=post.day, at=when))
            if dice.random() < _ENTERED:
                record_entry(
                    key=f"sample-{post.pk}-{member_id}", store_id=post.store_id, member_id=member_id, link=link.token,
                    at=min(when + timedelta(minutes=3), datetime.combine(post.day, time.max, tzinfo=when.tzinfo)),
                )  # fmt: skip
    LinkClick.objects.bulk_create(clicks, ignore_conflicts=True)


def _with_links(contents: set[int]) -> set[int]:
    return set(ShortLink.objects.filter(content__in=contents).values_list("content_id", flat=True))
