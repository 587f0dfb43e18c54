"""A store's day as its board shows it: the slots, what each group gets in them, and what is to be done next."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from communities.models import Asset, Material, PostContent, PostTask, Slot
from communities.selectors.measures import EVIDENCE, PROMPT
from stores.models import Store

_S, _Channel, _Evidence = PostTask.State, PostTask.Channel, PostTask.Evidence
_OVER = frozenset({_S.SENT, _S.SKIPPED})
_MADE_UP = frozenset({_S.MISSED, _S.FAILED})
_LEVELS = (_Evidence.API_VERIFIED, _Evidence.CLIENT_CALLBACK, _Evidence.SELF_DECLARED)


@dataclass(slots=True)
class Post:
    """One material in one slot of one store, and the groups that get it.

    `text` and what hangs on it are what was frozen at the release, before it what the store would send now.
    """

    tasks: list[PostTask]
    at: datetime
    text: str = ""
    pictures: list[Asset] = field(default_factory=list)
    card: dict[str, Any] | None = None
    gaps: list[str] = field(default_factory=list)
    alternative: Material | None = None
    parts: list[str] = field(default_factory=list)

    @property
    def first(self) -> PostTask:
        return self.tasks[0]

    @property
    def version(self) -> Any:
        return self.first.version

    @property
    def content(self) -> PostContent | None:
        """What was frozen, if any of the groups' posts is out."""
        return next((task.content for task in self.tasks if task.content is not None), None)

    @property
    def title(self) -> str:
        return str(self.version.material.name)

    @property
    def anchor(self) -> str:
        return f"{self.first.slot_id}-{self.first.version_id}"

    @property
    def way(self) -> str:
        """How it goes out, where that is decided."""
        ways = sorted({_Channel(task.channel).label for task in self.tasks if task.channel})
        return " + ".join(ways) or "方式待定"

    @property
    def sent(self) -> int:
        return sum(task.state == _S.SENT for task in self.tasks)

    @property
    def evidence(self) -> list[tuple[str, str, int]]:
        """How many posts each kind of proof vouches for: (name, label, count), the strongest first, none left out."""
        return [
            (name, level.label, sum(task.state == _S.SENT and task.evidence == level for task in self.tasks))
            for name, level in zip(EVIDENCE, _LEVELS, strict=True)
        ]

    @property
    def by_group_send(self) -> list[PostTask]:
        """Those that wait for a tap in WeCom's own 群发助手."""
        return [t for t in self.tasks if t.state == _S.RELEASED and t.channel == _Channel.GROUP_SEND]

    @property
    def by_hand(self) -> list[PostTask]:
        """Those to be sent from the board, those to be made up last."""
        out = [t for t in self.tasks if t.state == _S.RELEASED and t.channel != _Channel.GROUP_SEND]
        return out + [t for t in self.tasks if t.state in _MADE_UP]

    @property
    def is_made_up(self) -> bool:
        """Whether what is left to send is a 补发."""
        return bool(self.by_hand) and self.by_hand[0].state in _MADE_UP

    @property
    def blocked(self) -> list[PostTask]:
        return [t for t in self.tasks if t.state == _S.BLOCKED]

    @property
    def skippable(self) -> list[PostTask]:
        return [t for t in self.tasks if t.state in {_S.PLANNED, _S.BLOCKED, _S.RELEASED}]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What the checks said, once each, what blocks first."""
        said = {f["message"]: f for t in self.tasks if t.state not in _OVER for f in t.findings}
        return sorted(said.values(), key=lambda finding: finding["severity"] != "block")

    @property
    def failures(self) -> list[str]:
        """WeCom's own reasons, once each."""
        return list(dict.fromkeys(t.failure for t in self.tasks if t.state == _S.FAILED))

    @property
    def can_act(self) -> bool:
        return bool(self.by_group_send or self.by_hand or self.blocked)

    @property
    def is_done(self) -> bool:
        return all(t.state in _OVER for t in self.tasks)


