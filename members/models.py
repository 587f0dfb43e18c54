"""Members, the ids they are known by, their consent, their contacts with staff, and their purchases."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q, Value
from django.utils import timezone


class Member(models.Model):
    """One person, however many ids she is known by.

    A member merged into another stays as a row that points to the survivor, so old links still lead somewhere.
    """

    class Gender(models.TextChoices):
        UNKNOWN = "", "未知"
        FEMALE = "f", "女"
        MALE = "m", "男"

    name = models.CharField("姓名", max_length=64, blank=True, db_index=True)
    gender = models.CharField("性别", max_length=1, choices=Gender, blank=True, default="")
    birthday = models.DateField("生日", null=True, blank=True)
    home_store = models.ForeignKey(
        "stores.Store", on_delete=models.PROTECT, null=True, blank=True, related_name="members", verbose_name="归属门店"
    )
    joined_at = models.DateTimeField("入会时间", default=timezone.now)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="absorbed", verbose_name="已合并到"
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(merged_into=models.F("id")), name="member_never_merged_into_self")
        ]
        indexes: ClassVar = [
            # The embedded PostgreSQL has no pg_trgm: a name is found by its characters instead.
            GinIndex(Func("name", Value(""), function="regexp_split_to_array"), name="member_name_characters"),
            models.Index(fields=["home_store", "-joined_at"], name="member_newest_in_store"),
            # HQ's list starts here and stops after a page, whatever the chain's size.
            models.Index(fields=["-joined_at", "-id"], name="member_newest", condition=Q(merged_into=None)),
        ]

    def __str__(self) -> str:
        return self.name or f"会员 {self.pk}"


class Identity(models.Model):
    """One id of a member. The value is encrypted; a keyed hash finds it (see `members.identities`).

    `tail` holds the last four characters that screens show anyway. `issuer` tells ids apart that only mean
    something to one app or corporation (openid, external_userid; `wecom.md` §0.1 fact 10).
    """

    class Kind(models.TextChoices):
        PHONE = "phone", "手机号"
        CARD = "card", "会员卡"
        UNIONID = "unionid", "UnionID"
        OPENID = "openid", "OpenID"
        EXTERNAL_USERID = "external_userid", "企微客户"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="identities", verbose_name="会员")
    kind = models.CharField("类型", max_length=16, choices=Kind)
    issuer = models.CharField("签发方", max_length=64, blank=True)
    value_hash = models.BinaryField("键控哈希", max_length=16)
    value_encrypted = models.BinaryField("密文")
    tail = models.CharField("尾号", max_length=4, blank=True)
    source = models.CharField("来源", max_length=32, blank=True)
    created_at = models.DateTimeField("创建时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "会员标识"
        constraints: ClassVar = [
            # The hash covers kind and issuer, so the hash alone is the key.
            models.UniqueConstraint(fields=["value_hash"], name="identity_belongs_to_one_member")
        ]
        indexes: ClassVar = [models.Index(fields=["tail", "kind"], name="identity_by_tail")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ···{self.tail}"


class MemberMerge(models.Model):
    """Why and when two members became one, and what moved."""

    kept = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="merges", verbose_name="保留")
    absorbed = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="并入")
    reason = models.CharField("原因", max_length=255)
    evidence = models.JSONField("依据", default=dict)
    moved = models.JSONField("移动的数据", default=dict)  # {"identities": 2, "purchases": 31, …}
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "会员合并"
        constraints: ClassVar = [models.UniqueConstraint(fields=["absorbed"], name="member_absorbed_once")]

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.kept_id}"


class MatchReview(models.Model):
    """Two members who may be one person: WeCom's ids say so, or almost. Only a person decides.

    `member` is known by the external_userid, `other` by the unionid or by the phone a colleague noted.
    """

    class Reason(models.TextChoices):
        UNIONID = "unionid", "UnionID 相同"
        PHONE = "phone", "员工备注的手机号相同"

    class State(models.TextChoices):
        OPEN = "open", "待核对"
        MERGED = "merged", "已合并"
        APART = "apart", "不是同一人"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="match_reviews", verbose_name="企微会员")
    other = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="另一会员")
    reason = models.CharField("依据", max_length=8, choices=Reason)
    state = models.CharField("状态", max_length=8, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField("发现时间")
    decided_at = models.DateTimeField("核对时间", null=True)
    decided_by = models.ForeignKey(
        "stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="核对人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "待核对的匹配"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "other"], name="two_members_are_reviewed_once"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None) | ~Q(state="open") & Q(decided_at__isnull=False),
                name="decided_review_says_when",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-opened_at"], condition=Q(state="open"), name="match_review_open")]

    def __str__(self) -> str:
        return f"{self.member_id} ? {self.other_id}"


class Consent(models.Model):
    """One entry of the consent ledger; the newest entry per member and purpose is what holds."""

    class Purpose(models.TextChoices):
        MARKETING = "marketing", "营销消息"
        PROFILING = "profiling", "个性化推荐"
        PHONE = "phone", "电话联系"

    class Decision(models.TextChoices):
        GRANTED = "granted", "同意"
        WITHDRAWN = "withdrawn", "撤回"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="consents", verbose_name="会员")
    purpose = models.CharField("用途", max_length=16, choices=Purpose)
    decision = models.CharField("决定", max_length=16, choices=Decision)
    source = models.CharField("来源", max_length=64)
    text_version = models.CharField("文本版本", max_length=32)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "同意记录"
        indexes: ClassVar = [models.Index(fields=["member", "purpose", "-at"], name="consent_newest")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.get_decision_display()}"


class Contact(models.Model):
    """A member added as a contact by one member of staff (member × staff, as in 企业微信)."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="contacts", verbose_name="会员")
    staff = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="contacts", verbose_name="员工")
    remark = models.CharField("备注", max_length=64, blank=True)
    added_at = models.DateTimeField("添加时间")
    ended_at = models.DateTimeField("解除时间", null=True, blank=True)
    state = models.CharField(
        "渠道标记", max_length=64, blank=True, db_default="", default=""
    )  # of the entry code she came by
    add_way = models.PositiveSmallIntegerField("添加方式", null=True, blank=True)  # WeCom's numbers
    # The ids of the corporate tags (`CustomerTag`) this colleague marked her with.
    tags = ArrayField(models.CharField(max_length=64), verbose_name="企业标签", default=list, db_default=[], blank=True)
    # When she deleted the colleague, as an event told: WeCom may go on listing them, which then says nothing.
    lost_at = models.DateTimeField("客户删除时间", null=True, editable=False)
    # When WeCom was last read about this pair; empty for contacts that did not come from there.
    mirrored_at = models.DateTimeField("企微最近核对", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "联系人"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "staff"], name="one_contact_per_member_staff")
        ]
        indexes: ClassVar = [GinIndex(fields=["tags"], name="contact_by_tag")]

    def __str__(self) -> str:
        return f"{self.member_id} × {self.staff_id}"


