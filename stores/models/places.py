"""Regions, stores, and the departments of the company as WeCom has them."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

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


class Department(models.Model):
    """A department of the company at WeCom; the people in it work in its store, or in that of the nearest one above.

    Which store it stands for is ours to say: WeCom knows no stores. A department deleted there stays as a row.
    """

    id = models.BigIntegerField("部门编号", primary_key=True)
    # An id only: a child is often heard of before its parent.
    parent_number = models.BigIntegerField("上级部门编号", default=0)
    name = models.CharField("名称", max_length=64, blank=True, default="")
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="departments", verbose_name="门店"
    )
    deleted_at = models.DateTimeField("删除时间", null=True)
    people = models.PositiveIntegerField("人数", null=True)  # directly in it, at the last full reading

    class Meta:
        verbose_name = verbose_name_plural = "部门"
        constraints: ClassVar = [models.UniqueConstraint(fields=["store"], name="one_department_per_store")]

    def __str__(self) -> str:
        return self.name or f"部门 {self.pk}"
