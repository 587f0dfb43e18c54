"""What is wrong in a store, by which rule, who has taken it and how it ended; and who was told each morning."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from metrics.hysteresis import Thresholds, Watch

if TYPE_CHECKING:
    from datetime import datetime


class AlertRule(models.Model):
    """How HQ wants one check treated. A kind without a row goes by its defaults (`services.alerting.rules`).

    Both thresholds are in the unit of the kind's figure, which is the higher the worse; `least` is how much there
    must be to judge by (posts due, people who left, sales expected in yuan).
    """

    class Kind(models.TextChoices):
        EXECUTION_DROP = "execution_drop", "执行下滑"
        QUIT_SPIKE = "quit_spike", "退群突增"
        SALES_GAP = "sales_gap", "销售落后同伴"
        STOCK_OUT = "stock_out", "计划商品缺货"
        CODE = "code", "渠道码异常"

    kind = models.CharField("检查", max_length=16, choices=Kind, primary_key=True)
    is_on = models.BooleanField("启用", default=True)
    raise_at = models.FloatField("告警线")
    clear_at = models.FloatField("解除线")
    raise_after = models.PositiveSmallIntegerField("连续几次告警", default=1)
    clear_after = models.PositiveSmallIntegerField("连续几次解除", default=1)
    least = models.FloatField("最低样本", default=0)
    changed_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField("修改时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "告警规则"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(clear_at__lte=F("raise_at")), name="an_alert_clears_at_or_below_where_it_is_raised"
            ),
            models.CheckConstraint(
                condition=Q(raise_after__gte=1, clear_after__gte=1, least__gte=0), name="a_rule_looks_at_least_once"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.raise_at, self.clear_at, self.raise_after, self.clear_after)


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> AlertQuerySet:
        """Raised and not over."""
        return self.filter(raised_at__isnull=False, cleared_at=None)

    def standing(self) -> AlertQuerySet:
        """Raised or on the way to be."""
        return self.filter(cleared_at=None)


class Alert(models.Model):
    """One thing wrong with one store (or one of its codes), from the first bad look until it is over.

    A row without `raised_at` is only being watched: nobody sees it. `looked` names the last look that counted (a day,
    or an hour), so a pass that is repeated counts nothing twice.
    """

    class Ending(models.TextChoices):
        BY_ITSELF = "by_itself", "恢复正常"
        RESOLVED = "resolved", "已处理"
        NOT_APPLICABLE = "not_applicable", "不再适用"

    kind = models.CharField("检查", max_length=16, choices=AlertRule.Kind)
    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="alerts", verbose_name="门店")
    # Of CODE alone: the finding of communities whose state this follows.
    code_alert = models.OneToOneField(
        "communities.CodeAlert", on_delete=models.CASCADE, null=True, related_name="+", verbose_name="渠道码告警"
    )
    badness = models.FloatField("程度")
    cause = models.CharField("原因", max_length=300)
    advice = models.CharField("建议", max_length=200)
    link = models.CharField("去处理", max_length=200)
    hits = models.PositiveSmallIntegerField("连续发现", default=0)
    misses = models.PositiveSmallIntegerField("连续正常", default=0)
    looked = models.CharField("最近计入", max_length=16)
    seen_at = models.DateTimeField("最近检查")
    raised_at = models.DateTimeField("告警时间", null=True)
    taken_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField("认领时间", null=True)
    cleared_at = models.DateTimeField("解除时间", null=True)
    ending = models.CharField("结果", max_length=16, choices=Ending, blank=True, default="")
    resolved_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField("处理说明", max_length=200, blank=True, default="")
    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "告警"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "store", "code_alert"], condition=Q(cleared_at=None), nulls_distinct=False,
                name="one_open_alert_per_rule_and_subject",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at=None, ending="") | Q(cleared_at__isnull=False) & ~Q(ending=""),
                name="an_alert_that_is_over_says_how",
            ),
            models.CheckConstraint(
                condition=~Q(ending="resolved") | Q(resolved_by__isnull=False) & ~Q(note=""),
                name="who_resolves_an_alert_says_how",
            ),
            models.CheckConstraint(
                condition=Q(taken_by=None, taken_at=None) | Q(taken_by__isnull=False, taken_at__isnull=False),
                name="an_alert_taken_has_a_taker_and_a_time",
            ),
            models.CheckConstraint(
                condition=Q(kind="code") | Q(code_alert=None), name="only_a_code_s_alert_follows_a_code_alert"
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["store", "-raised_at"], condition=Q(cleared_at=None, raised_at__isnull=False),
                name="open_alerts_of_a_store",
            ),
            models.Index(fields=["-cleared_at"], condition=Q(cleared_at__isnull=False), name="alerts_that_are_over"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.store_id}"

    @property
    def watch(self) -> Watch:
        return Watch(self.hits, self.misses, self.raised_at is not None)

    def follow(self, watch: Watch, *, at: datetime) -> None:
        """Take over a state; what clears ends by itself. Saves nothing."""
        was_raised = self.raised_at is not None
        self.hits, self.misses = watch.hits, watch.misses
        if watch.is_raised and not was_raised:
            self.raised_at = at
        elif was_raised and not watch.is_raised:
            self.cleared_at, self.ending = at, self.Ending.BY_ITSELF


class DigestSetting(models.Model):
    """How HQ wants the morning's message; one row, made when it is first changed."""

    is_on = models.BooleanField("每天早上发送", default=True)
    says_all_well = models.BooleanField("没有告警也发一句", default=False)
    to_hq = models.BooleanField("发给总部", default=True)
    to_leads = models.BooleanField("发给区域", default=True)
    to_managers = models.BooleanField("发给店长", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "早报设置"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(pk=1), name="one_digest_setting")]

    def __str__(self) -> str:
        return "早报设置"


class Digest(models.Model):
    """The morning's message to one person: a row first, a card later, once per person and day."""

    class State(models.TextChoices):
        PENDING = "pending", "待发送"
        SENT = "sent", "已发送"
        DROPPED = "dropped", "已放弃"
        REFUSED = "refused", "未送达"

    day = models.DateField("日期")
    person = models.ForeignKey("stores.Staff", on_delete=models.CASCADE, related_name="+", verbose_name="收件人")
    userid = models.CharField("企微账号", max_length=64)
    title = models.CharField("标题", max_length=64)
    text = models.CharField("内容", max_length=400)
    facts = models.JSONField("数字", default=list)  # [[label, figure]], six at most
    link = models.CharField("链接", max_length=200)
    state = models.CharField("状态", max_length=8, choices=State, default=State.PENDING)
    made_at = models.DateTimeField("生成时间")
    leased_until = models.DateTimeField("占用至", null=True)
    sent_at = models.DateTimeField("发送时间", null=True)
    error = models.CharField("原因", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "早报"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "person"], name="one_digest_per_person_and_day")
        ]
        indexes: ClassVar = [models.Index(fields=["made_at"], condition=Q(state="pending"), name="digests_to_send")]

    def __str__(self) -> str:
        return f"{self.day} {self.person_id}"