class CustomerTag(models.Model):
    """One of the company's tags for customers (企业标签) as WeCom has it; a deleted one stays as a row."""

    id = models.CharField("标签编号", max_length=64, primary_key=True)
    name = models.CharField("标签", max_length=64)
    group_id = models.CharField("标签组编号", max_length=64)
    group_name = models.CharField("标签组", max_length=64)
    position = models.BigIntegerField("次序", default=0)
    group_position = models.BigIntegerField("组次序", default=0)
    deleted_at = models.DateTimeField("删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "企业标签"
        indexes: ClassVar = [models.Index(fields=["group_id"], name="customer_tag_of_group")]

    def __str__(self) -> str:
        return f"{self.group_name}·{self.name}"


class Purchase(models.Model):
    """One line of a receipt: the fact everything above is learnt from. Append-only, partitioned by month.

    `paid_fen` and `quantity` are negative on a return. `quantity` is as the receipt wrote it, in `unit` where it
    named one (kg, 斤, 份), else in the product's own unit. `line` is the receipt's line number, or a hash of the
    line's content where the export has none (`members.purchase_lines.content_lines`).

    The table is created in SQL (migration 0002): PostgreSQL partitions natively and Django does not. References
    carry no database constraint, since three look-ups a row would dominate a bulk import, and nothing but
    `members.services.purchases` and `members.imports` writes here (docs/decisions/0004-purchases.md). The key holds
    `bought_at` because PostgreSQL wants the partition column in it; that a line counts once whatever its time is
    kept by those two.
    """

    pk = models.CompositePrimaryKey("store", "receipt", "line", "source", "bought_at")
    store = models.ForeignKey(
        "stores.Store", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.DO_NOTHING, null=True, related_name="purchases", db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        "stores.Product", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    source = models.CharField("来源", max_length=16)
    receipt = models.CharField("小票号", max_length=64)
    line = models.BigIntegerField("行")
    bought_at = models.DateTimeField("交易时间")
    quantity = models.DecimalField("数量", max_digits=14, decimal_places=4)
    unit = models.CharField("单位", max_length=8, blank=True, default="")
    unit_price_fen = models.BigIntegerField("单价（分）", null=True)
    paid_fen = models.BigIntegerField("实付（分）")
    payment = models.CharField("支付方式", max_length=16, blank=True, default="")
    campaign_id = models.BigIntegerField("活动", null=True)  # an id only: campaigns lie above members
    import_job = models.ForeignKey(
        "stores.ImportJob",
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        verbose_name = verbose_name_plural = "购买记录"
        db_table = "members_purchase"

    def __str__(self) -> str:
        return f"{self.receipt} ¥{self.paid_fen / 100:.2f}"
