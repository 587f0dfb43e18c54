"""What beat expectation, written up, shared, copied by stores, and what the copies brought (M16)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Case(models.Model):
    """Something that worked better than it had to: a draft made at night, or a case HQ wrote up and shares.

    `lift` is observed over expected, pulled to the ordinary as far as little stands behind it, between the bounds of
    a 90 % interval. Observed and expected are in the kind's unit: buyers of posts, claims of a campaign, fen of a
    store. `exposure` counts the people reached or served.
    """

    class Kind(models.TextChoices):
        POST = "post", "群发内容"
        CAMPAIGN = "campaign", "活动"
        STORE = "store", "门店"

    class State(models.TextChoices):
        DRAFT = "draft", "待整理"
        SHARED = "shared", "已分享"
        DISMISSED = "dismissed", "不采用"

    class Scope(models.TextChoices):
        ALL = "all", "全部门店"
        REGION = "region", "区域"
        LIST = "list", "指定门店"

    kind = models.CharField("类型", max_length=8, choices=Kind)
    state = models.CharField("状态", max_length=12, choices=State, default=State.DRAFT)
    store = models.ForeignKey(
        "stores.Store", on_delete=models.CASCADE, null=True, related_name="+", verbose_name="来自门店"
    )
    month = models.DateField("月份", null=True)  # of a store's case: one a month
    # What a store gets with one tap; of a post's case what was found, of others what HQ adds.
    material = models.ForeignKey(
        "communities.Material", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="素材"
    )
    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="活动"
    )
    title = models.CharField("标题", max_length=64)
    did = models.TextField("怎么做的", blank=True, default="")
    why = models.TextField("为什么有效", blank=True, default="")
    observed = models.FloatField("实际")
    expected = models.FloatField("预期")
    exposure = models.PositiveIntegerField("人数")
    units = models.PositiveIntegerField("次数")
    lift = models.FloatField("是预期的几倍")
    lift_low = models.FloatField("下限")
    lift_high = models.FloatField("上限")
    # What the copies brought, all together; empty until one was sent.
    copies_lift = models.FloatField("照做后是预期的几倍", null=True)
    copies_low = models.FloatField("照做下限", null=True)
    copies_high = models.FloatField("照做上限", null=True)
    found_at = models.DateTimeField("发现时间")
    counted_at = models.DateTimeField("统计时间")
    scope = models.CharField("分享给", max_length=8, choices=Scope, default=Scope.ALL)
    region = models.ForeignKey(
        "stores.Region", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区域"
    )
    stores = models.ManyToManyField("stores.Store", blank=True, related_name="+", verbose_name="门店")
    edited_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    edited_at = models.DateTimeField("修改时间", null=True)
    shared_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    shared_at = models.DateTimeField("分享时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "案例"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["material"], condition=Q(kind="post"), name="one_case_per_material"),
            models.UniqueConstraint(fields=["campaign"], condition=Q(kind="campaign"), name="one_case_per_campaign"),
            models.UniqueConstraint(
                fields=["store", "month"], condition=Q(kind="store"), name="one_case_per_store_and_month"
            ),
            models.CheckConstraint(
                condition=Q(kind="post", material__isnull=False)
                | Q(kind="campaign", campaign__isnull=False)
                | Q(kind="store", store__isnull=False, month__isnull=False),
                name="a_case_names_what_it_is_about",
            ),
            models.CheckConstraint(
                condition=~Q(state="shared")
                | Q(shared_at__isnull=False, shared_by__isnull=False) & ~Q(did="") & ~Q(why=""),
                name="a_shared_case_says_what_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(scope="region") | Q(region__isnull=False) | ~Q(state="shared"),
                name="a_case_for_a_region_names_it",
            ),
            models.CheckConstraint(
                condition=Q(lift__gte=F("lift_low"), lift__lte=F("lift_high")), name="a_lift_lies_in_its_interval"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-found_at"], name="cases_by_state")]

    def __str__(self) -> str:
        return self.title


class CaseCopy(models.Model):
    """One store did likewise: what it got, and what that brought against what was to be expected of it anyway."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="copies", verbose_name="案例")
    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="照做的人")
    at = models.DateTimeField("时间")
    material = models.OneToOneField(
        "communities.Material", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="素材"
    )
    campaign = models.OneToOneField(
        "campaigns.Campaign", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="活动"
    )
    planned = models.CharField("排在", max_length=64, blank=True, default="")  # 11月23日 16:00 下午茶
    units = models.PositiveIntegerField("次数", default=0)
    exposure = models.PositiveIntegerField("人数", default=0)
    observed = models.FloatField("实际", default=0)
    expected = models.FloatField("预期", default=0)
    scatter = models.FloatField("离散", default=0)  # of the units around their own ratio, squared and summed
    counted_at = models.DateTimeField("统计时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "照做"
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "store"], name="a_store_copies_a_case_once")]

    def __str__(self) -> str:
        return f"{self.case_id}@{self.store_id}"
