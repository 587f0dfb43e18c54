"""Files on their way in."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from django.db import models
from django.utils import timezone

from stores.models.people import Staff
from stores.models.places import Store


class ImportJob(models.Model):
    """One uploaded or commanded file on its way in: applied wholly or not at all.

    `report` has the exact keys of the import report. While the import runs, how far it is lies in the cache
    (`stores.services.imports.progress_of`): one transaction holds the whole import, so no row can tell.
    """

    class Kind(models.TextChoices):
        PURCHASES = "purchases", "销售流水"
        PRODUCTS = "products", "商品"
        STORES = "stores", "门店"
        FLAVOURS = "flavours", "口味"
        GOALS = "goals", "目标"

    class State(models.TextChoices):
        UPLOADED = "uploaded", "待确认"
        QUEUED = "queued", "排队中"
        RUNNING = "running", "导入中"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"

    kind = models.CharField("类型", max_length=16, choices=Kind)
    state = models.CharField("状态", max_length=16, choices=State, default=State.UPLOADED)
    file = models.FileField("文件", upload_to="imports/%Y%m/", blank=True)
    # A file of the command line is read where it lies: five million rows need no second copy.
    local_path = models.CharField("本机路径", max_length=4096, blank=True)
    filename = models.CharField("文件名", max_length=255)
    size = models.PositiveBigIntegerField("大小（字节）", default=0)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    mapping = models.JSONField("列对应", default=dict)  # {field: column index}
    options = models.JSONField("选项", default=dict)
    rows_read = models.PositiveBigIntegerField("已读行数", default=0)
    rows_expected = models.PositiveBigIntegerField("预计行数", default=0)
    report = models.JSONField("报告", default=dict)
    error = models.TextField("错误", blank=True)
    rejected_file = models.FileField("未导入的行", upload_to="imports/%Y%m/", blank=True)
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    queued_at = models.DateTimeField("排队时间", null=True, blank=True)
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入任务"
        indexes: ClassVar = [models.Index(fields=["-created_at"], name="import_job_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.filename}"

    @property
    def path(self) -> Path:
        """Where the file to read lies on this machine."""
        return Path(self.file.path) if self.file else Path(self.local_path)


class SheetMapping(models.Model):
    """How a store's export names its columns, remembered from the last import corrected by hand."""

    kind = models.CharField("类型", max_length=16, choices=ImportJob.Kind)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, null=True, related_name="+", verbose_name="门店")
    header_key = models.CharField("表头指纹", max_length=64)  # sha256 of the normalised header names
    mapping = models.JSONField("列对应", default=dict)
    options = models.JSONField("选项", default=dict)
    saved_at = models.DateTimeField("保存时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "列对应"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "store", "header_key"], nulls_distinct=False, name="one_mapping_per_store_and_header"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.header_key[:8]}"
