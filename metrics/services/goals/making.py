"""Set a month's goals from the three months before it and from the peers: 跳一跳够得着.

Nightly, and safe to repeat: a goal that is there stays as it is, adjusted or not.
"""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import pairwise

from metrics.goal_kinds import CODES, GOAL_KINDS, GoalKind, last_day, month_before, spoken
from metrics.models import Goal
from metrics.registry import Unit
from metrics.selectors.peer_bands import bands_on
from metrics.selectors.reading import Period, Reading, of_stores
from metrics.stretching import STEP, Stretch, stretch, stretch_growth
from stores.models import Store

Readings = Mapping[int, Mapping[str, Reading]]
_MONTHS = 3
_BATCH = 5_000


def make_goals(*, month: date, at: datetime) -> int:
    """Give every store that trades its goals of a month; how many are new. A store without any past gets none yet."""
    months = [month_before(month)]
    while len(months) < _MONTHS:
        months.append(month_before(months[-1]))
    past = [of_stores(CODES, Period(one, last_day(one)), Store.objects.all()) for one in months]
    lengths = [last_day(one).day for one in months]
    bands = bands_on(last_day(months[0]))
    members: dict[str, list[int]] = {}
    for store_id in bands:
        if store_id in past[0]:
            members.setdefault(bands[store_id], []).append(store_id)
    fresh = []
    for kind in GOAL_KINDS:
        figures = [_figures(kind, rows, days) for rows, days in zip(past, lengths, strict=True)]
        series = _growths(figures) if kind.grows else figures
        peers = {
            band: [value for pk in stores if (value := series[0].get(pk)) is not None]
            for band, stores in members.items()
        }
        for band, stores in members.items():
            for pk in stores:
                made = _stretched(kind, [one.get(pk) for one in series], past[0][pk], peers[band])
                goal = made and _goal(kind, made, [one.get(pk) for one in figures], last_day(month).day)
                if goal:
                    goal.store_id, goal.month, goal.made_at = pk, month, at
                    fresh.append(goal)
    before = Goal.objects.filter(month=month)
    known = before.count()
    Goal.objects.bulk_create(fresh, batch_size=_BATCH, ignore_conflicts=True)
    return before.count() - known


def _figures(kind: GoalKind, rows: Readings, days: int) -> dict[int, float]:
    """A month's value of each store; of sums the day's mean, since months differ in length."""
    found = {pk: row[kind.code].value for pk, row in rows.items()}
    return {pk: value / days if kind.is_sum else value for pk, value in found.items() if value is not None}


def _growths(figures: list[dict[int, float]]) -> list[dict[int, float]]:
    return [
        {pk: value / earlier[pk] - 1 for pk, value in later.items() if earlier.get(pk, 0) > 0}
        for later, earlier in pairwise(figures)
    ]


def _stretched(
    kind: GoalKind, history: list[float | None], latest: Mapping[str, Reading], peers: list[float]
) -> Stretch | None:  # fmt: skip
    behind = latest[kind.weighed_by]
    weight = float(behind.denominator if behind.denominator is not None else behind.numerator or 0)
    if kind.grows:
        return stretch_growth(history, weight=weight, peers=peers, half_trust=kind.half_trust)
    ceiling = 1.0 if kind.is_share else None
    return stretch(history, weight=weight, peers=peers, half_trust=kind.half_trust, ceiling=ceiling)


def _goal(kind: GoalKind, made: Stretch, figures: list[float | None], days: int) -> Goal | None:
    one = kind.metric
    if made.target <= 0:  # nothing was there yet, and a goal of nothing is none
        return None
    if not kind.grows:
        basis = (
            f"近三个月 {spoken(one, made.level)}，同伴前四分之一 {spoken(one, made.upper)}，朝它走{_quarter()}"
            f"{_pulled(made)}"
        )
        return Goal(metric=kind.code, target=made.target, suggested=made.target, basis=basis)
    base = figures[0]
    if not base or base < 0:
        return None
    size = base * (days if kind.is_sum else 1)
    target = size * (1 + made.target)
    if one.unit is Unit.PEOPLE:
        target = float(round(target))
    basis = (
        f"上月 {spoken(one, size)}（按本月天数），近月增长 {100 * made.level:+.1f}%，"
        f"同伴前四分之一 {100 * made.upper:+.1f}%，取 {100 * made.target:+.1f}%{_pulled(made)}"
    )
    return Goal(metric=kind.code, target=target, suggested=target, basis=basis)


def _quarter() -> str:
    return {0.25: "四分之一", 0.5: "一半"}.get(STEP, f" {STEP:.0%}")


def _pulled(made: Stretch) -> str:
    half = 0.5
    return "；本店数据少，参照同伴" if made.trust < half else ""
