"""What became of the plan: how each store did each day, and who was urged when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from communities.models.posts import PostTask


class _Measured(models.Model):
    """How many posts ended how: the columns are `selectors.measures.MEASURES`."""

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
        abstract = True


class StoreDay(_Measured):
    """How a store's posts of one day ended, counted off `PostTask` once the day is over.

    A month of a chain is two million posts; these are its 150,000 rows. Days without a row yet are counted live, so a
    board never waits for the roll-up.
    """

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    day = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "门店日执行"
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "store"], name="one_count_per_store_and_day")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day}"


class StoreMonth(_Measured):
    """The sum of a store's `StoreDay` rows of one month, kept with them: to rank a chain by its month, 5,000 rows."""

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    month = models.DateField("月份", help_text="当月 1 日")

    class Meta:
        verbose_name = verbose_name_plural = "门店月执行"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["month", "store"], name="one_sum_per_store_and_month"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="a_month_is_named_by_its_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.month:%Y-%m}"


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
