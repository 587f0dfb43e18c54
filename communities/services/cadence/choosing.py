"""Which way a group's posts of one day go out: proven by WeCom while the quota lasts, else with a colleague's hands.

Pure: what was counted comes in (`ledger`), what is chosen and why goes out. Must-do posts come first, and only so many
a day go as group-sends, so that a morning's may-do post does not use up what the evening's must-do needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from communities.models import PlanCell, PostTask, QuotaRule

A_DAY = 1  # group-sends a group and day that nobody asked for by name
WISHED_A_DAY = 3  # with those that HQ or the store asked for (wecom.md §5.3: two or three on a campaign day)

Channel = PostTask.Channel
Wish = PlanCell.Wish
_WINDOWS = {
    QuotaRule.Rule.MONTH_DAYS: "本月", QuotaRule.Rule.WEEK_7: "本周", QuotaRule.Rule.DAY_1: "当天",
    QuotaRule.Rule.MONTH_4: "本月",
}  # fmt: skip


class Wanted(NamedTuple):
    """A post that awaits its channel."""

    id: int
    slot_number: int
    must_do: bool
    wish: str
    has_owner: bool = True


class Choice(NamedTuple):
    channel: str
    reason: str  # in Chinese, for the board


@dataclass(frozen=True, slots=True)
class Budget:
    """What one group may get in the window of the day: `used` of `most`, of which the last `reserve` are for hands."""

    rule: str
    most: int
    reserve: int
    used: int
    today: int  # of `used`, those that are counted on this day
    is_exhausted: bool = False  # WeCom said so, whatever we counted


def choose(posts: Sequence[Wanted], budget: Budget) -> dict[int, Choice]:
    """The channel of each post of one group and day. Never plans beyond the rule less its reserve."""
    window = _WINDOWS[QuotaRule.Rule(budget.rule)]
    left = 0 if budget.is_exhausted else budget.most - budget.reserve - budget.used
    taken = budget.today
    used = budget.used
    chosen: dict[int, Choice] = {}
    for post in sorted(posts, key=_rank):
        reason = _against(post, taken) or _empty(budget, window, left)
        if reason:
            chosen[post.id] = Choice(Channel.ASSISTED, reason)
            continue
        left, taken, used = left - 1, taken + 1, used + 1
        why = "计划指定企业群发" if post.wish == Wish.GROUP_SEND else "必做内容，由企微核实"
        chosen[post.id] = Choice(Channel.GROUP_SEND, f"{why}；{window}第 {used} 次，共 {budget.most} 次")
    return chosen


def _rank(post: Wanted) -> tuple[bool, bool, int]:
    return not post.must_do, post.wish != Wish.GROUP_SEND, post.slot_number


def _against(post: Wanted, taken: int) -> str:
    """Why this post is not to be a group-send whatever the quota, or ""."""
    wished = post.wish == Wish.GROUP_SEND
    if post.wish == Wish.ASSISTED:
        return "计划指定协助发送"
    if not post.has_owner:
        return "群主未知，无法企业群发"
    if not wished and not post.must_do:
        return "可做内容，群发次数留给必做"
    if taken >= (WISHED_A_DAY if wished else A_DAY):
        return f"当天已安排 {taken} 次企业群发"
    return ""


def _empty(budget: Budget, window: str, left: int) -> str:
    if budget.is_exhausted:
        return f"企微报告{window}群发次数已用完"
    if left <= 0:
        kept = f"，预留 {budget.reserve} 次" if budget.reserve else ""
        return f"{window}群发 {budget.most} 次，已用 {budget.used} 次{kept}"
    return ""
