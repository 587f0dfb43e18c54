"""The callback inbox, the work it causes, and the alerts of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime


class CallbackEvent(models.Model):
    """One decrypted callback, as it came; never changed.

    Not partitioned: a unique key of a partitioned table must hold the partition key, and a retry that crosses
    midnight of a month's end would then be stored twice. Old rows go by `services.inbox.purge_events` instead.
    """

    digest = models.BinaryField("摘要", max_length=32)  # sha256 of the plaintext: retries carry the same one
    kind = models.CharField("类型", max_length=96)
    body = models.TextField("内容")
    occurred_at = models.DateTimeField("发生时间", null=True)
    received_at = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = verbose_name_plural = "回调事件"
        constraints: ClassVar = [models.UniqueConstraint(fields=["digest"], name="callback_event_stored_once")]
        indexes: ClassVar = [models.Index(fields=["received_at"], name="callback_event_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class CallbackJobQuerySet(models.QuerySet["CallbackJob"]):
    def due(self, at: datetime) -> CallbackJobQuerySet:
        """Jobs that may be taken: their time has come, or their worker has died."""
        return self.filter(state__in=[CallbackJob.State.WAITING, CallbackJob.State.RUNNING], due_at__lte=at)

    def dead(self) -> CallbackJobQuerySet:
        return self.filter(state=CallbackJob.State.DEAD)


class CallbackJob(models.Model):
    """One handler's work on one event.

    `due_at` is when the job may next be taken: its retry time while it waits, the end of the worker's lease while
    it runs. So a job whose worker was killed becomes due by itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        RUNNING = "running", "处理中"
        DONE = "done", "完成"
        DEAD = "dead", "死信"

    event = models.ForeignKey(CallbackEvent, on_delete=models.CASCADE, related_name="jobs", verbose_name="事件")
    handler = models.CharField("处理者", max_length=96)
    queue = models.CharField("队列", max_length=16)
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    due_at = models.DateTimeField("到期时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    error = models.TextField("错误", blank=True, default="")
    objects = CallbackJobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "回调处理"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "handler"], name="handler_works_once_on_an_event"),
            models.CheckConstraint(
                condition=Q(state="done", finished_at__isnull=False) | ~Q(state="done"), name="done_job_says_when"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["queue", "due_at"], condition=Q(state__in=["waiting", "running"]), name="callback_job_due"
            ),
            models.Index(fields=["handler", "id"], condition=Q(state="dead"), name="callback_job_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} · {self.get_state_display()}"


class GatewayAlert(models.Model):
    """Something only a person can mend: a wrong secret, an address outside 企业可信IP, a missing permission.

    While one is open, what it is about is counted on it and not raised again.
    """

    kind = models.CharField("类型", max_length=32)
    subject = models.CharField("对象", max_length=128)
    message = models.TextField("说明")
    raised_at = models.DateTimeField("发生时间")
    last_seen_at = models.DateTimeField("最近一次")
    times = models.PositiveIntegerField("次数", default=1)
    cleared_at = models.DateTimeField("解除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "企微告警"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(cleared_at=None), name="one_open_alert_per_subject"
            )
        ]

    def __str__(self) -> str:
        return self.message
