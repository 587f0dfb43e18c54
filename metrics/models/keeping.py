"""What somebody keeps of the pages of figures: views by name, and files on their way out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class SavedView(models.Model):
    """A page of figures with everything chosen on it, under a name. HQ may share one with everybody.

    What it shows is each reader's own: the query holds choices, never rows.
    """

    class Page(models.TextChoices):
        OVERVIEW = "overview", "经营总览"
        RANKING = "ranking", "门店排行"
        COMPARE = "compare", "对比"

    owner = models.ForeignKey(
        "stores.Staff", on_delete=models.CASCADE, related_name="saved_views", verbose_name="保存人"
    )
    name = models.CharField("名称", max_length=30)
    page = models.CharField("页面", max_length=16, choices=Page)
    query = models.CharField("条件", max_length=1000, blank=True)
    is_shared = models.BooleanField("共享", default=False)
    saved_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = verbose_name_plural = "保存的视图"
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name"], name="one_view_per_owner_and_name")]
        indexes: ClassVar = [models.Index(fields=["name"], condition=Q(is_shared=True), name="views_for_everybody")]

    def __str__(self) -> str:
        return self.name


class ExportJob(models.Model):
    """One table of figures being written to a file, for the person who asked, until it expires.

    queued → running → done or failed; done → expired, when the file is deleted. While it runs it gives a sign of life
    (`alive_at`) as the rows are written; one that has fallen silent is begun anew, at most `attempts` times.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        RUNNING = "running", "生成中"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"
        EXPIRED = "expired", "已过期"

    owner = models.ForeignKey("stores.Staff", on_delete=models.CASCADE, related_name="+", verbose_name="导出人")
    table = models.CharField("表", max_length=32)
    subject = models.PositiveBigIntegerField("对象", null=True)  # the store, region or group the table is about
    query = models.CharField("条件", max_length=2000, blank=True)
    form = models.CharField("格式", max_length=4)
    filename = models.CharField("文件名", max_length=200)
    state = models.CharField("状态", max_length=8, choices=State, default=State.QUEUED)
    rows_done = models.PositiveIntegerField("已写行数", default=0)
    rows_expected = models.PositiveIntegerField("预计行数", default=0)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    file = models.FileField("文件", upload_to="exports/%Y%m/", blank=True)
    error = models.CharField("错误", max_length=200, blank=True)
    asked_at = models.DateTimeField("申请时间")
    queued_at = models.DateTimeField("排队时间")
    alive_at = models.DateTimeField("最近活动", null=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    expires_at = models.DateTimeField("失效时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导出任务"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(expires_at__isnull=False), name="a_finished_export_expires"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-asked_at"], name="exports_of_a_person"),
            models.Index(
                fields=["state"], condition=Q(state__in=["queued", "running", "done"]), name="exports_to_look_after"
            ),
        ]

    def __str__(self) -> str:
        return self.filename
