"""Tags, and groups of members by rules over everything that is known of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Segment(models.Model):
    """A named rule. `store` is empty for the chain's own; whoever opens it sees the members of her stores only."""

    name = models.CharField("名称", max_length=32)
    store = models.ForeignKey(
        "stores.Store", on_delete=models.PROTECT, null=True, blank=True, related_name="segments", verbose_name="门店"
    )
    rules = models.JSONField("规则")  # as `tagging.segmenting.rules.checked` gives it back
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="创建人")
    made_at = models.DateTimeField("创建时间")
    changed_at = models.DateTimeField("修改时间")
    archived_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "人群"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "store"], condition=Q(archived_at=None), nulls_distinct=False,
                name="segment_name_is_taken_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class SegmentSnapshot(models.Model):
    """Who was in a segment at a moment, so that a campaign knows whom it was for; `rules` as they were."""

    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="snapshots", verbose_name="人群")
    rules = models.JSONField("规则")
    size = models.PositiveIntegerField("人数", default=0)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="操作人")
    taken_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "人群快照"

    def __str__(self) -> str:
        return f"{self.segment} {self.taken_at:%Y-%m-%d}"


class SnapshotMember(models.Model):
    """One member of a snapshot, and the store she belonged to then."""

    snapshot = models.ForeignKey(SegmentSnapshot, on_delete=models.CASCADE, related_name="members")
    member = models.ForeignKey("members.Member", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    store_id = models.BigIntegerField("门店", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "快照会员"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["snapshot", "member"], name="member_once_per_snapshot")
        ]

    def __str__(self) -> str:
        return f"{self.snapshot_id} {self.member_id}"


class Tag(models.Model):
    """A word about members, in a group of such words. One with `rules` is given and taken by night.

    `lasts_days` is how long it stays after it was given, or after its rule last held.
    """

    group = models.CharField("标签组", max_length=30)
    name = models.CharField("标签", max_length=30)
    rules = models.JSONField("规则", null=True, blank=True)
    lasts_days = models.PositiveSmallIntegerField("有效天数", null=True, blank=True)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="创建人")
    made_at = models.DateTimeField("创建时间")
    archived_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "标签"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "name"], name="tag_stands_once_in_its_group"),
            models.CheckConstraint(condition=~Q(lasts_days=0), name="tag_lasts_a_day_at_least"),
        ]

    def __str__(self) -> str:
        return f"{self.group}·{self.name}"


class MemberTag(models.Model):
    """A member wears a tag until it expires. Given by a rule, it is the rule's to take; otherwise a person's."""

    class Source(models.TextChoices):
        RULE = "rule", "规则"
        STAFF = "staff", "员工"
        QUESTIONNAIRE = "form", "问卷"
        WECOM = "wecom", "企业微信"

    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="wearers")
    source = models.CharField("来源", max_length=8, choices=Source)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("时间")
    expires_at = models.DateTimeField("到期", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会员标签"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "tag"], name="tag_worn_once"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("at")), name="tag_worn_for_a_while"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="tag_to_expire")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.tag_id}"
