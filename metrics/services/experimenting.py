"""Experiments: drafting, starting, sharing the units out, watching, stopping, deciding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex

from django.db import transaction
from django.utils import timezone

from communities.models import Material
from communities.services.planning.effects import remake_posts
from metrics.experiments import reading
from metrics.experiments.assigning import Arm, BadArms, arm_of, check
from metrics.models import Experiment, ExperimentArm, ExperimentAssignment
from metrics.selectors import experiment_readings as selectors
from metrics.selectors.experimenting import MOST_MEMBERS, stores_of, units_of
from stores.models import Region, Staff
from stores.services.auditing import audit

MOST_DAYS = 120
FEWEST_UNITS = 2 * reading.FEWEST_UNITS
_BATCH = 5_000
_State = Experiment.State


class ExperimentRefused(Exception):
    """It cannot be done so; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class ArmWish:
    """An arm as HQ wants it; the first is the control."""

    key: str
    name: str
    weight: int
    is_holdout: bool = False
    material: Material | None = None


@transaction.atomic
def draft_experiment(
    *, by: Staff, name: str, unit: str, subject: str, metric: str, worth_percent: int, starts_on: date, ends_on: date,
    arms: Sequence[ArmWish], region: Region | None = None, at: datetime,
) -> Experiment:  # fmt: skip
    """Write an experiment down; nothing happens yet.

    :raises ExperimentRefused: dates, arms, metric or scope that could not be worked with
    """
    _check_days(starts_on, ends_on, today=timezone.localdate(at))
    _check_arms(arms, subject=subject, unit=unit)
    if metric not in dict(selectors.choices(unit)):
        raise ExperimentRefused("这个指标不能按这个对象来看，请换一个")
    if worth_percent < 1:
        raise ExperimentRefused("值得的差别至少 1%")
    experiment = Experiment(
        name=name, unit=unit, subject=subject, metric=metric, worth_percent=worth_percent, region=region,
        starts_on=starts_on, ends_on=ends_on, salt=token_hex(16), made_by=by, made_at=at, baseline=0,
    )  # fmt: skip
    units = units_of(experiment)
    if len(units) < FEWEST_UNITS:
        label = Experiment.Unit(unit).label
        raise ExperimentRefused(f"范围里只有 {len(units)} 个{label}，至少要 {FEWEST_UNITS} 个才分得开")
    if len(units) > MOST_MEMBERS and unit == Experiment.Unit.MEMBER:
        raise ExperimentRefused(f"按会员分组最多 {MOST_MEMBERS:,} 人，请选小一点的区域，或按群、按门店分组")
    experiment.baseline, _ = selectors.baseline_of(experiment, units, on=timezone.localdate(at))
    if experiment.baseline <= 0:
        raise ExperimentRefused(f"范围里最近四周没有“{selectors.name_of(metric)}”的数据，定不出要看出多大的差别")
    experiment.save()
    ExperimentArm.objects.bulk_create(
        ExperimentArm(
            experiment=experiment, key=arm.key, name=arm.name, position=place, weight=arm.weight,
            is_holdout=arm.is_holdout, material=arm.material,
        )
        for place, arm in enumerate(arms)
    )  # fmt: skip
    return experiment


@transaction.atomic
def start_experiment(*, experiment: Experiment, by: Staff, at: datetime) -> None:
    """Share the units out and let the arms act from its first day on.

    :raises ExperimentRefused: it is no draft, or over before it begins
    """
    if timezone.localdate(at) > experiment.ends_on:
        raise ExperimentRefused("结束日期已经过了")
    drafts = Experiment.objects.filter(pk=experiment.pk, state=_State.DRAFT)
    if not drafts.update(state=_State.RUNNING, started_at=at):
        raise ExperimentRefused("它已经启动过了")
    assign(experiment=experiment, units=units_of(experiment), at=at)
    audit(actor=by, action="experiment.started", at=at, detail={"experiment": experiment.pk})
    _remake(experiment, at)


def assign(*, experiment: Experiment, units: Sequence[int], at: datetime) -> int:
    """Give an arm to each unit that has none, by the weights of now; how many that were. Safe to repeat."""
    arms = list(experiment.arms.order_by("position"))
    by_key, weights = {arm.key: arm for arm in arms}, [Arm(arm.key, arm.weight) for arm in arms]
    known = set(ExperimentAssignment.objects.filter(experiment=experiment).values_list("unit", flat=True))
    rows = [
        ExperimentAssignment(
            experiment=experiment, unit=unit, arm=by_key[arm_of(salt=experiment.salt, unit=unit, arms=weights)], at=at
        )
        for unit in units
        if unit not in known
    ]
    ExperimentAssignment.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
    return len(rows)


