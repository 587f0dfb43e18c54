"""Tags of ours at WeCom: which groups are kept there, under which ids, and what both sides last agreed on."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tagging.models.segments import Tag


class MirroredGroup(models.Model):
    """A group of our tags that is kept at WeCom too. What we made there is ours to rename and delete, nothing else."""

    name = models.CharField("标签组", max_length=30, unique=True)
    # Off: what we made there is taken down by the next settling.
    is_on = models.BooleanField("同步", default=True)
    wecom_id = models.CharField("企微编号", max_length=64, blank=True, default="")
    problem = models.CharField("问题", max_length=200, blank=True, default="")
    settled_at = models.DateTimeField("最近同步", null=True)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人")

    class Meta:
        verbose_name = verbose_name_plural = "同步到企微的标签组"

    def __str__(self) -> str:
        return self.name


class MirroredTag(models.Model):
    """One tag of ours as WeCom knows it; `stopped_at` once somebody deleted it in WeCom's console."""

    tag = models.OneToOneField(Tag, on_delete=models.CASCADE, primary_key=True, related_name="mirrored")
    wecom_id = models.CharField("企微编号", max_length=64, blank=True, default="")
    problem = models.CharField("问题", max_length=200, blank=True, default="")
    stopped_at = models.DateTimeField("停止同步", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "同步到企微的标签"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wecom_id"], condition=~Q(wecom_id=""), name="one_tag_of_ours_per_wecom_tag"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tag_id} {self.wecom_id}"


class ContactMarks(models.Model):
    """Our tags on one contact as both sides last knew them: what differs from it was done by somebody since.

    `marks` are WeCom's ids. A write that failed says why, and when it is tried again.
    """

    contact = models.OneToOneField("members.Contact", on_delete=models.CASCADE, primary_key=True, related_name="marks")
    marks = ArrayField(models.CharField(max_length=64), verbose_name="已同步", default=list)
    written_at = models.DateTimeField("最近写入", null=True)
    problem = models.CharField("问题", max_length=200, blank=True, default="")
    tries = models.PositiveSmallIntegerField("失败次数", default=0)
    retry_at = models.DateTimeField("再试时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "联系人上的标签"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(problem="", retry_at=None, tries=0) | ~Q(problem="") & Q(retry_at__isnull=False),
                name="a_failed_mark_says_why_and_when_again",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["retry_at"], condition=Q(retry_at__isnull=False), name="marks_to_retry")
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}"


class TagWord(models.Model):
    """A person's word on a tag with a rule: it stands until the rule's own answer about the member changes."""

    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="tag_words")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="words")
    is_worn = models.BooleanField("打上")
    rule_held = models.BooleanField("当时规则满足")
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "人工改过的标签"
        constraints: ClassVar = [models.UniqueConstraint(fields=["member", "tag"], name="one_word_per_member_and_tag")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.tag_id} {self.is_worn}"
