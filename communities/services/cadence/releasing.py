"""Release what is due: freeze the words, count the quota, write down the group-sends and cards that must follow.

One transaction per shard of stores, and nothing is asked of WeCom in it: what is to be asked lies in rows that another
step takes up (`broadcasting`, `reminding`), so a worker that dies leaves either nothing or work for the next one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, QuerySet

from communities.models import Broadcast, PostTask, Slot, SlotCard
from communities.services.cadence import ledger
from communities.services.cadence.checking import check_posts
from communities.services.cadence.recipients import managers_of
from communities.services.cadence.timing import is_quiet, store_days
from communities.services.cadence.weighing import weigh
from communities.services.content.rendering import wordings
from communities.services.feedback.shortening import Frozen, freeze, give_own_links

GROUPS_A_SEND = 2_000  # wecom.md §3.8
State = PostTask.State
_RELEASE = """
    UPDATE communities_posttask AS t
    SET state = 'released', released_at = %s, content_id = w.content_id, broadcast_id = w.broadcast_id
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS w (id, content_id, broadcast_id)
    WHERE t.id = w.id AND t.state = 'planned'
"""


class _Due(NamedTuple):
    id: int
    group_id: int
    store_id: int
    day: date
    slot_id: int
    version_id: int
    owner_userid: str
    channel: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """Of one run: posts released, group-sends and cards written down, posts that came too late to be released."""

    posts: int = 0
    group_sends: int = 0
    cards: int = 0
    missed: int = 0

    def __add__(self, other: "Released") -> "Released":
        return Released(
            self.posts + other.posts, self.group_sends + other.group_sends, self.cards + other.cards,
            self.missed + other.missed,
        )  # fmt: skip


def due_posts(*, at: datetime) -> QuerySet[PostTask]:
    """Planned posts whose moment has come and whose slot is still open."""
    return PostTask.objects.filter(state=State.PLANNED, release_at__lte=at, closes_at__gt=at)


def due_stores(*, at: datetime, slot: Slot | None = None) -> list[int]:
    """The stores with posts to release now; none in the quiet hours."""
    if is_quiet(at):
        return []
    due = due_posts(at=at) if slot is None else due_posts(at=at).filter(slot=slot)
    return sorted(due.order_by().values_list("store_id", flat=True).distinct())


def release(*, store_ids: Collection[int], at: datetime) -> Released:
    """Release what is due in these stores; of two workers, or two runs, each post is released by one.

    The checks and the quota are looked at once more: what has sold out since the evening is blocked instead.
    """
    if is_quiet(at):
        return Released()
    with store_days(store_ids):
        due = due_posts(at=at).filter(store__in=store_ids)
        missed = _give_up_overtaken(due, at=at)
        check_posts(due, at=at)
        for day, groups in _groups_by_day(due).items():
            weigh(day=day, store_ids=store_ids, group_ids=groups, at=at)
        # The lock keeps managers, who may skip a post, from getting between the words and the release.
        rows = [_Due(*row) for row in due.select_for_update(of=("self",)).order_by("pk").values_list(*_Due._fields)]
        if not rows:
            return Released(missed=missed)
        contents = _freeze(rows)
        sends = _group_sends(rows, contents, at=at)
        with connection.cursor() as cursor:
            columns: list[list[int | None]] = [
                [row.id for row in rows],
                [contents[row] for row in rows],
                [sends.get(row.id) for row in rows],
            ]
            cursor.execute(_RELEASE, [at, *columns])
            released = cursor.rowcount
        cards = _cards(rows, at=at)
    return Released(released, len(set(sends.values())), cards, missed)


def _give_up_overtaken(due: QuerySet[PostTask], *, at: datetime) -> int:
    """After an absence a group gets the newest open slot, never several in a heap."""
    late: list[int] = []
    seen: set[int] = set()
    for pk, group, due_at in due.order_by("group_id", "-due_at").values_list("pk", "group_id", "due_at"):
        if group in seen and due_at <= at:
            late.append(pk)
        seen.add(group)
    overtaken = PostTask.objects.filter(pk__in=late, state=State.PLANNED)
    return overtaken.update(state=State.MISSED, miss_reason=PostTask.MissReason.NOT_RELEASED)


def _groups_by_day(due: QuerySet[PostTask]) -> dict[date, list[int]]:
    groups: dict[date, list[int]] = defaultdict(list)
    for day, group in due.order_by().values_list("day", "group_id"):
        groups[day].append(group)
    return groups


def _freeze(rows: Sequence[_Due]) -> dict[_Due, int]:
    """The content of each post as its store sends it; one that was frozen before stays as it was."""
    places: dict[tuple[date, int], set[tuple[int, int]]] = defaultdict(set)
    for row in rows:
        places[row.day, row.slot_id].add((row.store_id, row.version_id))
    slots = Slot.objects.in_bulk({row.slot_id for row in rows})
    known: dict[tuple[int, int, date, int], int] = {}
    for (day, slot_id), pairs in places.items():
        words = wordings(pairs, day=day, slot=slots[slot_id])
        for (store, version), pk in freeze(words, day=day, slot_number=slot_id).items():
            known[store, version, day, slot_id] = pk
    contents = {row: known[row.store_id, row.version_id, row.day, row.slot_id] for row in rows}
    give_own_links([Frozen(row.id, content) for row, content in contents.items()])
    return contents


def _group_sends(rows: Sequence[_Due], contents: dict[_Due, int], *, at: datetime) -> dict[int, int]:
    """One group-send per owner and content, counted against the quota of its groups; by the post it carries."""
    wanted: dict[tuple[int, str], list[_Due]] = defaultdict(list)
    for row in rows:
        if row.channel == PostTask.Channel.GROUP_SEND:
            wanted[contents[row], row.owner_userid].append(row)
    if not wanted:
        return {}
    made: list[tuple[Broadcast, list[_Due]]] = []
    parts = _next_parts(wanted)
    for (content, owner), posts in wanted.items():
        for number, start in enumerate(range(0, len(posts), GROUPS_A_SEND), start=parts.get((content, owner), 0)):
            carried = posts[start : start + GROUPS_A_SEND]
            first = carried[0]
            send = Broadcast(
                day=first.day, slot_id=first.slot_id, store_id=first.store_id, owner_userid=owner, content_id=content,
                part=number,
            )  # fmt: skip
            made.append((send, carried))
    Broadcast.objects.bulk_create([send for send, _ in made])
    by_day: dict[date, list[tuple[int, int]]] = defaultdict(list)
    for send, carried in made:
        by_day[send.day] += [(row.group_id, send.pk) for row in carried]
    for day, places in by_day.items():
        ledger.hold(day=day, places=places, at=at)
    return {row.id: send.pk for send, carried in made for row in carried}


def _next_parts(wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Where an owner has this content already, as a group unblocked since shows, the next part is another task."""
    before = Broadcast.objects.filter(content__in={content for content, _ in wanted})
    highest = before.values_list("content_id", "owner_userid").annotate(Max("part"))
    return {(content, owner): part + 1 for content, owner, part in highest}


def _cards(rows: Sequence[_Due], *, at: datetime) -> int:
    """One card per owner and slot with posts to send by hand; groups without an owner fall to the store's manager."""
    assisted = [row for row in rows if row.channel != PostTask.Channel.GROUP_SEND]
    managers = managers_of({row.store_id for row in assisted if not row.owner_userid})
    people = {(row.day, row.slot_id, row.owner_userid or managers.get(row.store_id, "")) for row in assisted}
    cards = [
        SlotCard(day=day, slot_id=slot, userid=userid, kind=SlotCard.Kind.REMIND, asked_at=at)
        for day, slot, userid in sorted(people)
        if userid
    ]
    SlotCard.objects.bulk_create(cards, ignore_conflicts=True)
    return len(cards)
