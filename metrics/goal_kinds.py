"""Which metrics stores have goals for, and how each is stretched and forecast."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.models import Goal
from metrics.registry import Metric, Unit, metric
from metrics.registry.components import STANDINGS

Part = Goal.Part


@dataclass(frozen=True, slots=True)
class GoalKind:
    """One metric with its part. `half_trust` is how much (`weighed_by`) makes a store's own figure count as much as
    its peers'. What `grows` has a goal of growth on its own size; other figures are compared as they are.
    """

    code: str
    part: Goal.Part
    weighed_by: str
    half_trust: float
    grows: bool = False

    @property
    def metric(self) -> Metric:
        return metric(self.code)

    @property
    def is_share(self) -> bool:
        return self.metric.unit is Unit.SHARE

    @property
    def is_standing(self) -> bool:
        """Read at a day's end, hence forecast by its drift; others add up over the month."""
        return set(self.metric.components) <= STANDINGS

    @property
    def is_sum(self) -> bool:
        return self.metric.denominator is None and not self.is_standing


GOAL_KINDS = (
    GoalKind("people", Part.SCALE, "people", 150, grows=True),
    GoalKind("net_sales", Part.SCALE, "orders", 300, grows=True),
    GoalKind("on_time_rate", Part.ACTIVITY, "on_time_rate", 60),
    GoalKind("active_rate", Part.ACTIVITY, "active_rate", 150),
    GoalKind("repurchase_rate", Part.LOYALTY, "repurchase_rate", 100),
    GoalKind("monthly_spend", Part.LOYALTY, "monthly_spend", 150),
)
BY_CODE = {kind.code: kind for kind in GOAL_KINDS}
CODES = tuple(dict.fromkeys([*BY_CODE, *(kind.weighed_by for kind in GOAL_KINDS)]))


def month_of(day: date) -> date:
    return day.replace(day=1)


def last_day(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def month_after(month: date) -> date:
    return last_day(month) + timedelta(days=1)


def month_label(month: date) -> str:
    return f"{month.year}年{month.month}月"


def spoken(one: Metric, value: float | None) -> str:
    """A figure as people say it: `78.5%`, `¥1,234`, `1,234`; — for nothing known."""
    if value is None:
        return "—"
    match one.unit:
        case Unit.SHARE:
            return f"{100 * value:.1f}%"
        case Unit.MONEY:
            return f"¥{value / 100:,.0f}"
        case _:
            return f"{value:,.0f}"
