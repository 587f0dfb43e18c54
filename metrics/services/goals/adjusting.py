"""HQ's word on a goal: one at a time, or from a spreadsheet."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite

from django.db import transaction

from metrics.goal_kinds import BY_CODE
from metrics.models import Goal
from stores.models import Staff
from stores.services.auditing import audit

_MOST = 1e12


class GoalRefused(Exception):
    """What cannot be the goal; the message says why."""


def check_target(*, code: str, target: float) -> float:
    """A figure that can be a goal of this metric. :raises GoalRefused:"""
    if not isfinite(target) or not 0 < target < _MOST:
        raise GoalRefused("目标要大于 0")
    if BY_CODE[code].is_share and target > 1:
        raise GoalRefused("比率最多 100%")
    return target


@transaction.atomic
def adjust_goal(*, goal: Goal, target: float | None, by: Staff, at: datetime) -> Goal:
    """Set a goal to HQ's figure, in the metric's unit, or back to what history suggests.

    :raises GoalRefused: no such figure, or the month is over
    """
    goal = Goal.objects.select_for_update(of=("self",)).get(pk=goal.pk)
    if goal.is_met is not None:
        raise GoalRefused("这个月已经结束，目标不能再改")
    before = goal.target
    if target is None:
        goal.target, goal.set_by, goal.set_at = goal.suggested, None, None
    else:
        goal.target = check_target(code=goal.metric, target=target)
        goal.set_by, goal.set_at = by, at
    goal.save(update_fields=["target", "set_by", "set_at"])
    audit(
        actor=by, action="goal.adjusted", at=at, target=str(goal), store=goal.store,
        detail={"before": before, "after": goal.target},
    )  # fmt: skip
    return goal


@transaction.atomic
def set_targets(*, targets: Mapping[int, float], by: Staff, at: datetime) -> int:
    """Set many goals at once, by their ids; those of months that are over stay. How many are not what they were."""
    goals = Goal.objects.select_for_update(of=("self",)).filter(pk__in=targets, is_met=None).order_by("pk")
    changed = []
    for goal in goals:
        if goal.target != targets[goal.pk]:
            goal.target, goal.set_by, goal.set_at = targets[goal.pk], by, at
            changed.append(goal)
    Goal.objects.bulk_update(changed, ["target", "set_by", "set_at"], batch_size=2_000)
    audit(actor=by, action="goals.imported", at=at, detail={"goals": len(changed)})
    return len(changed)
