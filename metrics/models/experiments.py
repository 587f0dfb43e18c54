"""Experiments: what is tried, on whom by lot, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Experiment(models.Model):
    """One question put to the test. Draft → running → stopped → decided; nothing leads back.

    `salt` decides, with the hash, who gets which arm. `baseline` (of the metric, in its own unit, at the time it was
    drafted) and `worth_percent` fix what difference is looked for, before the first look; the reading depends on it.
    Arms act from `starts_on` to `ends_on`, both included, while it runs.
    """

    class Unit(models.TextChoices):
        STORE = "store", "门店"
        GROUP = "group", "群"
        MEMBER = "member", "会员"

    class Subject(models.TextChoices):
        POSTS = "posts", "可做群发"
        MATERIALS = "materials", "素材"
        CAMPAIGNS = "campaigns", "活动"

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        RUNNING = "running", "进行中"
        STOPPED = "stopped", "已停止"
        DECIDED = "decided", "已决定"

    name = models.CharField("名称", max_length=64)
    unit = models.CharField("按什么分组", max_length=8, choices=Unit)
    subject = models.CharField("试什么", max_length=16, choices=Subject)
    metric = models.CharField("看哪个指标", max_length=32)
    baseline = models.FloatField("现在的水平")
    worth_percent = models.PositiveSmallIntegerField("值得的差别（%）")
    region = models.ForeignKey(
        "stores.Region", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区域"
    )
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    salt = models.CharField("盐", max_length=32, unique=True)
    state = models.CharField("状态", max_length=8, choices=State, default=State.DRAFT)
    made_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="发起人")
    made_at = models.DateTimeField("发起时间")
    started_at = models.DateTimeField("启动时间", null=True)
    stopped_at = models.DateTimeField("停止时间", null=True)
    stop_reason = models.CharField("停止原因", max_length=200, blank=True, default="")
    decision = models.CharField("决定", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "对照实验"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="an_experiment_has_a_period"),
            models.CheckConstraint(
                condition=~Q(state__in=["stopped", "decided"]) | ~Q(stop_reason=""), name="a_stop_has_its_reason"
            ),
            models.CheckConstraint(condition=~Q(state="decided") | ~Q(decision=""), name="a_decision_is_written_down"),
            models.CheckConstraint(condition=Q(worth_percent__gte=1), name="an_experiment_looks_for_something"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "starts_on"], name="experiments_by_state")]

    def __str__(self) -> str:
        return self.name


class ExperimentArm(models.Model):
    """One way of doing it and its share of the units. The first is the control: everything as it was.

    A holdout gets no may-do post; in an experiment about materials an arm's `material` goes out wherever the plan
    says the control's.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms", verbose_name="实验")
    key = models.CharField("组", max_length=8)
    name = models.CharField("名称", max_length=32)
    position = models.PositiveSmallIntegerField("次序")
    weight = models.PositiveSmallIntegerField("份额")
    is_holdout = models.BooleanField("留白", default=False)
    material = models.ForeignKey(
        "communities.Material", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="素材"
    )

    class Meta:
        verbose_name = verbose_name_plural = "实验组"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["experiment", "key"], name="one_arm_of_a_name_per_experiment")
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.name}"


class ExperimentAssignment(models.Model):
    """Which arm a store, group or member got, for as long as the experiment is known: weights may change, this not."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="assignments")
    unit = models.BigIntegerField("对象")
    arm = models.ForeignKey(ExperimentArm, on_delete=models.CASCADE, related_name="assignments")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "实验分组"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["experiment", "unit"], name="one_arm_per_unit_and_experiment")
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id}: {self.unit} → {self.arm_id}"
