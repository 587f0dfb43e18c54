"""A slot as it is worked: one post per group, day and slot; the group-sends that carry some; what proves each."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from communities.models.groups import CustomerGroup
from communities.models.plan import PlanCell, Slot, StorePost


class Broadcast(models.Model):
    """One 企业群发 task: one owner, one content, all his groups of a slot, one tap.

    `attempted_at` is set before the request leaves, so a row that has it and no `msgid` may exist at WeCom unknown to
    us: it is looked for in WeCom's list before it is made again. WeCom keeps three reminders a day per task.
    """

    class State(models.TextChoices):
        PENDING = "pending", "待创建"
        CREATED = "created", "待群主确认"
        DONE = "done", "已结束"
        REFUSED = "refused", "未创建"
        CANCELLED = "cancelled", "已取消"

    day = models.DateField("日期")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    owner_userid = models.CharField("群主企微账号", max_length=64)
    content = models.ForeignKey("PostContent", on_delete=models.PROTECT, related_name="+", verbose_name="内容")
    part = models.PositiveSmallIntegerField("批次", default=0)  # of at most 2,000 groups
    state = models.CharField("状态", max_length=16, choices=State, default=State.PENDING)
    msgid = models.CharField("企微编号", max_length=128, blank=True, default="")
    attempted_at = models.DateTimeField("请求时间", null=True)
    created_at = models.DateTimeField("创建时间", null=True)
    leased_until = models.DateTimeField("占用至", null=True)
    next_poll_at = models.DateTimeField("下次查询", null=True)
    polls = models.PositiveSmallIntegerField("查询次数", default=0)
    reminders = models.PositiveSmallIntegerField("提醒次数", default=0)
    error = models.CharField("原因", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "企业群发"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "slot", "owner_userid", "content", "part"], name="one_group_send_per_owner_and_content"
            ),
            models.UniqueConstraint(fields=["msgid"], condition=~Q(msgid=""), name="a_msgid_belongs_to_one_group_send"),
            models.CheckConstraint(
                condition=~Q(state__in=["created", "done"]) | ~Q(msgid=""), name="a_group_send_made_has_its_msgid"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_poll_at"], condition=Q(next_poll_at__isnull=False), name="group_sends_to_poll"),
            models.Index(fields=["day", "slot"], condition=Q(state="pending"), name="group_sends_to_make"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.slot_id} {self.owner_userid}"


class PostContent(models.Model):
    """A material as one store sends it on one day: placeholders filled, frozen at the slot's release.

    `attachments` are ours, not WeCom's: {"asset": id} for a file, {"url", "title", "description"} for a link,
    {"appid", "page", "title"} for a mini-program page. Media go up anew before each send, since they expire.
    """

    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    version = models.ForeignKey("MaterialVersion", on_delete=models.PROTECT, related_name="+", verbose_name="素材版本")
    day = models.DateField("日期")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    text = models.TextField("文案", blank=True, default="")
    attachments = models.JSONField("附件", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "发送内容"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "version", "day", "slot"], name="one_wording_per_store_and_slot")
        ]

    def __str__(self) -> str:
        return self.text[:20]


class PostTask(models.Model):
    """What one group is to get in one slot of one day, and what became of it.

    planned → released → sent, failed, skipped or missed; blocked where a check forbids it, withdrawn where the plan no
    longer wants it. `due_at` is the slot's hour in this store; `release_at` lies before it, with jitter; after
    `closes_at` (the hour plus grace) it is missed. `evidence` is the best kind there is; all of it lies in
    `PostEvidence`. Failed, skipped and missed rows stay: the history is the point.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "待发布"
        BLOCKED = "blocked", "已拦截"
        RELEASED = "released", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"
        SKIPPED = "skipped", "已跳过"
        MISSED = "missed", "已错过"
        WITHDRAWN = "withdrawn", "已撤回"

    class Channel(models.TextChoices):
        UNDECIDED = "", "未定"
        GROUP_SEND = "group_send", "企业群发"
        ASSISTED = "assisted", "协助发送"

    class Evidence(models.IntegerChoices):
        NONE = 0, "无"
        SELF_DECLARED = 1, "店长自报"
        CLIENT_CALLBACK = 2, "客户端回执"
        API_VERIFIED = 3, "企微核实"

    class SkipReason(models.TextChoices):
        OUT_OF_STOCK = "out_of_stock", "缺货"
        NOT_ARRIVED = "not_arrived", "未到货"
        SHORT_HANDED = "short_handed", "人手不足"
        UNSUITABLE = "unsuitable", "内容不合适"
        OTHER = "other", "其他"

    class MissReason(models.TextChoices):
        NOT_SENT = "not_sent", "到点未发"
        NOT_RELEASED = "not_released", "系统未按时发布"

    group = models.ForeignKey(CustomerGroup, on_delete=models.PROTECT, related_name="posts", verbose_name="群")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="posts", verbose_name="门店")
    day = models.DateField("日期")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    cell = models.ForeignKey(PlanCell, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="计划格")
    own_post = models.ForeignKey(StorePost, on_delete=models.SET_NULL, null=True, related_name="+")
    version = models.ForeignKey("MaterialVersion", on_delete=models.PROTECT, related_name="+", verbose_name="素材版本")
    must_do = models.BooleanField("必做", default=True)
    wish = models.CharField("希望方式", max_length=16, choices=PlanCell.Wish, default=PlanCell.Wish.AUTO)
    owner_userid = models.CharField("群主企微账号", max_length=64, blank=True, default="")
    due_at = models.DateTimeField("时段时间")
    release_at = models.DateTimeField("发布时间")
    closes_at = models.DateTimeField("截止时间")
    state = models.CharField("状态", max_length=16, choices=State, default=State.PLANNED)
    channel = models.CharField("方式", max_length=16, choices=Channel, blank=True, default=Channel.UNDECIDED)
    channel_reason = models.CharField("方式原因", max_length=100, blank=True, default="")
    findings = models.JSONField("检查结果", default=list)  # [{"check", "severity", "message"}]
    content = models.ForeignKey(PostContent, on_delete=models.PROTECT, null=True, related_name="+")
    broadcast = models.ForeignKey(Broadcast, on_delete=models.SET_NULL, null=True, related_name="tasks")
    evidence = models.PositiveSmallIntegerField("凭证", choices=Evidence, default=Evidence.NONE)
    released_at = models.DateTimeField("实际发布", null=True)
    done_at = models.DateTimeField("完成时间", null=True)
    done_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    skip_reason = models.CharField("跳过原因", max_length=16, choices=SkipReason, blank=True, default="")
    skip_note = models.CharField("跳过说明", max_length=100, blank=True, default="")
    miss_reason = models.CharField("错过原因", max_length=16, choices=MissReason, blank=True, default="")
    failure = models.CharField("失败原因", max_length=100, blank=True, default="")  # WeCom's own

    class Meta:
        verbose_name = verbose_name_plural = "群发任务"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "day", "slot"], name="one_post_per_group_day_slot"),
            models.CheckConstraint(
                condition=~Q(state="skipped") | (~Q(skip_reason="") & (~Q(skip_reason="other") | ~Q(skip_note=""))),
                name="a_skip_says_why",
            ),
            models.CheckConstraint(condition=~Q(state="missed") | ~Q(miss_reason=""), name="a_miss_says_why"),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure=""), name="a_failure_says_why"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(evidence__gt=0, done_at__isnull=False), name="a_post_sent_has_evidence"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["released", "sent", "failed"])
                | Q(released_at__isnull=False, content__isnull=False) & ~Q(channel=""),
                name="a_post_released_has_channel_and_content",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store", "day", "slot"], name="posts_of_a_store_and_day"),
            models.Index(fields=["day", "slot", "state"], name="posts_of_a_slot"),
            models.Index(fields=["release_at"], condition=Q(state="planned"), name="posts_to_release"),
            models.Index(fields=["closes_at"], condition=Q(state__in=["planned", "released"]), name="posts_to_close"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.day} {self.slot_id}"


class PostEvidence(models.Model):
    """One word on one post, of one kind: WeCom's, the client's, or the manager's. Kinds are never merged."""

    task = models.ForeignKey(PostTask, on_delete=models.CASCADE, related_name="proofs", verbose_name="任务")
    level = models.PositiveSmallIntegerField("凭证", choices=PostTask.Evidence)
    at = models.DateTimeField("时间")
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    detail = models.JSONField("详情", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "发送凭证"
        constraints: ClassVar = [models.UniqueConstraint(fields=["task", "level"], name="one_proof_of_each_kind")]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.get_level_display()}"
