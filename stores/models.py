"""Regions, stores, staff (the user model), products, and what each store asks and holds for them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin, UserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Region(models.Model):
    """A node of the sales organisation: 大区, 省区, 城市. A region lead sees every store below a node."""

    code = models.CharField("编码", max_length=32, unique=True)
    name = models.CharField("名称", max_length=64)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    # "HD/ZJ/HZ/": the codes from the root down, so that a subtree is one indexed prefix.
    path = models.CharField("路径", max_length=255, unique=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "区域"

    def __str__(self) -> str:
        return self.name


class Store(models.Model):
    """One shop and its neighbourhood; nearly every other row hangs on one."""

    class Stage(models.TextChoices):
        FITOUT = "fitout", "装修"
        OPENING = "opening", "开业"
        RUNNING = "running", "正常"
        SUSPENDED = "suspended", "停业"

    class CityTier(models.IntegerChoices):
        TIER1 = 1, "一线"
        NEW_TIER1 = 2, "新一线"
        TIER2 = 3, "二线"
        TIER3 = 4, "三线"
        TIER4 = 5, "四线及以下"

    code = models.CharField("门店编码", max_length=32, unique=True)
    name = models.CharField("门店名称", max_length=64, db_index=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="stores", verbose_name="区域")
    city = models.CharField("城市", max_length=32, blank=True, db_index=True)
    city_tier = models.PositiveSmallIntegerField("城市等级", choices=CityTier, default=CityTier.TIER3)
    address = models.CharField("地址", max_length=255, blank=True)
    latitude = models.DecimalField(
        "纬度", max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(Decimal(-90)), MaxValueValidator(Decimal(90))],
    )  # fmt: skip
    longitude = models.DecimalField(
        "经度", max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(Decimal(-180)), MaxValueValidator(Decimal(180))],
    )  # fmt: skip
    phone = models.CharField("门店电话", max_length=32, blank=True)
    stage = models.CharField("阶段", max_length=16, choices=Stage, default=Stage.RUNNING, db_index=True)
    fitout_on = models.DateField("装修开始", null=True, blank=True)
    opened_on = models.DateField("开业日期", null=True, blank=True)
    running_on = models.DateField("转正常日期", null=True, blank=True)
    suspended_on = models.DateField("停业日期", null=True, blank=True)
    created_at = models.DateTimeField("创建时间", default=timezone.now, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "门店"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="store_position_is_whole_and_on_earth",
            ),
            models.CheckConstraint(
                condition=~Q(stage="suspended") | Q(suspended_on__isnull=False), name="suspended_store_has_its_date"
            ),
            models.CheckConstraint(
                condition=Q(fitout_on__isnull=True) | Q(opened_on__isnull=True) | Q(opened_on__gte=F("fitout_on")),
                name="store_opens_after_fitout_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name


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
            )
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_hq(self) -> bool:
        """Whether this person sees the whole chain."""
        return self.role == self.Role.HQ


class Product(models.Model):
    """An article of the chain's catalogue; its price and stock follow the store."""

    class Unit(models.TextChoices):
        JIN = "jin", "按斤"  # 1 斤 = 500 g
        PORTION = "portion", "按份"
        PIECE = "piece", "按个"

    code = models.CharField("商品编码", max_length=32, unique=True)
    name = models.CharField("商品名称", max_length=128, db_index=True)
    category = models.CharField("品类", max_length=32, blank=True, db_index=True)
    variety = models.CharField("品种", max_length=64, blank=True)
    unit = models.CharField("单位", max_length=8, choices=Unit, default=Unit.PORTION)
    picture = models.ImageField("图片", upload_to="products/", blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "商品"

    def __str__(self) -> str:
        return self.name


class StoreProduct(models.Model):
    """What one store asks for a product and how much of it lies there.

    `price_fen` is per 斤, 份 or 个; `stock` is in grams for 按斤, in whole units otherwise.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="shelf", verbose_name="门店")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="shelves", verbose_name="商品")
    price_fen = models.PositiveIntegerField("价格（分）")
    stock = models.IntegerField("库存", default=0)
    on_sale = models.BooleanField("在售", default=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "门店商品"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "product"], name="one_price_per_store_product"),
            models.CheckConstraint(condition=Q(stock__gte=0), name="store_stock_never_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id}/{self.product_id}"


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


class ImportJob(models.Model):
    """One uploaded or commanded file on its way in: applied wholly or not at all.

    `report` has the exact keys of the import report. While the import runs, how far it is lies in the cache
    (`stores.services.imports.progress_of`): one transaction holds the whole import, so no row can tell.
    """

    class Kind(models.TextChoices):
        PURCHASES = "purchases", "销售流水"
        PRODUCTS = "products", "商品"
        STORES = "stores", "门店"

    class State(models.TextChoices):
        UPLOADED = "uploaded", "待确认"
        QUEUED = "queued", "排队中"
        RUNNING = "running", "导入中"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"

    kind = models.CharField("类型", max_length=16, choices=Kind)
    state = models.CharField("状态", max_length=16, choices=State, default=State.UPLOADED)
    file = models.FileField("文件", upload_to="imports/%Y%m/", blank=True)
    # A file of the command line is read where it lies: five million rows need no second copy.
    local_path = models.CharField("本机路径", max_length=4096, blank=True)
    filename = models.CharField("文件名", max_length=255)
    size = models.PositiveBigIntegerField("大小（字节）", default=0)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_by = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    mapping = models.JSONField("列对应", default=dict)  # {field: column index}
    options = models.JSONField("选项", default=dict)
    rows_read = models.PositiveBigIntegerField("已读行数", default=0)
    rows_expected = models.PositiveBigIntegerField("预计行数", default=0)
    report = models.JSONField("报告", default=dict)
    error = models.TextField("错误", blank=True)
    rejected_file = models.FileField("未导入的行", upload_to="imports/%Y%m/", blank=True)
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    queued_at = models.DateTimeField("排队时间", null=True, blank=True)
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入任务"
        indexes: ClassVar = [models.Index(fields=["-created_at"], name="import_job_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.filename}"

    @property
    def path(self) -> Path:
        """Where the file to read lies on this machine."""
        return Path(self.file.path) if self.file else Path(self.local_path)


class SheetMapping(models.Model):
    """How a store's export names its columns, remembered from the last import corrected by hand."""

    kind = models.CharField("类型", max_length=16, choices=ImportJob.Kind)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, null=True, related_name="+", verbose_name="门店")
    header_key = models.CharField("表头指纹", max_length=64)  # sha256 of the normalised header names
    mapping = models.JSONField("列对应", default=dict)
    options = models.JSONField("选项", default=dict)
    saved_at = models.DateTimeField("保存时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "列对应"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "store", "header_key"], nulls_distinct=False, name="one_mapping_per_store_and_header"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.header_key[:8]}"


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
