"""What members are worth: their buying in a few numbers, and what the models make of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ValueModel(models.Model):
    """What one night learnt from everybody: parameters of BG/NBD (weeks) and Gamma-Gamma (fen), cuts of RFM.

    `cuts` holds by region id, and under "all", the four percentiles of days since the last purchase, of purchase
    days in a year and of fen in a year.
    """

    learnt_at = models.DateTimeField("学习时间")
    visits = models.JSONField("到店模型")  # {"r", "alpha", "a", "b"}
    spend = models.JSONField("客单模型")  # {"p", "q", "v"}
    cuts = models.JSONField("分位")
    figures = models.JSONField("学习情况", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "价值模型"
        indexes: ClassVar = [models.Index(fields=["-learnt_at"], name="value_model_newest")]

    def __str__(self) -> str:
        return f"{self.learnt_at:%Y-%m-%d}"


class MemberValue(models.Model):
    """A member's buying and its worth, once a member. Millions of rows, written by store, so without constraints.

    `days` counts days on which she bought; amounts are fen after returns. `alive` is in percent; `expected_visits`
    and `ltv_fen` are of the next 365 days.
    """

    class Stage(models.TextChoices):
        NEW = "new", "新客"
        GROWING = "growing", "成长"
        MATURE = "mature", "成熟"
        SLEEPING = "sleeping", "沉睡"
        LOST = "lost", "流失"

    member = models.OneToOneField(
        "members.Member", on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="value"
    )
    store = models.ForeignKey("stores.Store", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    first_on = models.DateField("首购")
    last_on = models.DateField("最近购买")
    days = models.PositiveIntegerField("购买天数")
    year_days = models.PositiveIntegerField("近一年购买天数")
    total_fen = models.BigIntegerField("累计实付（分）")
    year_fen = models.BigIntegerField("近一年实付（分）")
    repeat_fen = models.BigIntegerField("复购日均（分）")
    recency = models.PositiveSmallIntegerField("R", default=0)
    frequency = models.PositiveSmallIntegerField("F", default=0)
    monetary = models.PositiveSmallIntegerField("M", default=0)
    alive = models.PositiveSmallIntegerField("活跃概率", default=0)
    expected_visits = models.FloatField("预计到店", default=0)
    ltv_fen = models.BigIntegerField("未来一年价值（分）", default=0)
    stage = models.CharField("阶段", max_length=8, choices=Stage, blank=True, default="")
    counted_at = models.DateTimeField("统计时间")
    scored_at = models.DateTimeField("评分时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会员价值"
        indexes: ClassVar = [models.Index(fields=["store", "stage"], name="member_value_by_stage")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.stage}"
