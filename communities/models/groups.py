"""Customer groups as WeCom has them, and the ledger of who came and went."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

CAPACITY = 500  # of a customer group; WeCom names it nowhere in its answers


class CustomerGroupQuerySet(models.QuerySet["CustomerGroup"]):
    def live(self) -> CustomerGroupQuerySet:
        return self.filter(dismissed_at=None)


class CustomerGroup(models.Model):
    """One customer group (客户群). All but kind and capacity is WeCom's word.

    `read_at` is when WeCom was last asked for the whole of it: what was read before then is older than the row.
    """

    class Kind(models.TextChoices):
        DAILY = "daily", "日常"
        FLASH = "flash", "快闪"
        PRECISE = "precise", "精准"
        SUPER = "super", "超级用户"
        COLD = "cold", "泛粉"

    class Handover(models.IntegerChoices):
        NONE = 0, "正常"
        OWNER_LEFT = 1, "待继承"
        UNDER_WAY = 2, "继承中"
        DONE = 3, "已继承"

    chat_id = models.CharField("群编号", max_length=64, unique=True)
    name = models.CharField("群名", max_length=128, blank=True, default="")
    owner_userid = models.CharField("群主企微账号", max_length=64, blank=True, default="")
    owner = models.ForeignKey(
        "stores.Staff",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_groups",
        verbose_name="群主",
    )
    store = models.ForeignKey(
        "stores.Store", on_delete=models.PROTECT, null=True, blank=True, related_name="groups", verbose_name="门店"
    )
    kind = models.CharField("类型", max_length=8, choices=Kind, default=Kind.DAILY)
    capacity = models.PositiveSmallIntegerField("人数上限", default=CAPACITY)
    member_count = models.PositiveIntegerField("人数", default=0)
    member_version = models.CharField("成员版本", max_length=64, blank=True, default="")
    handover = models.PositiveSmallIntegerField("继承状态", choices=Handover, default=Handover.NONE)
    created_at = models.DateTimeField("建群时间", null=True)
    dismissed_at = models.DateTimeField("解散时间", null=True)
    read_at = models.DateTimeField("企微最近核对", null=True)
    objects = CustomerGroupQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "客户群"
        indexes: ClassVar = [
            models.Index(fields=["store", "name"], condition=Q(dismissed_at=None), name="live_group_of_store")
        ]

    def __str__(self) -> str:
        return self.name or f"群 {self.chat_id[-6:]}"

    @property
    def is_full(self) -> bool:
        return self.member_count >= self.capacity


class GroupMembership(models.Model):
    """One stay of one person in one group: how she came, by whom, through which code, and how she went.

    `who` is the keyed hash of her external_userid, or of a colleague's userid (`services.people`): the id itself is
    kept, encrypted, with the member. Scenes are WeCom's numbers; `join_scene` those of groupchat/get.
    """

    class JoinScene(models.IntegerChoices):
        INVITED = 1, "成员邀请"
        LINK = 2, "邀请链接"
        QR = 3, "扫码"

    class QuitScene(models.IntegerChoices):
        LEFT = 0, "自己退群"
        REMOVED = 1, "被移出"

    group = models.ForeignKey(CustomerGroup, on_delete=models.CASCADE, related_name="memberships", verbose_name="群")
    who = models.BinaryField("键控哈希", max_length=16)
    is_staff = models.BooleanField("是员工", default=False)
    member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, null=True, related_name="memberships", verbose_name="会员"
    )
    staff = models.ForeignKey(
        "stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="员工"
    )
    joined_at = models.DateTimeField("入群时间")
    join_scene = models.PositiveSmallIntegerField("入群方式", choices=JoinScene, null=True)
    inviter = models.CharField("邀请人", max_length=64, blank=True, default="")
    state = models.CharField("渠道标记", max_length=64, blank=True, default="")  # of the entry code
    left_at = models.DateTimeField("退群时间", null=True)
    quit_scene = models.PositiveSmallIntegerField("退群方式", choices=QuitScene, null=True)

    class Meta:
        verbose_name = verbose_name_plural = "群成员记录"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "who"], condition=Q(left_at=None), name="one_live_stay_per_group_and_person"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("joined_at")), name="nobody_leaves_before_joining"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["group", "joined_at"], name="group_joins_by_time"),
            models.Index(fields=["group", "left_at"], condition=Q(left_at__isnull=False), name="group_quits_by_time"),
            models.Index(
                fields=["who"], condition=Q(member=None, is_staff=False, left_at=None), name="live_stay_of_a_stranger"
            ),
            models.Index(fields=["state", "joined_at"], condition=~Q(state=""), name="group_joins_by_code"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.joined_at:%Y-%m-%d}"
