"""Count each night how far the goals are and where the month will end; a month that is over stays open for a week."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone

from metrics.goal_kinds import BY_CODE, GoalKind, last_day, month_of
from metrics.models import Goal, StoreTally
from metrics.stretching import Forecast, forecast_level, forecast_share, forecast_sum

LEARNT_FROM = 56  # days: eight of each weekday
LATE_FACTS = 7  # days after a month's end in which its goals are counted again
_SHARD = 500  # stores
_FIELDS = ["value", "forecast", "forecast_low", "forecast_high", "counted_through", "is_met"]
Day = tuple[date, dict[str, int]]


def count_progress(*, at: datetime) -> int:
    """Bring the goals of the month of yesterday, and of one just over, up to date; how many were counted."""
    yesterday = timezone.localdate(at) - timedelta(days=1)
    months = {month_of(yesterday), month_of(yesterday - timedelta(days=LATE_FACTS))}
    return sum(count_month(month=month, through=min(yesterday, last_day(month))) for month in sorted(months))


def count_month(*, month: date, through: date) -> int:
    """Count a month's goals as far as `through`, which lies in it; the same again changes nothing."""
    goals: dict[int, list[Goal]] = defaultdict(list)
    for goal in Goal.objects.filter(month=month, metric__in=BY_CODE).order_by("store_id", "pk").iterator():
        goals[goal.store_id].append(goal)
    stores = list(goals)
    for start in range(0, len(stores), _SHARD):
        part = stores[start : start + _SHARD]
        days = _days(part, through)
        counted = [goal for pk in part for goal in goals[pk]]
        for goal in counted:
            _count(goal, days[goal.store_id], through)
        Goal.objects.bulk_update(counted, _FIELDS, batch_size=2_000)
    return sum(len(mine) for mine in goals.values())


def _days(stores: Sequence[int], through: date) -> dict[int, list[Day]]:
    names = list(dict.fromkeys(name for kind in BY_CODE.values() for name in kind.metric.components))
    rows = StoreTally.objects.filter(
        store__in=stores, day__range=(through - timedelta(days=LEARNT_FROM - 1), through)
    ).order_by("store_id", "day")
    found: dict[int, list[Day]] = defaultdict(list)
    for store_id, day, *values in rows.values_list("store_id", "day", *names):
        found[store_id].append((day, dict(zip(names, values, strict=True))))
    return found


def _count(goal: Goal, days: Sequence[Day], through: date) -> None:
    kind = BY_CODE[goal.metric]
    last = last_day(goal.month)
    goal.value = _value(kind, [(day, row) for day, row in days if day >= goal.month])
    forecast = _forecast(kind, days, through=through, last=last)
    goal.forecast = forecast.point if forecast else None
    goal.forecast_low = forecast.low if forecast else None
    goal.forecast_high = forecast.high if forecast else None
    goal.counted_through = through
    goal.is_met = goal.value is not None and goal.value >= goal.target if through >= last else None


def _value(kind: GoalKind, days: Sequence[Day]) -> float | None:
    """The metric over the month so far, by the registry's own sum."""
    if not days:
        return None
    one = kind.metric
    if kind.is_standing:
        return one.value(days[-1][1])
    return one.value({name: sum(row[name] for _, row in days) for name in one.components})


def _forecast(kind: GoalKind, days: Sequence[Day], *, through: date, last: date) -> Forecast | None:
    one = kind.metric
    if kind.is_standing:
        levels = [(day, value) for day, row in days if (value := one.value(row)) is not None]
        return forecast_level(levels, through=through, last=last)
    above = [(day, float(one.numerator.of(row) or 0)) for day, row in days]
    if one.denominator is None:
        return forecast_sum(above, through=through, last=last) if days else None
    below = [float(one.denominator.of(row) or 0) for _, row in days]
    return forecast_share([(day, n, d) for (day, n), d in zip(above, below, strict=True)], through=through, last=last)
