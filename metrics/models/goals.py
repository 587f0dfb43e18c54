"""What each store is to reach in a month, how far it is, and how it stands among its peers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Goal(models.Model):
    """One metric of one store in one month. Figures are in the registry's unit: people, fen, or a share of 1.

    `suggested` is what history and peers say (`metrics.stretching`), `target` what holds: HQ may set another. What is
    under way is counted each night; once the month is over, `is_met` stays.
    """

    class Part(models.TextChoices):
        SCALE = "scale", "规模"
        ACTIVITY = "activity", "活跃"
        LOYALTY = "loyalty", "忠诚"

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="goals", verbose_name="门店")
    month = models.DateField("月份")  # its first day
    metric = models.CharField("指标", max_length=32)
    target = models.FloatField("目标")
    suggested = models.FloatField("建议")
    basis = models.CharField("依据", max_length=200)
    made_at = models.DateTimeField("生成时间")
    set_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField("调整时间", null=True)
    value = models.FloatField("目前", null=True)
    forecast = models.FloatField("预计", null=True)
    forecast_low = models.FloatField("预计下限", null=True)
    forecast_high = models.FloatField("预计上限", null=True)
    counted_through = models.DateField("统计到", null=True)
    is_met = models.BooleanField("达标", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "目标"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "month", "metric"], name="one_goal_per_store_month_and_metric"),
            models.CheckConstraint(condition=Q(month__day=1), name="a_goal_s_month_is_its_first_day"),
            models.CheckConstraint(condition=Q(target__gte=0), name="a_goal_is_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["month", "metric"], name="goals_of_a_month")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.month:%Y-%m} {self.metric}"


class LeaguePlace(models.Model):
    """Where a store stands among its peers in a month: small stores are pulled to the peers before they are ranked.

    `score` is 0–100: the mean, over the league's metrics, of the share of peers it leaves behind. `parts` holds each
    metric's {value, shrunk, score}.
    """

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="places", verbose_name="门店")
    month = models.DateField("月份")
    peers = models.CharField("同伴", max_length=64)  # the key of the peer group
    peers_label = models.CharField("同伴说明", max_length=100)
    rank = models.PositiveIntegerField("名次")
    of = models.PositiveIntegerField("家数")
    score = models.FloatField("得分")
    parts = models.JSONField("分项", default=dict)
    rank_before = models.PositiveIntegerField("上月名次", null=True)
    score_before = models.FloatField("上月得分", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "同伴榜"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "month"], name="one_place_per_store_and_month"),
            models.CheckConstraint(
                condition=Q(rank__gte=1, rank__lte=models.F("of")), name="a_rank_lies_in_its_league"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["month", "peers", "rank"], name="places_of_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.store_id}: {self.rank}/{self.of}"

    @property
    def climbed(self) -> int | None:
        """Places won since the month before; below nought where lost."""
        return None if self.rank_before is None else self.rank_before - self.rank


class Recognition(models.Model):
    """Why a store is to be praised for a month, with a text to share."""

    class Reason(models.TextChoices):
        CLIMBED = "climbed", "进步最快"
        FIRST = "first", "同伴第一"
        STREAK = "streak", "连续达标"

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    month = models.DateField("月份")
    reason = models.CharField("理由", max_length=8, choices=Reason)
    fact = models.CharField("事实", max_length=100)  # 从第 9 名升到第 3 名
    card = models.CharField("表扬词", max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = "表扬"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "month", "reason"], name="one_recognition_per_store_month_reason")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.store_id} {self.reason}"
