"""How far the roll-up is, what it has to redo, what WeCom told, and where roll-up and facts disagree."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class RolledDay(models.Model):
    """A business day that was counted for every store, when last, and when it was last compared with the facts."""

    day = models.DateField("日期", primary_key=True)
    rolled_at = models.DateTimeField("统计时间")
    seconds = models.FloatField("用时（秒）")
    checked_at = models.DateTimeField("自检时间", null=True)
    compared = models.PositiveIntegerField("自检的数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "统计日"

    def __str__(self) -> str:
        return f"{self.day}"


class DirtyDay(models.Model):
    """A fact that came, changed or went after its business day: the day is to be counted again.

    Written by triggers on the tables of facts, whatever wrote there (migration `late_facts_are_noted`). One row per
    statement, store and day, never unique: two imports must not wait for each other here.
    """

    class Cause(models.TextChoices):
        PURCHASE = "purchase", "购买"
        STAY = "stay", "进群退群"
        POST = "post", "群发"
        RESULT = "result", "群发效果"
        CLICK = "click", "点击"
        ENTRY = "entry", "接龙与下单"
        ORDER = "order", "活动订单"
        CODE = "code", "扫码"
        IDENTITY = "identity", "认出会员"
        CONTACT = "contact", "添加员工"
        REST = "rest", "没有算完"  # what a night's pass had no time for: this day only

    store = models.ForeignKey("stores.Store", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    day = models.DateField("日期")
    cause = models.CharField("来源", max_length=16, choices=Cause)
    noted_at = models.DateTimeField("发现时间")

    class Meta:
        verbose_name = verbose_name_plural = "待重算"
        indexes: ClassVar = [models.Index(fields=["-day"], name="dirty_days_newest_first")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day} {self.cause}"


class OwnerDay(models.Model):
    """What WeCom says of one colleague's day (wecom.md §3.10), copied before it vanishes after 180 days.

    Figures of groups are those of all groups she owns: WeCom has none per group, and none are made up here.
    """

    userid = models.CharField("企微账号", max_length=64)  # in lower case, as `Staff.wecom_userid`
    day = models.DateField("日期")
    groups = models.PositiveIntegerField("群数", default=0)
    talking_groups = models.PositiveIntegerField("有发言的群", default=0)
    members = models.PositiveIntegerField("群成员", default=0)
    new_members = models.PositiveIntegerField("新增群成员", default=0)
    speakers = models.PositiveIntegerField("发言人数", default=0)
    group_messages = models.PositiveIntegerField("群消息", default=0)
    chats = models.PositiveIntegerField("聊天客户", default=0)
    messages = models.PositiveIntegerField("发出消息", default=0)
    applications = models.PositiveIntegerField("发起申请", default=0)
    contacts = models.PositiveIntegerField("新增客户", default=0)
    blocked_by = models.PositiveIntegerField("被删除或拉黑", default=0)
    read_at = models.DateTimeField("读取时间")

    class Meta:
        verbose_name = verbose_name_plural = "企微日数据"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["userid", "day"], name="one_word_of_wecom_per_owner_and_day")
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="words_of_wecom_of_a_day")]

    def __str__(self) -> str:
        return f"{self.userid} {self.day}"


class TallyDifference(models.Model):
    """A component of one store's day that the nightly self-check found other than the facts say."""

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    day = models.DateField("日期")
    component = models.CharField("分量", max_length=32)
    kept = models.BigIntegerField("汇总")
    facts = models.BigIntegerField("事实")
    found_at = models.DateTimeField("发现时间")

    class Meta:
        verbose_name = verbose_name_plural = "汇总差异"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "day", "component"], name="one_difference_per_component")
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day} {self.component}"