@dataclass(slots=True)
class SlotOfDay:
    """One slot of the day in one store."""

    slot: Slot
    at: datetime
    posts: list[Post] = field(default_factory=list)
    is_current: bool = False

    @property
    def tasks(self) -> list[PostTask]:
        return [task for post in self.posts for task in post.tasks]

    @property
    def due_at(self) -> datetime:
        """The store's own hour of it; with nothing planned the chain's."""
        if self.posts:
            return self.posts[0].first.due_at
        day = timezone.localdate(self.at)
        return datetime.combine(day, self.slot.at, tzinfo=timezone.get_current_timezone())

    @property
    def sent(self) -> int:
        return sum(post.sent for post in self.posts)

    @property
    def is_done(self) -> bool:
        return bool(self.posts) and all(post.is_done for post in self.posts)

    @property
    def is_over(self) -> bool:
        """Nothing of it can be sent in time any more."""
        return self.is_done or all(t.state in _OVER | _MADE_UP for t in self.tasks)

    @property
    def minutes_left(self) -> int:
        return max(0, int((self.posts[0].first.closes_at - self.at) / timedelta(minutes=1)))

    @property
    def standing(self) -> tuple[str, str]:
        """Where it stands, in words and as the tone of a pill: the worst of what its posts are."""
        states = {task.state for task in self.tasks}
        late = self.at - self.due_at
        named = [
            (not states, "没有安排", ""),
            (_S.BLOCKED in states, "已拦截", "pill-bad"),
            (_S.RELEASED in states and late > PROMPT, f"已迟 {int(late / timedelta(minutes=1))} 分钟", "pill-bad"),
            (_S.RELEASED in states, "待发送", "pill-warn"),
            (_S.MISSED in states, "已错过", "pill-bad"),
            (_S.FAILED in states, "发送失败", "pill-bad"),
            (_S.PLANNED in states, "即将发布" if self.at >= self.due_at else "未开始", ""),
            (_S.SENT in states, "已完成", "pill-good"),
        ]
        return next(((word, tone) for holds, word, tone in named if holds), ("已跳过", ""))


def tasks_of_day(store: Store, *, day: date) -> QuerySet[PostTask]:
    """A store's posts of a day with all a board shows of them, in the order of slots and groups."""
    return (
        PostTask.objects.filter(store=store, day=day, slot__is_active=True)
        .exclude(state=_S.WITHDRAWN)
        .select_related("group", "slot", "version__material", "version__product", "content", "done_by")
        .order_by("slot_id", "group__name", "group_id")
    )


def slots_of_day(tasks: Sequence[PostTask], *, at: datetime) -> list[SlotOfDay]:
    """All active slots in order, with these posts in them; the one to look at now is marked."""
    posts: dict[int, dict[int, list[PostTask]]] = defaultdict(lambda: defaultdict(list))
    for task in tasks:
        posts[task.slot_id][task.version_id].append(task)
    slots = [
        SlotOfDay(slot, at, [Post(same, at) for same in posts[slot.number].values()])
        for slot in Slot.objects.filter(is_active=True)
    ]
    slots.sort(key=lambda one: one.due_at)
    current = _current(slots)
    if current is not None:
        current.is_current = True
    return slots


def _current(slots: Sequence[SlotOfDay]) -> SlotOfDay | None:
    """The newest slot that is out, else the next one to come, else the newest one to be made up."""
    out = [one for one in slots if any(task.state == _S.RELEASED for task in one.tasks)]
    if out:
        return out[-1]
    ahead = [one for one in slots if one.posts and not one.is_over]
    if ahead:
        return ahead[0]
    left = [one for one in slots if one.posts and not one.is_done]
    return left[-1] if left else None


def rhythm(slots: Sequence[SlotOfDay]) -> tuple[int, int]:
    """今日节奏: how many slots are done, of how many that have something planned."""
    planned = [one for one in slots if one.posts]
    return sum(one.is_done for one in planned), len(planned)
