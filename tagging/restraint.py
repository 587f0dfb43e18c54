"""Restraint: when a member is better left alone, and why. Pure rules; `tagging.selectors.conversing` brings the facts.

The caps count every channel together: to her it is one company that writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

QUIET_FROM, QUIET_UNTIL = 21, 9
TOUCH_REST = timedelta(hours=48)
TOUCH_WINDOW, TOUCH_CAP = timedelta(days=14), 3
RETURN_REST, COMPLAINT_REST = timedelta(days=7), timedelta(days=30)
REFUSAL_REST, LATER_REST = timedelta(days=30), timedelta(days=2)
JUST_BOUGHT = timedelta(days=1)
VISITS_NEEDED = 2
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@dataclass(frozen=True, slots=True)
class Standing:
    """What restraint looks at; moments are None where it never happened."""

    opted_out: bool = False
    touches: Sequence[datetime] = ()
    returned_at: datetime | None = None
    complained_at: datetime | None = None
    has_open_complaint: bool = False
    refused_at: datetime | None = None
    put_off_at: datetime | None = None
    last_bought_at: datetime | None = None
    visits: int = 0
    has_chatted: bool = False
    has_contact: bool = True
    only_on: int | None = None  # the one weekday she comes, 1 = Monday


def reasons_to_wait(standing: Standing, *, at: datetime) -> list[str]:
    """Why not today, the gravest first; empty where she may be talked to. The hour is `is_quiet`'s business."""
    recent = sum(_within(one, TOUCH_WINDOW, at) for one in standing.touches)
    only_on, complained = standing.only_on, _within(standing.complained_at, COMPLAINT_REST, at)
    rules = [
        (standing.opted_out, "她说过不想被打扰"),
        (standing.has_open_complaint, "有投诉还没处理完，先把投诉处理好"),
        (complained and not standing.has_open_complaint, "最近投诉过，先缓一缓"),
        (_within(standing.returned_at, RETURN_REST, at), "这几天退过货，先问问售后是否满意"),
        (not standing.has_contact, "还没有同事加她的企业微信"),
        (any(_within(one, TOUCH_REST, at) for one in standing.touches), "两天内联系过了"),
        (recent >= TOUCH_CAP, f"两周内各渠道已联系 {recent} 次"),
        (_within(standing.refused_at, REFUSAL_REST, at), "一个月内说过不感兴趣"),
        (_within(standing.put_off_at, LATER_REST, at), "上次点了“稍后”，还没到时候"),
        (_within(standing.last_bought_at, JUST_BOUGHT, at), "刚买过"),
        (standing.visits < VISITS_NEEDED and not standing.has_chatted, "关系还浅：来得少，也没聊过"),
    ]
    found = [why for holds, why in rules if holds]
    if only_on is not None and timezone.localtime(at).isoweekday() != only_on:
        found.append(f"她总是{WEEKDAYS[only_on - 1]}来，到那天再说")
    return found


def is_quiet(at: datetime) -> bool:
    """Whether it is between nine in the evening and nine in the morning, when nobody is written to."""
    hour = timezone.localtime(at).hour
    return hour >= QUIET_FROM or hour < QUIET_UNTIL


def _within(moment: datetime | None, span: timedelta, at: datetime) -> bool:
    return moment is not None and at - span < moment <= at
