"""Money in and out: payments, the notices about them, refunds through an outbox, and the ledger over both."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from campaigns.models.orders import Order


class Payment(models.Model):
    """One attempt to be paid for an order. `trade_no` is ours, what the provider calls out_trade_no."""

    class State(models.TextChoices):
        OPEN = "open", "待支付"
        PAID = "paid", "已支付"
        CLOSED = "closed", "已关闭"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments", verbose_name="订单")
    provider = models.CharField("渠道", max_length=16)
    trade_no = models.CharField("商户单号", max_length=32, unique=True)
    provider_no = models.CharField("渠道单号", max_length=64, blank=True, default="")
    amount_fen = models.PositiveBigIntegerField("金额（分）")
    state = models.CharField("状态", max_length=8, choices=State, default=State.OPEN)
    made_at = models.DateTimeField("创建时间")
    paid_at = models.DateTimeField("支付时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "provider_no"], condition=~Q(provider_no=""), name="a_provider_number_counts_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid_at__isnull=False), name="a_payment_made_has_its_time"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["made_at"], condition=Q(state="open"), name="payments_open")]

    def __str__(self) -> str:
        return self.trade_no


class PaymentNotice(models.Model):
    """What a provider told us, kept once, and what we did about it; also those we refused."""

    provider = models.CharField("渠道", max_length=16)
    notice_id = models.CharField("通知编号", max_length=64)
    trade_no = models.CharField("单号", max_length=64, blank=True, default="")
    body = models.JSONField("内容", default=dict)
    received_at = models.DateTimeField("收到时间")
    outcome = models.CharField("处理", max_length=100, blank=True, default="")
    handled_at = models.DateTimeField("处理时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付通知"
        constraints: ClassVar = [models.UniqueConstraint(fields=["provider", "notice_id"], name="a_notice_counts_once")]
        indexes: ClassVar = [
            models.Index(fields=["received_at"], condition=Q(handled_at=None), name="notices_to_handle")
        ]

    def __str__(self) -> str:
        return self.notice_id


class Refund(models.Model):
    """Money to give back, decided in one transaction and driven by the outbox in others.

    `key` is its one idempotency key, the provider's out_refund_no too; `cause` makes a decision taken twice one row.
    """

    class State(models.TextChoices):
        PENDING = "pending", "待退款"
        SENT = "sent", "退款中"
        DONE = "done", "已退款"
        STUCK = "stuck", "需人工处理"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds", verbose_name="支付")
    key = models.CharField("退款单号", max_length=32, unique=True)
    cause = models.CharField("事由", max_length=64)  # "late", "cancelled", "team:12", "referral:7"
    reason = models.CharField("原因", max_length=100)
    amount_fen = models.PositiveBigIntegerField("金额（分）")
    state = models.CharField("状态", max_length=8, choices=State, default=State.PENDING)
    decided_at = models.DateTimeField("决定时间")
    tries = models.PositiveSmallIntegerField("尝试", default=0)
    next_try_at = models.DateTimeField("下次尝试", null=True)
    leased_until = models.DateTimeField("占用至", null=True)
    provider_no = models.CharField("渠道退款号", max_length=64, blank=True, default="")
    done_at = models.DateTimeField("退款时间", null=True)
    error = models.CharField("错误", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "退款"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "cause"], name="one_refund_per_payment_and_cause"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="a_refund_gives_something_back"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_try_at"], condition=Q(state__in=["pending", "sent"]), name="refunds_to_drive")
        ]

    def __str__(self) -> str:
        return self.key


class HandRefund(models.Model):
    """A stuck refund that was paid back by hand, outside of the provider: who says so, how, and who looked again.

    It counts only once a second person has confirmed it; until then nothing is booked, and nothing is sent either.
    """

    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, related_name="by_hand", verbose_name="退款")
    way = models.CharField("怎么退的", max_length=200)  # how, and the slip's or the transfer's number
    said_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="登记人")
    said_at = models.DateTimeField("登记时间")
    confirmed_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField("复核时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "人工退款"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(confirmed_by=F("said_by")),
                name="two_people_see_money_paid_by_hand",
            ),
            models.CheckConstraint(condition=~Q(way=""), name="a_refund_by_hand_says_how"),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id}"


class LedgerEntry(models.Model):
    """Append-only (a trigger refuses updates and deletes): positive what came in, negative what went back."""

    class Kind(models.TextChoices):
        PAID = "paid", "收款"
        REFUNDED = "refunded", "退款"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="ledger", verbose_name="订单")
    kind = models.CharField("类别", max_length=8, choices=Kind)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="+")
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, related_name="+")
    amount_fen = models.BigIntegerField("金额（分）")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "资金流水"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment"], condition=Q(kind="paid"), name="a_payment_comes_in_once"),
            models.CheckConstraint(
                condition=Q(kind="paid", amount_fen__gt=0, refund=None)
                | Q(kind="refunded", amount_fen__lt=0, refund__isnull=False),
                name="money_has_a_direction_and_a_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.amount_fen}"


class BillDifference(models.Model):
    """One line on which our ledger and the provider's bill of a day disagree, until somebody settles it."""

    class Kind(models.TextChoices):
        ONLY_OURS = "only_ours", "账单没有"
        ONLY_THEIRS = "only_theirs", "我方没有"
        AMOUNT = "amount", "金额不符"

    provider = models.CharField("渠道", max_length=16)
    day = models.DateField("账单日")
    number = models.CharField("单号", max_length=64)  # out_trade_no or out_refund_no
    kind = models.CharField("类别", max_length=16, choices=Kind)
    ours_fen = models.BigIntegerField("我方（分）", null=True)
    theirs_fen = models.BigIntegerField("账单（分）", null=True)
    found_at = models.DateTimeField("发现时间")
    settled_at = models.DateTimeField("处理时间", null=True)
    settled_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField("说明", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "对账差异"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "day", "number"], name="one_difference_per_number_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.number}"
