"""Customers and groups on their way from a colleague who leaves or moves to the one who takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime


class UnassignedCustomer(models.Model):
    """A customer whose colleague has left, as get_unassigned_list named her; replaced by each reading.

    `who` is the keyed hash of her external_userid, which stands beside it encrypted: she may be no member yet.
    """

    userid = models.CharField("离职成员", max_length=64)
    who = models.BinaryField("键控哈希", max_length=16)
    value_encrypted = models.BinaryField("密文")
    left_at = models.DateTimeField("离职时间", null=True)
    read_at = models.DateTimeField("读到时间")

    class Meta:
        verbose_name = verbose_name_plural = "待分配客户"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["userid", "who"], name="one_unassigned_row_per_leaver_and_customer")
        ]

    def __str__(self) -> str:
        return f"{self.userid} {self.pk}"


class HandoverJobQuerySet(models.QuerySet["HandoverJob"]):
    def open(self) -> HandoverJobQuerySet:
        return self.filter(finished_at=None)

    def due(self, at: datetime) -> HandoverJobQuerySet:
        """Open jobs whose time has come and that no worker holds."""
        return self.open().filter(Q(leased_until=None) | Q(leased_until__lte=at), next_at__lte=at)


class HandoverJob(models.Model):
    """One hand-over from one colleague to another; what it moves are its items.

    The giver may be nobody we know: he left before WeCom was connected. `resigned` chooses WeCom's API; an item for
    which the other one proves right says so itself (`other_way`).
    """

    giver_userid = models.CharField("移交人企微账号", max_length=64)
    giver = models.ForeignKey(
        "stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="移交人"
    )
    taker = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="接手人")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, null=True, related_name="handovers")
    resigned = models.BooleanField("已离职")
    message = models.CharField("给客户的话", max_length=200, blank=True, default="")
    with_customers = models.BooleanField("移交客户", default=True)
    with_groups = models.BooleanField("移交客户群", default=True)
    with_codes = models.BooleanField("换渠道码接待人", default=True)
    started_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="发起人")
    started_at = models.DateTimeField("发起时间")
    planned_at = models.DateTimeField("清点时间", null=True)  # the items are there
    codes_at = models.DateTimeField("换码时间", null=True)
    next_at = models.DateTimeField("下次处理", null=True)
    leased_until = models.DateTimeField("占用到", null=True)
    holder = models.UUIDField("占用者", null=True)
    stalled = models.CharField("卡在哪里", max_length=200, blank=True, default="")
    finished_at = models.DateTimeField("完成时间", null=True)
    objects = HandoverJobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "交接"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(resigned=False) | Q(message=""), name="leavers_customers_are_told_nothing"
            ),
            models.CheckConstraint(
                condition=Q(with_customers=True) | Q(with_groups=True), name="handover_moves_something"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(finished_at=None), name="handover_due"),
            models.Index(fields=["-started_at"], name="handover_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.giver_name} → {self.taker.name}"

    @property
    def giver_name(self) -> str:
        return self.giver.name if self.giver else self.giver_userid


class HandoverItem(models.Model):
    """One customer or one group of a hand-over. It ends in exactly one outcome.

    `asked` is written before the request leaves: whatever breaks then, WeCom is read before it is asked again.
    """

    class Kind(models.TextChoices):
        CUSTOMER = "customer", "客户"
        GROUP = "group", "客户群"

    class State(models.TextChoices):
        WAITING = "waiting", "待提交"
        ASKED = "asked", "提交中"
        ACCEPTED = "accepted", "等客户确认"  # she may refuse for 24 hours
        DONE = "done", "已交接"
        REFUSED = "refused", "客户拒绝"
        FULL = "full", "接手人客户已满"
        FAILED = "failed", "没交成"
        DROPPED = "dropped", "已停止"

    OPEN: ClassVar = ["waiting", "asked", "accepted"]
    OUTCOMES: ClassVar = ["done", "refused", "full", "failed", "dropped"]

    job = models.ForeignKey(HandoverJob, on_delete=models.CASCADE, related_name="items", verbose_name="交接")
    giver_userid = models.CharField("移交人企微账号", max_length=64)  # the job's: what may be moved once at a time
    kind = models.CharField("类型", max_length=8, choices=Kind)
    who = models.BinaryField("键控哈希", max_length=16, null=True)
    value_encrypted = models.BinaryField("密文", null=True)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, related_name="+")
    group = models.ForeignKey("communities.CustomerGroup", on_delete=models.PROTECT, null=True, related_name="+")
    other_way = models.BooleanField("改用另一接口", default=False)
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    errcode = models.IntegerField("错误码", null=True)
    tries = models.PositiveSmallIntegerField("提交次数", default=0)
    tried_at = models.DateTimeField("提交时间", null=True)
    decided_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "交接明细"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="customer", who__isnull=False, value_encrypted__isnull=False, group=None)
                | Q(kind="group", who=None, group__isnull=False),
                name="handover_item_is_a_customer_or_a_group",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "asked", "accepted"], decided_at=None)
                | Q(state__in=["done", "refused", "full", "failed", "dropped"], decided_at__isnull=False),
                name="handover_item_ends_in_one_outcome",
            ),
            models.UniqueConstraint(
                fields=["giver_userid", "who"], condition=Q(state__in=["waiting", "asked", "accepted"]),
                name="customer_is_handed_over_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["group"], condition=Q(state__in=["waiting", "asked", "accepted"]),
                name="group_is_handed_over_once_at_a_time",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["job", "state", "kind"], name="handover_items_by_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_state_display()}"
