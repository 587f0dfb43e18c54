"""Short links in what is posted, and the people who opened them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from communities.models.posts import PostContent, PostTask


class ShortLink(models.Model):
    """One address a post leads to, by a token of ours: each group's own, or, without a `task`, the group-send's.

    A group-send says the same to all groups of its owner, so its link cannot tell them apart. `day` is the post's.
    """

    token = models.CharField("短码", max_length=16, unique=True)
    target = models.CharField("目标", max_length=2048)
    content = models.ForeignKey(PostContent, on_delete=models.CASCADE, related_name="links", verbose_name="内容")
    task = models.ForeignKey(PostTask, on_delete=models.CASCADE, null=True, related_name="links", verbose_name="任务")
    day = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "短链接"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(target__startswith="https://") | Q(target__startswith="http://"),
                name="a_short_link_leads_to_the_web",
            )
        ]

    def __str__(self) -> str:
        return self.token


class LinkClick(models.Model):
    """One person who opened one link, the first time. `who` is her browser's cookie, or herself where she has none.

    `member` is known at once, or once the same browser is. `task` is the post it counts for: the link's own, or that
    of the one group of a group-send she is in; empty while that is not known. `day` is the link's.
    """

    link = models.ForeignKey(ShortLink, on_delete=models.CASCADE, related_name="clicks", verbose_name="短链接")
    who = models.BinaryField("访客", max_length=16)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, related_name="+")
    task = models.ForeignKey(PostTask, on_delete=models.SET_NULL, null=True, related_name="clicks")
    day = models.DateField("日期")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "点击"
        constraints: ClassVar = [models.UniqueConstraint(fields=["link", "who"], name="a_person_opens_a_link_once")]
        indexes: ClassVar = [
            # Clicks come in the order of days: the newest part of it is all that is ever written or read.
            models.Index(fields=["day", "link"], name="clicks_of_a_day"),
            models.Index(fields=["who"], condition=Q(member__isnull=False), name="clicks_of_known_browsers"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id} {self.at:%Y-%m-%d %H:%M}"


class PostEntry(models.Model):
    """One entry of a 接龙 or another order, told by the app that took it (`services.feedback.entries`).

    `key` is the teller's own name of it; `link` the token it came by; `withdrawn_at` when it was cancelled.
    """

    key = models.CharField("编号", max_length=64, unique=True)
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, related_name="+")
    link = models.CharField("来源链接", max_length=32, blank=True, default="")
    at = models.DateTimeField("时间")
    withdrawn_at = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "接龙与下单"
        indexes: ClassVar = [models.Index(fields=["store", "at"], name="entries_of_a_store")]

    def __str__(self) -> str:
        return self.key
