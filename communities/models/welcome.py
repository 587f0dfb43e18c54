"""What newcomers are told, and what became of each welcome."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from communities.models.codes import EntryCode


class WelcomeText(models.Model):
    """A welcome of a store or, without one, of the chain; for one scene or, with an empty one, for all.

    The text may hold {店名}, {店长}, {利益点} and {优惠券}. A store's text without a coupon or links of its own says
    the chain's.
    """

    store = models.ForeignKey(
        "stores.Store", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="门店"
    )
    scene = models.CharField("场景", max_length=16, choices=EntryCode.Scene, blank=True, default="")
    text = models.CharField("欢迎语", max_length=1_000)
    fallback = models.CharField("备用欢迎语", max_length=500, blank=True, default="")
    coupon = models.CharField("优惠券", max_length=200, blank=True, default="")
    with_group = models.BooleanField("附上群二维码", default=True)
    links = models.JSONField("图文链接", default=list, blank=True)  # [{"title", "url", "desc"}], eight beside the group
    changed_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField("修改时间")

    class Meta:
        verbose_name = verbose_name_plural = "欢迎语"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store", "scene"], nulls_distinct=False, name="one_welcome_text_per_store_and_scene"
            )
        ]

    def __str__(self) -> str:
        return self.text[:20]


class WelcomeOutcome(models.Model):
    """What became of the welcome one newcomer was owed. Of her ids and of the code only hashes are kept."""

    class Result(models.TextChoices):
        SENDING = "sending", "发送中"
        SENT = "sent", "已发送"
        PLAIN = "plain", "已发送备用文字"
        ALREADY = "already", "已有欢迎或已聊天"
        LATE = "late", "已超时"
        REFUSED = "refused", "被企微拒绝"
        UNKNOWN = "unknown", "结果不明"

    event = models.BigIntegerField("回调编号", unique=True)
    code = models.ForeignKey(EntryCode, on_delete=models.SET_NULL, null=True, related_name="welcomes")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, null=True, related_name="+")
    userid = models.CharField("成员", max_length=64)
    customer = models.BinaryField("客户键控哈希", max_length=16)
    welcome_code = models.BinaryField("欢迎码摘要", max_length=32)  # sha256; the code itself is never stored
    result = models.CharField("结果", max_length=8, choices=Result, default=Result.SENDING)
    errcode = models.IntegerField("错误码", null=True)
    occurred_at = models.DateTimeField("添加时间")
    decided_at = models.DateTimeField("结束时间", null=True)
    latency_ms = models.PositiveIntegerField("耗时（毫秒）", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "欢迎结果"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(result="sending", decided_at=None) | Q(~Q(result="sending"), decided_at__isnull=False),
                name="decided_welcome_says_when",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["store", "-occurred_at"], name="welcome_newest_of_store")]

    def __str__(self) -> str:
        return f"{self.event} {self.result}"


class GroupWelcome(models.Model):
    """A welcome of groups, kept at WeCom as a template; each owner picks it in the group.

    WeCom has no list of templates: the row exists before WeCom is asked, so that a lost answer leaves a trace.
    """

    class Status(models.TextChoices):
        MAKING = "making", "正在保存"
        LIVE = "live", "可选用"
        LOST = "lost", "结果不明"

    text = models.CharField("欢迎语", max_length=1_000)
    template_id = models.CharField("企微编号", max_length=64, blank=True, default="")
    status = models.CharField("状态", max_length=8, choices=Status, default=Status.MAKING)
    changed_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="修改人")
    changed_at = models.DateTimeField("修改时间")

    class Meta:
        verbose_name = verbose_name_plural = "入群欢迎语"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["template_id"], condition=~Q(template_id=""), name="one_group_welcome_per_template"
            ),
            models.CheckConstraint(
                condition=~Q(status="live") | ~Q(template_id=""), name="live_group_welcome_has_its_template"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:20]
