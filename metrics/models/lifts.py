"""What joining a group brought: each question asked, and its answer as it stood then."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class LiftStudy(models.Model):
    """One estimate of the lift of joining, over a period and the stores of a region or of the whole chain.

    `figures` is what `metrics.services.lifting` wrote when it was done; money in it is fen a member and 30 days.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "计算中"
        DONE = "done", "已完成"
        THIN = "thin", "样本不足"

    first = models.DateField("开始")
    last = models.DateField("结束")
    region = models.ForeignKey(
        "stores.Region", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区域"
    )
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    said = models.CharField("说明", max_length=200, blank=True, default="")
    figures = models.JSONField("结果", default=dict)
    made_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="提出人")
    made_at = models.DateTimeField("提出时间")
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "进群提升"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(first__lt=F("last")), name="a_lift_study_has_a_period"),
            models.CheckConstraint(
                condition=Q(state="waiting", finished_at=None) | ~Q(state="waiting") & Q(finished_at__isnull=False),
                name="a_finished_lift_study_says_when",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-made_at"], name="lift_studies_newest")]

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"
