"""How an experiment stands: each arm against the control, safe to look at every day."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from metrics.experiments.reading import FEWEST_UNITS, Arm, Difference, difference
from metrics.models import Experiment, ExperimentArm, ExperimentAssignment
from metrics.registry import METRICS, Unit, metric
from metrics.registry.components import Grain
from metrics.selectors import reading
from metrics.selectors.experimenting import stores_of

GUARD = "quit_rate"
GUARD_WORTH = 0.01  # of the members: what a guard looks for
MEMBER_SPEND = "member_spend"  # fen a member, the one metric of experiments by member
LOOK_BACK = 28  # days before an experiment, for its baseline
_GRAIN = {Experiment.Unit.STORE: Grain.STORE, Experiment.Unit.GROUP: Grain.GROUP}
_SPEND = """
    SELECT member_id, sum(paid_fen) FROM members_purchase
    WHERE member_id = ANY(%s) AND bought_at >= %s AND bought_at < %s GROUP BY member_id
"""
_QUITS = """
    SELECT member_id, 1 FROM communities_groupmembership
    WHERE member_id = ANY(%s) AND left_at >= %s AND left_at < %s GROUP BY member_id
"""
Pairs = dict[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ArmReading:
    """An arm as it stands; without a difference it is the control, or there is too little to tell."""

    arm: ExperimentArm
    units: int
    value: float | None
    metric: Difference | None
    guard: Difference | None

    @property
    def is_harmful(self) -> bool:
        """Whether it clearly drives people out of their groups."""
        return self.guard is not None and self.guard.low > 0

    @property
    def is_thin(self) -> bool:
        return self.units < FEWEST_UNITS


def choices(unit: str) -> list[tuple[str, str]]:
    """The metrics an experiment by this unit can look at."""
    if unit == Experiment.Unit.MEMBER:
        return [(MEMBER_SPEND, "人均消费")]
    grain = _GRAIN[Experiment.Unit(unit)]
    return [(one.code, one.name) for one in METRICS.values() if grain in one.grains and one.code != GUARD]


def name_of(code: str) -> str:
    return "人均消费" if code == MEMBER_SPEND else metric(code).name


def kind_of(code: str) -> Unit:
    """In what its values are given."""
    return Unit.MONEY if code == MEMBER_SPEND else metric(code).unit


def baseline_of(experiment: Experiment, units: list[int], *, on: date) -> tuple[float, int]:
    """The metric over the four weeks before a day, a unit or as a ratio, and over how many units."""
    found = _pairs(
        experiment, experiment.metric, units, first=on - timedelta(days=LOOK_BACK), last=on - timedelta(days=1)
    )
    below = sum(pair[1] for pair in found.values())
    return (sum(pair[0] for pair in found.values()) / below if below else 0.0), len(found)


def readings(experiment: Experiment, *, today: date) -> list[ArmReading]:
    """Every arm, the control first, over the days that are over."""
    arms = list(experiment.arms.order_by("position"))
    last = min(experiment.ends_on, today - timedelta(days=1))
    if experiment.stopped_at is not None:
        last = min(last, timezone.localdate(experiment.stopped_at))
    units: dict[int, list[int]] = defaultdict(list)
    rows = ExperimentAssignment.objects.filter(experiment=experiment).order_by("unit").values_list("arm_id", "unit")
    for arm_id, unit in rows:
        units[arm_id].append(unit)
    everybody = [unit for ids in units.values() for unit in ids]
    if last < experiment.starts_on:
        return [ArmReading(arm, len(units[arm.pk]), None, None, None) for arm in arms]
    above = _pairs(experiment, experiment.metric, everybody, first=experiment.starts_on, last=last)
    quits = _pairs(experiment, GUARD, everybody, first=experiment.starts_on, last=last)
    found = [(_arm(above, units[arm.pk]), _arm(quits, units[arm.pk])) for arm in arms]
    worth = experiment.baseline * experiment.worth_percent / 100
    lines = []
    for place, (arm, (values, guards)) in enumerate(zip(arms, found, strict=True)):
        own = float(values.above.sum() / values.below.sum()) if values.below.sum() > 0 else None
        compared = difference(found[0][0], values, worth=worth) if place else None
        guarded = difference(found[0][1], guards, worth=GUARD_WORTH) if place else None
        lines.append(ArmReading(arm, len(units[arm.pk]), own, compared, guarded))
    return lines


def experiments() -> QuerySet[Experiment]:
    return Experiment.objects.select_related("region", "made_by").order_by("-made_at", "-pk")


def _arm(pairs: Pairs, units: list[int]) -> Arm:
    rows = [pairs[unit] for unit in units if unit in pairs]
    return Arm(np.array([row[0] for row in rows], float), np.array([row[1] for row in rows], float))


def _pairs(experiment: Experiment, code: str, units: list[int], *, first: date, last: date) -> Pairs:
    """Numerator and denominator by unit; a plain sum has 1 below."""
    if experiment.unit == Experiment.Unit.MEMBER:
        return _of_members(code, units, first=first, last=last)
    read = reading.of_stores if experiment.unit == Experiment.Unit.STORE else reading.of_groups
    values = read([code], reading.Period(first, last), stores_of(experiment))
    wanted, is_sum = set(units), metric(code).denominator is None
    return {
        unit: (float(one[code].numerator or 0), 1.0 if is_sum else float(one[code].denominator or 0))
        for unit, one in values.items()
        if unit in wanted
    }


def _of_members(code: str, units: list[int], *, first: date, last: date) -> Pairs:
    zone = timezone.get_default_timezone()
    start = datetime.combine(first, datetime.min.time(), tzinfo=zone)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    with connection.cursor() as cursor:
        cursor.execute(_QUITS if code == GUARD else _SPEND, [units, start, end])
        found = dict(cursor.fetchall())
    return {unit: (float(found.get(unit, 0)), 1.0) for unit in units}
