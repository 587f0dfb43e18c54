"""What became of the plan: how each store did each day, and who was urged when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from communities.models.posts import PostTask


class StoreDay(models.Model):
    """How many of a store's posts of one day ended how, counted off `PostTask` once the day is over.

    The columns are `selectors.measures.MEASURES`. A month of a chain is two million posts; these are its 150,000 rows.
    Days without a row yet are counted live, so a board never waits for the roll-up.
    """

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    day = models.DateField("日期")
    total = models.PositiveIntegerField("应发")
    on_time = models.PositiveIntegerField("准时")
    late = models.PositiveIntegerField("迟发")
    made_up = models.PositiveIntegerField("补发")
    waiting = models.PositiveIntegerField("待发送")
    upcoming = models.PositiveIntegerField("未到点")
    blocked = models.PositiveIntegerField("已拦截")
    failed = models.PositiveIntegerField("发送失败")
    missed_not_sent = models.PositiveIntegerField("错过：到点未发")
    missed_not_released = models.PositiveIntegerField("错过：系统未按时发布")
    skipped_out_of_stock = models.PositiveIntegerField("跳过：缺货")
    skipped_not_arrived = models.PositiveIntegerField("跳过：未到货")
    skipped_short_handed = models.PositiveIntegerField("跳过：人手不足")
    skipped_unsuitable = models.PositiveIntegerField("跳过：内容不合适")
    skipped_other = models.PositiveIntegerField("跳过：其他")
    api_verified = models.PositiveIntegerField("企微核实")
    client_callback = models.PositiveIntegerField("客户端回执")
    self_declared = models.PositiveIntegerField("店长自报")

    class Meta:
        verbose_name = verbose_name_plural = "门店日执行"
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "store"], name="one_count_per_store_and_day")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day}"


class PostUrge(models.Model):
    """Somebody above the store asked for a post that was late (催办)."""

    task = models.ForeignKey(PostTask, on_delete=models.CASCADE, related_name="urges", verbose_name="任务")
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="催办人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "催办"
        indexes: ClassVar = [models.Index(fields=["task", "at"], name="urges_of_a_post")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.at:%H:%M}"
