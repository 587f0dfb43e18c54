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


class SyncRun(models.Model):
    """One full reading of one part of WeCom, page by page.

    `position` says what comes next and is stored with each page's rows, so that a killed run goes on where it
    stopped; `plan` is what was decided at its beginning. A worker holds the run until `leased_until`.
    """

    kind = models.CharField("类型", max_length=16)
    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    leased_until = models.DateTimeField("占用到")
    holder = models.UUIDField("占用者")
    is_first = models.BooleanField("首次", default=False)  # everything is new then, which is no drift
    plan = models.JSONField("计划", default=dict)
    position = models.JSONField("进度", default=dict)
    calls = models.PositiveIntegerField("调用次数", default=0)
    error = models.TextField("错误", blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "企微同步"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind"], condition=Q(finished_at=None), name="one_unfinished_sync_per_kind")
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "-started_at"], name="sync_newest_of_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.started_at:%Y-%m-%d %H:%M}"


class Drift(models.Model):
    """How many rows a run found different from WeCom, and repaired, and the keys of the first few hundred.

    Which table the keys are of follows from the kind, which the apps above know (`communities.selectors.drift`): names
    are looked up when they are shown, so that a report never outlives the erasure of a person.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="drifts", verbose_name="同步")
    kind = models.CharField("类型", max_length=32)
    count = models.PositiveIntegerField("数量", default=0)
    rows = models.JSONField("记录编号", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "偏差"
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "kind"], name="one_drift_per_run_and_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.count}"