def stop_experiment(*, experiment: Experiment, reason: str, by: Staff | None = None, at: datetime) -> bool:
    """End what runs, with its reason; whether this call did it. :raises ExperimentRefused: no reason"""
    if not reason.strip():
        raise ExperimentRefused("请写明为什么停止")
    with transaction.atomic():
        running = Experiment.objects.filter(pk=experiment.pk, state=_State.RUNNING)
        if not running.update(state=_State.STOPPED, stopped_at=at, stop_reason=reason.strip()[:200]):
            return False
        audit(
            actor=by, action="experiment.stopped", at=at, detail={"experiment": experiment.pk, "reason": reason[:200]}
        )
        _remake(experiment, at)
    return True


def decide(*, experiment: Experiment, decision: str, at: datetime) -> None:  # noqa: ARG001 -- services take the time
    """Write down what follows from a stopped experiment. :raises ExperimentRefused: none written, or still running"""
    if not decision.strip():
        raise ExperimentRefused("请写下决定")
    stopped = Experiment.objects.filter(pk=experiment.pk, state=_State.STOPPED)
    if not stopped.update(state=_State.DECIDED, decision=decision.strip()[:200]):
        raise ExperimentRefused("先停止实验，再写决定")


def watch(*, at: datetime) -> dict[int, str]:
    """Each morning: newcomers get an arm; what is over or does harm is stopped. The reasons by experiment."""
    today, stopped = timezone.localdate(at), {}
    for experiment in (
        Experiment.objects.filter(state=_State.RUNNING).select_related("made_by", "region").order_by("pk")
    ):
        reason = _reason_to_stop(experiment, today)
        if reason:
            stop_experiment(experiment=experiment, reason=reason, at=at)
            stopped[experiment.pk] = reason
        else:
            assign(experiment=experiment, units=units_of(experiment)[:MOST_MEMBERS], at=at)
    return stopped


def _reason_to_stop(experiment: Experiment, today: date) -> str:
    if today > experiment.ends_on:
        return "到期"
    for line in selectors.readings(experiment, today=today):
        if line.is_harmful and line.guard is not None:
            return f"护栏：{line.arm.name}的退群率 {line.guard.arm:.2%}，对照 {line.guard.control:.2%}，明显更高"
    return ""


def _remake(experiment: Experiment, at: datetime) -> None:
    if experiment.subject != Experiment.Subject.CAMPAIGNS:
        stores = None if experiment.region is None else list(stores_of(experiment).values_list("pk", flat=True))
        remake_posts(first=experiment.starts_on, last=experiment.ends_on, store_ids=stores, at=at)


def _check_days(starts_on: date, ends_on: date, *, today: date) -> None:
    if starts_on > ends_on:
        raise ExperimentRefused("开始日期晚于结束日期")
    if starts_on <= today:
        raise ExperimentRefused("最早从明天开始：今天的群发已经排好了")
    if (ends_on - starts_on).days >= MOST_DAYS:
        raise ExperimentRefused(f"最长 {MOST_DAYS} 天")


def _check_arms(arms: Sequence[ArmWish], *, subject: str, unit: str) -> None:
    try:
        check([Arm(arm.key, arm.weight) for arm in arms])
    except BadArms as bad:
        raise ExperimentRefused(str(bad)) from bad
    if arms[0].weight == 0:
        raise ExperimentRefused("对照组要有份额")
    if subject == Experiment.Subject.CAMPAIGNS:
        return
    if unit == Experiment.Unit.MEMBER:
        raise ExperimentRefused("群里发的内容大家都看得到，只能按群或按门店分组")
    acting = [arm for arm in arms[1:] if arm.weight]
    if subject == Experiment.Subject.POSTS and not all(arm.is_holdout for arm in acting):
        raise ExperimentRefused("试可做群发时，另一组只能是留白")
    if subject == Experiment.Subject.MATERIALS:
        tried = [arm.material for arm in (arms[0], *acting) if not arm.is_holdout]
        if any(material is None for material in tried):
            raise ExperimentRefused("试素材时，对照组和 B 组都要选素材")
        if len({material.pk for material in tried if material}) < len(tried):
            raise ExperimentRefused("两组的素材是同一个")
