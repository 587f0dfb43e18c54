"""Reads of goals: how each is going, for a store's page and for HQ's table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from metrics.goal_kinds import BY_CODE, GOAL_KINDS, GoalKind, spoken
from metrics.models import Goal
from stores.models import Staff, Store
from stores.selectors import stores_for

_FULL = 100
BEHIND, LIKELY, MET, MISSED = "behind", "likely", "met", "missed"
OUTLOOKS = {BEHIND: "有差距", LIKELY: "预计达标", MET: "已达标", MISSED: "未达标"}


@dataclass(frozen=True, slots=True)
class Progress:
    """One goal as a page shows it."""

    goal: Goal
    kind: GoalKind

    @property
    def name(self) -> str:
        return self.kind.metric.name

    @property
    def meaning(self) -> str:
        return self.kind.metric.meaning

    @property
    def target(self) -> str:
        return spoken(self.kind.metric, self.goal.target)

    @property
    def suggested(self) -> str:
        return spoken(self.kind.metric, self.goal.suggested)

    @property
    def value(self) -> str:
        return spoken(self.kind.metric, self.goal.value)

    @property
    def forecast(self) -> str:
        return spoken(self.kind.metric, self.goal.forecast)

    @property
    def interval(self) -> str:
        """`¥3,200 至 ¥4,100`; nothing once the month is over."""
        low, high = self.goal.forecast_low, self.goal.forecast_high
        if low is None or high is None or low == high:
            return ""
        return f"{spoken(self.kind.metric, low)} 至 {spoken(self.kind.metric, high)}"

    @property
    def percent(self) -> int:
        """How far, 0 to 100, never rounded up to the full."""
        value = self.goal.value or 0
        share = _FULL * value / self.goal.target if self.goal.target else 0
        return min(_FULL if value >= self.goal.target else _FULL - 1, max(0, round(share)))

    @property
    def outlook(self) -> str:
        goal = self.goal
        if goal.is_met is not None:
            return MET if goal.is_met else MISSED
        if goal.forecast is None:
            return ""
        return LIKELY if goal.forecast >= goal.target else BEHIND

    @property
    def outlook_label(self) -> str:
        return OUTLOOKS.get(self.outlook, "还没有数据")

    @property
    def given(self) -> str:
        """The target as it is typed into a form: yuan, per cent, or people."""
        factor = {"元": 0.01, "%": 100.0}.get(self.kind.metric.unit.value, 1.0)
        return f"{self.goal.target * factor:.1f}".removesuffix(".0")


def goals_for(user: Staff) -> QuerySet[Goal]:
    """The goals of the stores this person sees; guides have none."""
    if user.role == Staff.Role.GUIDE:
        return Goal.objects.none()
    return Goal.objects.filter(store__in=stores_for(user), metric__in=BY_CODE)


def parts_of(store: Store, *, month: date) -> list[tuple[str, list[Progress]]]:
    """A store's goals of a month by part, in the order of the kinds; one query."""
    found = {goal.metric: goal for goal in Goal.objects.filter(store=store, month=month).select_related("set_by")}
    return [
        (str(part.label), mine)
        for part in Goal.Part
        if (mine := [Progress(found[k.code], k) for k in GOAL_KINDS if k.part == part and k.code in found])
    ]


def store_rows(goals: QuerySet[Goal], *, code: str, outlook: str, text: str, sort: str) -> QuerySet[Goal]:
    """Each store's goal of one metric, as HQ's table shows them."""
    rows = goals.filter(metric=code).select_related("store", "set_by")
    if wanted := text.strip():
        rows = rows.filter(Q(store__name__icontains=wanted) | Q(store__code__iexact=wanted))
    rows = rows.filter(_OUTLOOK[outlook]) if outlook in _OUTLOOK else rows
    name = sort.removeprefix("-")
    column = name if name in {"value", "target", "forecast"} else "store__code"
    return rows.order_by(f"-{column}" if sort.startswith("-") else column, "pk")


def summary(goals: QuerySet[Goal]) -> list[dict[str, Any]]:
    """Of each metric how many stores have a goal, and how many reach it or are likely to; one query."""
    counted = goals.order_by().values("metric").annotate(
        stores=Count("pk"), good=Count("pk", filter=_OUTLOOK[MET] | _OUTLOOK[LIKELY])
    )  # fmt: skip
    found = {row["metric"]: row for row in counted}
    return [
        {"code": k.code, "name": k.metric.name, "part": k.part.label, **found.get(k.code, {"stores": 0, "good": 0})}
        for k in GOAL_KINDS
    ]


def months_with_goals(limit: int = 12) -> Sequence[date]:
    """The latest months that have goals, newest first."""
    return list(Goal.objects.order_by("-month").values_list("month", flat=True).distinct()[:limit])


_OUTLOOK = {
    BEHIND: Q(is_met=None, forecast__lt=F("target")),
    LIKELY: Q(is_met=None, forecast__gte=F("target")),
    MET: Q(is_met=True),
    MISSED: Q(is_met=False),
}
