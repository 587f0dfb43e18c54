"""What the posts brought: per post, and summed by material and cell; and what HQ is advised to swap."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from communities.models.content import Material, Theme
from communities.models.plan import PlanCell, Slot
from communities.models.posts import PostContent, PostTask


class PostResult(models.Model):
    """What one sent post brought within 24 hours (docs/decisions/0029-feedback.md); made anew when a fact comes late.

    `people` is how many customers were in the group when it was sent; clicks, entries, buyers and quits count
    persons, `sales_fen` what the buyers paid less what they gave back.
    """

    task = models.OneToOneField(PostTask, on_delete=models.CASCADE, primary_key=True, related_name="result")
    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    day = models.DateField("日期")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="+", verbose_name="素材")
    cell = models.ForeignKey(PlanCell, on_delete=models.CASCADE, null=True, related_name="+", verbose_name="计划格")
    content = models.ForeignKey(PostContent, on_delete=models.CASCADE, related_name="+", verbose_name="内容")
    evidence = models.PositiveSmallIntegerField("凭证", choices=PostTask.Evidence)
    people = models.PositiveIntegerField("触达")
    clicks = models.PositiveIntegerField("点击")
    entries = models.PositiveIntegerField("接龙")
    buyers = models.PositiveIntegerField("购买")
    sales_fen = models.BigIntegerField("销售（分）")
    quits = models.PositiveIntegerField("退群")

    class Meta:
        verbose_name = verbose_name_plural = "群发效果"
        indexes: ClassVar = [
            models.Index(fields=["store", "day"], name="results_of_a_store"),
            models.Index(fields=["day"], name="results_of_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id}"


class MaterialDay(models.Model):
    """The chain's results of one day by material, cell, slot and kind of proof, with what their intervals need.

    `unit` is what one store was sent of it: its groups, one content. The chain's month is some ten thousand of these
    rows instead of two million posts. Sums of squares and products are over units (`communities.estimates`).
    """

    day = models.DateField("日期")
    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="+", verbose_name="素材")
    cell = models.ForeignKey(PlanCell, on_delete=models.CASCADE, null=True, related_name="+", verbose_name="计划格")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    evidence = models.PositiveSmallIntegerField("凭证", choices=PostTask.Evidence)
    units = models.PositiveIntegerField("门店次数")
    posts = models.PositiveIntegerField("群发")
    people = models.PositiveBigIntegerField("触达")
    people_people = models.FloatField("触达²")
    clicks = models.PositiveIntegerField("点击")
    clicks_clicks = models.FloatField("点击²")
    clicks_people = models.FloatField("点击×触达")
    entries = models.PositiveIntegerField("接龙")
    entries_entries = models.FloatField("接龙²")
    entries_people = models.FloatField("接龙×触达")
    buyers = models.PositiveIntegerField("购买")
    buyers_buyers = models.FloatField("购买²")
    buyers_people = models.FloatField("购买×触达")
    sales_fen = models.BigIntegerField("销售（分）")
    sales_fen_sales_fen = models.FloatField("销售（分）²")
    sales_fen_people = models.FloatField("销售（分）×触达")
    quits = models.PositiveIntegerField("退群")
    quits_quits = models.FloatField("退群²")
    quits_people = models.FloatField("退群×触达")

    class Meta:
        verbose_name = verbose_name_plural = "素材日效果"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "material", "cell", "slot", "evidence"], nulls_distinct=False,
                name="one_sum_per_material_cell_and_day",
            )
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["material", "day"], name="sums_of_a_material")]

    def __str__(self) -> str:
        return f"{self.material_id} {self.day}"


class FeedbackDay(models.Model):
    """What a store's day was counted from: where the facts have another print by now, it is counted again."""

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    day = models.DateField("日期")
    facts = models.CharField("依据", max_length=32)
    counted_at = models.DateTimeField("统计时间")

    class Meta:
        verbose_name = verbose_name_plural = "效果统计"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "store"], name="one_feedback_per_store_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day}"


class SwapSuggestion(models.Model):
    """A week's advice for one slot and theme: one material in place of another, and what that should bring.

    Figures are fen of sales per 100 people of one post, with the 90 % interval of what the swap adds. Accepting it
    changes the draft; nothing is published by it.
    """

    class State(models.TextChoices):
        OPEN = "open", "待决定"
        ACCEPTED = "accepted", "已采纳"
        DISMISSED = "dismissed", "不采纳"

    week = models.DateField("周一")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    theme = models.CharField("主题", max_length=16, choices=Theme)
    outgoing = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="+", verbose_name="换下")
    incoming = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="+", verbose_name="换上")
    evidence = models.PositiveSmallIntegerField("凭证", choices=PostTask.Evidence)
    gain_fen = models.FloatField("预计变化")
    gain_low_fen = models.FloatField("下限")
    gain_high_fen = models.FloatField("上限")
    reason = models.CharField("理由", max_length=400)
    seed = models.BigIntegerField("随机种子")
    state = models.CharField("状态", max_length=16, choices=State, default=State.OPEN)
    made_at = models.DateTimeField("生成时间")
    decided_at = models.DateTimeField("决定时间", null=True)
    decided_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "换素材建议"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["week", "slot", "theme"], name="one_suggestion_per_week_slot_theme"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None) | ~Q(state="open") & Q(decided_at__isnull=False),
                name="a_decided_suggestion_says_when",
            ),
            models.CheckConstraint(condition=~Q(outgoing=models.F("incoming")), name="a_swap_changes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.outgoing_id} → {self.incoming_id}"
