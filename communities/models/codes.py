"""Entry codes, what came through them, and what is wrong with them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime


def new_token() -> str:
    """What WeCom calls `state`: at most 30 characters, unguessable, and the identity of a code wherever it appears."""
    return f"dq{secrets.token_hex(8)}"


class CodeBatch(models.Model):
    """One order of HQ: the same code for many stores."""

    scene = models.CharField("场景", max_length=16)
    kind = models.CharField("方式", max_length=8)
    bait = models.CharField("利益点", max_length=32)
    ordered_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="下单人")
    ordered_at = models.DateTimeField("时间")
    skipped = models.PositiveIntegerField("已有而跳过", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "批量建码"

    def __str__(self) -> str:
        return f"批量建码 {self.pk}"


class EntryCodeQuerySet(models.QuerySet["EntryCode"]):
    def kept(self) -> EntryCodeQuerySet:
        return self.exclude(status=EntryCode.Status.RETIRED)

    def live(self) -> EntryCodeQuerySet:
        return self.filter(status=EntryCode.Status.LIVE)

    def takeable(self, at: datetime) -> EntryCodeQuerySet:
        """Codes to be made at WeCom that no worker holds."""
        return self.filter(status=EntryCode.Status.CREATING).filter(Q(leased_until=None) | Q(leased_until__lte=at))


class EntryCode(models.Model):
    """One code of one store in one scene: a 联系我 (adds the manager) or a 加入群聊 (joins a group).

    The row, with its `token`, exists before WeCom is asked; `tried_at` is set before the request leaves, so a row
    that has it and no `config_id` may exist at WeCom unknown to us (`services.making`).
    """

    class Scene(models.TextChoices):
        FITOUT = "fitout", "装修台"
        CHECKOUT = "checkout", "收银台"
        ENQUIRY = "enquiry", "问询"
        STANDEE = "standee", "展架"
        PARCEL = "parcel", "包裹卡"
        PRODUCT = "product", "一物一码"
        ACCOUNT = "account", "公众号"
        LBS = "lbs", "附近门店"

    class Kind(models.TextChoices):
        CONTACT = "contact", "加店长"
        GROUP = "group", "进群"

    class Status(models.TextChoices):
        CREATING = "creating", "生成中"
        LIVE = "live", "可用"
        FAILED = "failed", "未生成"
        LOST = "lost", "结果不明"  # a join way whose answer was lost: WeCom has no list of them
        RETIRED = "retired", "已停用"

    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="entry_codes", verbose_name="门店")
    scene = models.CharField("场景", max_length=16, choices=Scene)
    kind = models.CharField("方式", max_length=8, choices=Kind)
    label = models.CharField("区分", max_length=20, blank=True, default="")  # the product of a 一物一码
    bait = models.CharField("利益点", max_length=32)
    script = models.CharField("话术", max_length=200, blank=True, default="")
    token = models.CharField("标识", max_length=30, unique=True, default=new_token, editable=False)
    userids = models.JSONField("接待成员", default=list)
    chat_ids = models.JSONField("群", default=list)  # those the code leads to now, in order; at most five
    config_id = models.CharField("企微编号", max_length=64, blank=True, default="")
    qr_url = models.URLField("二维码地址", max_length=512, blank=True, default="")
    status = models.CharField("状态", max_length=8, choices=Status, default=Status.CREATING)
    error = models.CharField("原因", max_length=200, blank=True, default="")
    tried_at = models.DateTimeField("请求时间", null=True)
    leased_until = models.DateTimeField("占用到", null=True)
    batch = models.ForeignKey(CodeBatch, on_delete=models.SET_NULL, null=True, related_name="codes")
    created_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="建码人")
    created_at = models.DateTimeField("创建时间")
    # The picture of a group code as WeCom's media, for welcomes; it dies after three days.
    media_id = models.CharField("素材", max_length=256, blank=True, default="")
    media_at = models.DateTimeField("素材上传时间", null=True)
    objects = EntryCodeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "渠道码"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store", "scene", "kind", "label"], condition=~Q(status="retired"),
                name="one_code_per_store_scene_kind_label",
            ),
            models.UniqueConstraint(fields=["config_id"], condition=~Q(config_id=""), name="config_id_of_one_code"),
            models.CheckConstraint(condition=~Q(status="live") | ~Q(config_id=""), name="live_code_has_its_config_id"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["leased_until"], condition=Q(status="creating"), name="entry_code_to_be_made"),
        ]

    def __str__(self) -> str:
        return f"{self.get_scene_display()}·{self.get_kind_display()}{'·' + self.label if self.label else ''}"

    @property
    def is_group(self) -> bool:
        return self.kind == self.Kind.GROUP

    @property
    def is_live(self) -> bool:
        return self.status == self.Status.LIVE


class CodeScan(models.Model):
    """How often the page behind a printed code was opened on a business day."""

    code = models.ForeignKey(EntryCode, on_delete=models.CASCADE, related_name="scans", verbose_name="渠道码")
    day = models.DateField("日期")
    times = models.PositiveIntegerField("次数", default=0)
    last_at = models.DateTimeField("最近一次")

    class Meta:
        verbose_name = verbose_name_plural = "扫码"
        constraints: ClassVar = [models.UniqueConstraint(fields=["code", "day"], name="one_scan_row_per_code_day")]

    def __str__(self) -> str:
        return f"{self.code_id} {self.day} {self.times}"


class CodeAdd(models.Model):
    """One customer who added a member of staff through a code; one row per callback, however often it is worked on."""

    code = models.ForeignKey(EntryCode, on_delete=models.CASCADE, related_name="adds", verbose_name="渠道码")
    event = models.BigIntegerField("回调编号", unique=True)  # no foreign key: events are purged after 30 days
    customer = models.BinaryField("客户键控哈希", max_length=16)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "扫码添加"
        indexes: ClassVar = [models.Index(fields=["code", "at"], name="code_add_by_time")]

    def __str__(self) -> str:
        return f"{self.code_id} {self.at:%Y-%m-%d %H:%M}"


class CodeAlert(models.Model):
    """What is wrong with a code and what mends it.

    A soft finding must be seen twice in a row before it is raised, and be gone twice in a row before it is cleared.
    """

    class Cause(models.TextChoices):
        CONFIG_MISSING = "config_missing", "企微里已没有这个码"
        GROUP_DISSOLVED = "group_dissolved", "群已解散"
        GROUPS_FULL = "groups_full", "群已满"
        FAILED_OVER = "failed_over", "已自动切换"
        OWNER_LEFT = "owner_left", "接待人已离职"
        OWNER_FULL = "owner_full", "接待人客户数将满"
        NO_JOINS = "no_joins", "有人加、没人进群"
        SILENT = "silent", "安静得反常"
        NOT_MADE = "not_made", "没有生成"

    code = models.ForeignKey(EntryCode, on_delete=models.CASCADE, related_name="alerts", verbose_name="渠道码")
    cause = models.CharField("原因", max_length=16, choices=Cause)
    message = models.CharField("说明", max_length=200)
    fix = models.CharField("建议", max_length=200)
    hits = models.PositiveSmallIntegerField("连续发现", default=1)
    misses = models.PositiveSmallIntegerField("连续正常", default=0)
    seen_at = models.DateTimeField("最近一次")
    raised_at = models.DateTimeField("告警时间", null=True)
    cleared_at = models.DateTimeField("解除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "渠道码告警"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "cause"], condition=Q(cleared_at=None), name="one_open_alert_per_code_and_cause"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["-raised_at"], condition=Q(cleared_at=None), name="code_alert_open"),
        ]

    def __str__(self) -> str:
        return self.message
