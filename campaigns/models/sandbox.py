"""The sandbox provider's own books: what a real provider would know, and our tables do not."""

from django.db import models


class SandboxTrade(models.Model):
    """A payment as the pretend provider has it."""

    class State(models.TextChoices):
        OPEN = "open", "待支付"
        PAID = "paid", "已支付"
        CLOSED = "closed", "已关闭"

    trade_no = models.CharField("商户单号", max_length=32, unique=True)
    provider_no = models.CharField("渠道单号", max_length=32, unique=True)
    description = models.CharField("说明", max_length=128, blank=True, default="")
    amount_fen = models.PositiveBigIntegerField("金额（分）")
    state = models.CharField("状态", max_length=8, choices=State, default=State.OPEN)
    made_at = models.DateTimeField("创建时间")
    paid_at = models.DateTimeField("支付时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "沙箱支付"

    def __str__(self) -> str:
        return self.trade_no


class SandboxRefund(models.Model):
    """A refund as the pretend provider has it: one per key, however often it was asked for."""

    trade = models.ForeignKey(SandboxTrade, on_delete=models.PROTECT, related_name="refunds", verbose_name="支付")
    key = models.CharField("退款单号", max_length=32, unique=True)
    provider_no = models.CharField("渠道退款号", max_length=32, unique=True)
    amount_fen = models.PositiveBigIntegerField("金额（分）")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "沙箱退款"

    def __str__(self) -> str:
        return self.key
