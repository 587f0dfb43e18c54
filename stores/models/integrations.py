"""What other systems leave with us: the answers to their writes, where to tell them, what was told."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from stores.models.people import ApiToken, Staff


class IdempotentAnswer(models.Model):
    """What a write with an `Idempotency-Key` was answered, kept a day, committed together with the write itself.

    While the write runs its row is uncommitted, so a second one with the same key waits at the unique index.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+", verbose_name="令牌")
    key = models.CharField("标识", max_length=64)
    digest = models.BinaryField("请求摘要", max_length=32)  # SHA-256 of method, path and body
    status = models.PositiveSmallIntegerField("状态码", default=0)
    body = models.JSONField("回答", null=True)
    expires_at = models.DateTimeField("到期时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "写入的回答"
        constraints: ClassVar = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key


class WebhookEndpoint(models.Model):
    """An address of another system that wants to be told. The secret signs what is sent; it is kept encrypted.

    `failing_since` is when deliveries began to fail without one success since; too long of it switches it off.
    """

    owner = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="webhooks", verbose_name="员工")
    name = models.CharField("用途", max_length=64)
    url = models.CharField("地址", max_length=512)
    events = ArrayField(models.CharField(max_length=32), verbose_name="事件")
    secret_encrypted = models.BinaryField("密文")
    created_at = models.DateTimeField("创建时间")
    failing_since = models.DateTimeField("开始失败", null=True)
    disabled_at = models.DateTimeField("停用时间", null=True)
    disabled_reason = models.CharField("停用原因", max_length=100, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "推送地址"

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event for one endpoint: the outbox, written in the transaction in which the event happened."""

    class State(models.TextChoices):
        PENDING = "pending", "待推送"
        DONE = "done", "已送达"
        DEAD = "dead", "未送达"

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", verbose_name="推送地址"
    )
    event_id = models.UUIDField("事件编号", default=uuid.uuid4)  # the same for every endpoint, and on every try
    event = models.CharField("事件", max_length=32)
    data = models.JSONField("内容")
    happened_at = models.DateTimeField("发生时间")
    state = models.CharField("状态", max_length=8, choices=State, default=State.PENDING)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    next_try_at = models.DateTimeField("下次推送", null=True)
    leased_until = models.DateTimeField("占用至", null=True)
    answer = models.CharField("对方的回答", max_length=200, blank=True, default="")
    done_at = models.DateTimeField("送达时间", null=True)
    acknowledged_at = models.DateTimeField("确认时间", null=True)  # of a test: the receiver told us by the API

    class Meta:
        verbose_name = verbose_name_plural = "推送"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="one_delivery_per_endpoint_and_event")
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_try_at"], condition=Q(state="pending"), name="webhooks_to_deliver"),
            models.Index(fields=["endpoint", "-id"], name="deliveries_of_an_endpoint"),
            models.Index(fields=["done_at"], condition=Q(state="done"), name="deliveries_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.endpoint_id}"
