"""Staff (the user model), what they did that must be answered for, and the keys of other systems."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin, UserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone

from stores.models.places import Region, Store


class Staff(AbstractBaseUser, PermissionsMixin):
    """A person who works for the chain, and the user who logs in."""

    class Role(models.TextChoices):
        HQ = "hq", "总部"
        REGION_LEAD = "region_lead", "区域"
        MANAGER = "manager", "店长"
        GUIDE = "guide", "导购"

    username = models.CharField(
        "账号", max_length=64, unique=True, validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "这个账号已经有人用了"},
    )  # fmt: skip
    name = models.CharField("姓名", max_length=32)
    role = models.CharField("角色", max_length=16, choices=Role)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="staff", verbose_name="门店"
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="leads", verbose_name="负责区域"
    )
    is_active = models.BooleanField("在职", default=True)
    is_staff = models.BooleanField("可进后台", default=False)
    joined_at = models.DateTimeField("加入时间", default=timezone.now, editable=False)
    # WeCom's userid in lower case (it does not tell cases apart); empty for people who are not in WeCom.
    wecom_userid = models.CharField("企微账号", max_length=64, blank=True, db_default="", default="")
    wecom_seen_at = models.DateTimeField("企微最近核对", null=True, editable=False)
    # Set while it was WeCom that ended the employment: only then may WeCom bring the person back.
    wecom_left_at = models.DateTimeField("企微离职", null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar = ["name", "role"]

    class Meta:
        verbose_name = verbose_name_plural = "员工"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(role="hq", store__isnull=True, region__isnull=True)
                | Q(role="region_lead", store__isnull=True, region__isnull=False)
                | Q(role__in=["manager", "guide"], store__isnull=False, region__isnull=True),
                name="staff_place_fits_role",
            ),
            models.UniqueConstraint(
                fields=["wecom_userid"], condition=~Q(wecom_userid=""), name="wecom_userid_belongs_to_one_person"
            ),
        ]
        # Whether a name is taken is asked without regard to case, of each newcomer of a large company.
        indexes: ClassVar = [models.Index(Upper("username"), name="staff_by_username_any_case")]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_hq(self) -> bool:
        """Whether this person sees the whole chain."""
        return self.role == self.Role.HQ


class AuditEntry(models.Model):
    """Who exported, revealed, merged or changed what; written by `stores.services.audit`, never updated."""

    actor = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人")
    action = models.CharField("动作", max_length=64, db_index=True)
    target = models.CharField("对象", max_length=128, blank=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="门店")
    detail = models.JSONField("详情", default=dict)
    address = models.GenericIPAddressField("来源地址", null=True)
    at = models.DateTimeField("时间", default=timezone.now, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


class ApiToken(models.Model):
    """Another system's key: it sees what its member of staff sees. Of the secret only the SHA-256 is kept."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="api_tokens", verbose_name="员工")
    name = models.CharField("用途", max_length=64)
    digest = models.BinaryField("摘要", max_length=32, unique=True)
    scopes = models.JSONField("权限", default=list)
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("到期时间")
    last_used_at = models.DateTimeField("最近使用", null=True)  # to ten minutes
    revoked_at = models.DateTimeField("吊销时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "接口令牌"

    def __str__(self) -> str:
        return self.name
