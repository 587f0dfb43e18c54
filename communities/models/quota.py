"""How many group-sends a group may still get: WeCom's rule as dated data, and what was counted against it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from communities.models.groups import CustomerGroup


class QuotaRule(models.Model):
    """The company's own setting from a day on; no API tells it (wecom.md §3.8). The newest that began counts.

    `reserve` is what the planner leaves for hands.
    """

    class Rule(models.TextChoices):
        MONTH_DAYS = "month_days", "每月不超过当月天数"
        WEEK_7 = "week_7", "每周 7 次"
        DAY_1 = "day_1", "每天 1 次"
        MONTH_4 = "month_4", "每月 4 次（旧）"

    rule = models.CharField("规则", max_length=16, choices=Rule)
    valid_from = models.DateField("生效日期", unique=True)
    reserve = models.PositiveSmallIntegerField("预留次数", default=3)
    set_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField("设置时间")

    class Meta:
        verbose_name = verbose_name_plural = "群发额度规则"

    def __str__(self) -> str:
        return f"{self.valid_from}: {self.get_rule_display()}"


class QuotaUse(models.Model):
    """One group-send counted against one group: held when we plan it, spent when WeCom reports it sent, freed when not.

    `exhausted` is WeCom's status 3: whatever we counted, the window of that day is used up. Sends made by hand or by
    other apps come in from WeCom's list, with their msgid and no broadcast.
    """

    class State(models.TextChoices):
        HELD = "held", "已占用"
        SPENT = "spent", "已使用"
        FREED = "freed", "已释放"
        EXHAUSTED = "exhausted", "企微报告用完"

    group = models.ForeignKey(CustomerGroup, on_delete=models.CASCADE, related_name="quota_uses", verbose_name="群")
    day = models.DateField("日期")  # of Shanghai
    broadcast = models.ForeignKey("Broadcast", on_delete=models.CASCADE, null=True, related_name="+")
    msgid = models.CharField("企微编号", max_length=128, blank=True, default="")
    state = models.CharField("状态", max_length=16, choices=State)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "群发额度"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "broadcast"], condition=Q(broadcast__isnull=False), name="a_group_send_counts_once"
            ),
            models.UniqueConstraint(
                fields=["group", "msgid"], condition=~Q(msgid=""), name="a_reported_group_send_counts_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["group", "day"], name="quota_of_a_group")]

    def __str__(self) -> str:
        return f"{self.group_id} {self.day}: {self.get_state_display()}"
