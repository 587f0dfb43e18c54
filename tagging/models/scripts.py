"""What may be said to a member, what was said, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tagging.ladder import RUNGS


class ScriptTemplate(models.Model):
    """HQ's wording of a rung. The one not retired holds; without one, the wording of `tagging.ladder` does."""

    rung = models.PositiveSmallIntegerField("级别")
    text = models.TextField("话术")
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="修改人")
    made_at = models.DateTimeField("修改时间")
    retired_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "话术模板"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(rung__range=(1, RUNGS)), name="script_stands_on_a_rung"),
            models.UniqueConstraint(fields=["rung"], condition=Q(retired_at=None), name="one_wording_per_rung"),
        ]

    def __str__(self) -> str:
        return f"{self.rung} {self.text[:20]}"


class MemberFact(models.Model):
    """One thing a member said of herself, as a colleague heard it or a questionnaire read it; the last word holds."""

    class Key(models.TextChoices):
        LIKES = "likes", "爱吃什么"
        REASON = "reason", "为什么喜欢"
        CONCERN = "concern", "忌口和顾虑"
        WEEKDAY = "weekday", "一般周几来"
        HOUSEHOLD = "household", "家里几口人"
        SPEED = "speed", "多久吃完"

    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="facts", verbose_name="会员")
    key = models.CharField("事实", max_length=16, choices=Key)
    value = models.CharField("内容", max_length=32)
    source = models.CharField("来源", max_length=64)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "会员事实"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "key"], name="one_last_word_per_fact"),
            models.CheckConstraint(condition=~Q(value=""), name="member_fact_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_key_display()}：{self.value}"


class Touch(models.Model):
    """One time a member was personally addressed, over whichever channel. Append-only; fatigue counts these."""

    class Channel(models.TextChoices):
        CHAT = "chat", "一对一聊天"
        MESSAGE = "message", "企微群发到个人"
        CALL = "call", "电话"
        SMS = "sms", "短信"
        COUPON = "coupon", "发券提醒"
        NOTICE = "notice", "服务号提醒"
        WELCOME = "welcome", "欢迎语"
        OFFER = "offer", "候补到货"

    member = models.ForeignKey(
        "members.Member", on_delete=models.DO_NOTHING, related_name="touches", db_constraint=False, db_index=False
    )
    store = models.ForeignKey(
        "stores.Store", on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    staff = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    channel = models.CharField("渠道", max_length=8, choices=Channel)
    # What the toucher calls it ("talk:81"): told twice, it counts once.
    key = models.CharField("标识", max_length=64, unique=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "触达记录"
        indexes: ClassVar = [models.Index(fields=["member", "-at"], name="touch_of_member")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.channel}"


class Complaint(models.Model):
    """A member complained: until it is settled, and for a while after, nobody sells to her."""

    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="complaints")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    note = models.CharField("内容", max_length=200)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("时间")
    settled_at = models.DateTimeField("处理完成", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "投诉"

    def __str__(self) -> str:
        return self.note


class Talk(models.Model):
    """One line of 今日可聊: whom a colleague may talk to on a day, with what words, and what came of it."""

    class State(models.TextChoices):
        OPEN = "open", "待聊"
        TALKED = "talked", "已聊"
        SOLD = "sold", "成交"
        REFUSED = "refused", "不感兴趣"
        LATER = "later", "稍后"

    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    staff = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="talks", verbose_name="员工")
    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="talks", verbose_name="会员")
    day = models.DateField("日期")
    position = models.PositiveSmallIntegerField("次序")
    rung = models.PositiveSmallIntegerField("级别")
    text = models.TextField("话术")
    facts = models.JSONField("依据", default=list)  # [["爱吃", "榴莲，买过 6 次"], …]
    ask = models.CharField("值得问的一句", max_length=64, blank=True)
    product = models.ForeignKey("stores.Product", on_delete=models.PROTECT, null=True, related_name="+")
    best_at = models.CharField("最合适的时候", max_length=32, blank=True)
    score = models.FloatField("得分")
    state = models.CharField("结果", max_length=8, choices=State, default=State.OPEN)
    answered_at = models.DateTimeField("结果时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "今日可聊"
        constraints: ClassVar = [
            # Two colleagues may know her; only one of them is sent to her on a day.
            models.UniqueConstraint(fields=["member", "day"], name="one_talk_per_member_and_day"),
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None) | ~Q(state="open") & Q(answered_at__isnull=False),
                name="answered_talk_says_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["staff", "day", "position"], name="talks_of_the_day"),
            models.Index(fields=["day", "rung"], condition=~Q(state="open"), name="talks_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.member_id}"
