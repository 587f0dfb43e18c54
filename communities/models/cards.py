"""What people were told about a slot in WeCom: one template card per person, slot and reason."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from communities.models.plan import Slot


class SlotCard(models.Model):
    """One template card about one slot to one person; whom it is about is counted when it leaves.

    `task_id` is what makes sending it twice harmless: WeCom refuses a second one of the same name (42014).
    """

    class Kind(models.TextChoices):
        REMIND = "remind", "到点提醒"
        SWITCHED = "switched", "改为协助发送"
        AGAIN = "again", "再次提醒"
        URGE = "urge", "催办"
        ESCALATE = "escalate", "上报区域"

    class State(models.TextChoices):
        PENDING = "pending", "待发送"
        SENT = "sent", "已发送"
        DROPPED = "dropped", "不再需要"
        REFUSED = "refused", "未送达"

    day = models.DateField("日期")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    userid = models.CharField("企微账号", max_length=64)
    kind = models.CharField("类型", max_length=16, choices=Kind)
    round = models.PositiveSmallIntegerField("次数", default=0)
    state = models.CharField("状态", max_length=8, choices=State, default=State.PENDING)
    asked_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField("时间")
    leased_until = models.DateTimeField("占用至", null=True)
    sent_at = models.DateTimeField("发送时间", null=True)
    error = models.CharField("原因", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "提醒卡片"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "slot", "userid", "kind", "round"], name="one_card_per_person_slot_and_reason"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], condition=models.Q(state="pending"), name="cards_to_send"),
            models.Index(fields=["userid", "sent_at"], name="cards_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.slot_id} {self.userid}"
