"""What of a slot is still to be done, by whom, and in which stores."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from communities.models import PostTask
from stores.models import Staff, Store

State, Channel = PostTask.State, PostTask.Channel


class LatePost(NamedTuple):
    day: date
    slot_id: int
    store_id: int
    owner_userid: str
    due_at: datetime
    is_assisted: bool


class Person(NamedTuple):
    """Somebody in a slot of a day."""

    day: date
    slot_id: int
    userid: str


@dataclass(frozen=True, slots=True)
class Work:
    """A person's posts of one slot that nobody has sent: by hand, by a tap in 群发助手, since and until when."""

    by_hand: int
    by_tap: int
    due_at: datetime
    closes_at: datetime


def materialised_days(*, since: date) -> list[date]:
    """The days from one on whose posts exist."""
    days = PostTask.objects.filter(day__gte=since).order_by("day")
    return list(days.values_list("day", flat=True).distinct())


def late_posts(*, at: datetime, since: timedelta) -> list[LatePost]:
    """Released posts of open slots that nobody has sent so long after their hour."""
    late = PostTask.objects.filter(state=State.RELEASED, due_at__lte=at - since, closes_at__gt=at)
    rows = late.order_by("due_at").values_list("day", "slot_id", "store_id", "owner_userid", "due_at", "channel")
    found = {LatePost(*row[:5], row[5] == Channel.ASSISTED) for row in rows}
    return sorted(found)


def work_of(people: Collection[Person], *, at: datetime) -> dict[Person, Work]:
    """What each person has still to send in a slot: in the groups she owns, and in those of the store she manages.

    Who has nothing to do is not named. Two queries for any number of people.
    """
    userids = {one.userid for one in people}
    managers: dict[int, list[str]] = defaultdict(list)
    managing = Staff.objects.filter(wecom_userid__in=userids, role=Staff.Role.MANAGER, is_active=True)
    for store, userid in managing.values_list("store_id", "wecom_userid"):
        managers[store].append(userid)
    posts = PostTask.objects.filter(
        Q(owner_userid__in=userids) | Q(store__in=managers), day__in={one.day for one in people},
        slot__in={one.slot_id for one in people}, state=State.RELEASED, closes_at__gt=at,
    )  # fmt: skip
    found: dict[Person, Work] = {}
    for day, slot, owner, store, channel, due_at, closes_at in posts.values_list(
        "day", "slot_id", "owner_userid", "store_id", "channel", "due_at", "closes_at"
    ):
        is_tap = channel == Channel.GROUP_SEND
        for userid in {owner, *managers[store]}:
            person = Person(day, slot, userid)
            before = found.get(person, Work(0, 0, due_at, closes_at))
            found[person] = Work(
                before.by_hand + (not is_tap), before.by_tap + is_tap, min(before.due_at, due_at),
                max(before.closes_at, closes_at),
            )  # fmt: skip
    return found


def stores_of(*, userid: str, day: date, slot_number: int) -> set[int]:
    """The stores whose groups an owner has posts for in a slot."""
    posts = PostTask.objects.filter(owner_userid=userid, day=day, slot=slot_number).order_by()
    return set(posts.values_list("store_id", flat=True).distinct())


def late_stores(*, lead: str, day: date, slot_number: int, at: datetime, since: timedelta) -> list[str]:
    """The names of the stores below a lead's region that are so late with a slot that is still open."""
    path = Staff.objects.filter(wecom_userid=lead).values_list("region__path", flat=True).first()
    late = PostTask.objects.filter(
        day=day, slot=slot_number, state=State.RELEASED, due_at__lte=at - since, closes_at__gt=at
    )
    below = Store.objects.filter(pk__in=late.values("store"), region__path__startswith=path or "-")
    return list(below.order_by("code").values_list("name", flat=True))
