"""The cadence as HQ plans it: slots and their hours, the weekly grid in versions, the calendar, a store's own posts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from communities.models.content import Material, Theme
from communities.models.groups import CustomerGroup
from stores.models import Store


class Slot(models.Model):
    """One of the day's fixed hours. `number` orders and names it everywhere; the hour may differ by region."""

    number = models.PositiveSmallIntegerField("序号", primary_key=True)
    name = models.CharField("名称", max_length=16)
    at = models.TimeField("时间")  # Asia/Shanghai
    grace_minutes = models.PositiveSmallIntegerField("宽限分钟", default=60)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "时段"

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.name}"


class SlotHour(models.Model):
    """A region's own hour of a slot; it holds for the regions below, unless they have theirs."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="hours", verbose_name="时段")
    region = models.ForeignKey("stores.Region", on_delete=models.CASCADE, related_name="+", verbose_name="区域")
    at = models.TimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "区域时段"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slot", "region"], name="one_hour_per_slot_and_region")
        ]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.at:%H:%M}"


class CalendarDay(models.Model):
    """A day that does not go by its weekday: a holiday, a make-up workday, a flash day.

    `as_weekday` (0 Monday … 6 Sunday) says whose cells it uses, without one its own. A silent day posts nothing.
    """

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "节假日"
        MAKEUP = "makeup", "调休上班"
        FLASH = "flash", "快闪日"

    day = models.DateField("日期", unique=True)
    kind = models.CharField("类型", max_length=8, choices=Kind)
    name = models.CharField("名称", max_length=32)
    as_weekday = models.PositiveSmallIntegerField("按星期", null=True, blank=True)
    is_silent = models.BooleanField("不发布", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "日历"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(as_weekday=None) | Q(as_weekday__lte=6), name="a_week_has_seven_days")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class PlanVersion(models.Model):
    """The whole grid at one time. One draft at most is being worked on; the newest published from a day on counts.

    `reverts` names the version whose cells this one brought back.
    """

    number = models.PositiveIntegerField("版本", unique=True)
    note = models.CharField("说明", max_length=200, blank=True, default="")
    made_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("创建时间")
    published_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField("发布时间", null=True)
    valid_from = models.DateField("生效日期", null=True)
    reverts = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "周计划"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(published_at=None, valid_from=None)
                | Q(published_at__isnull=False, valid_from__isnull=False),
                name="a_published_plan_has_its_first_day",
            ),
            models.UniqueConstraint(
                fields=["published_at"],
                condition=Q(published_at=None),
                nulls_distinct=False,
                name="one_draft_of_the_plan",
            ),
        ]

    def __str__(self) -> str:
        return f"计划 v{self.number}"


class PlanCell(models.Model):
    """What one slot of one day says, and for whom. The most specific cell that fits a group counts.

    The day is a weekday, a date (overrides the weekday) or a number of days before the store opens (M1; overrides
    both). All scopes given must hold; more specific is: a list of stores, then the group kind, then the stage, then
    the deeper region; then the later row.
    """

    class Wish(models.TextChoices):
        AUTO = "auto", "自动"
        GROUP_SEND = "group_send", "企业群发"
        ASSISTED = "assisted", "协助发送"

    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="cells", verbose_name="计划")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    weekday = models.PositiveSmallIntegerField("星期", null=True, blank=True)  # 0 Monday … 6 Sunday
    day = models.DateField("日期", null=True, blank=True)
    days_to_opening = models.PositiveSmallIntegerField("距开业天数", null=True, blank=True)
    theme = models.CharField("主题", max_length=16, choices=Theme)
    wish = models.CharField("发送方式", max_length=16, choices=Wish, default=Wish.AUTO)
    must_do = models.BooleanField("必做", default=True)
    region = models.ForeignKey("stores.Region", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    stage = models.CharField("门店阶段", max_length=16, choices=Store.Stage, blank=True, default="")
    group_kind = models.CharField("群类型", max_length=8, choices=CustomerGroup.Kind, blank=True, default="")
    for_listed_stores = models.BooleanField("指定门店", default=False)
    stores = models.ManyToManyField(Store, blank=True, related_name="+")
    materials: models.ManyToManyField[Material, CellMaterial] = models.ManyToManyField(
        "Material", through="CellMaterial", related_name="cells"
    )

    class Meta:
        verbose_name = verbose_name_plural = "计划格"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(weekday__isnull=False, day=None, days_to_opening=None)
                | Q(weekday=None, day__isnull=False, days_to_opening=None)
                | Q(weekday=None, day=None, days_to_opening__isnull=False),
                name="a_cell_has_one_kind_of_day",
            ),
            models.CheckConstraint(condition=Q(weekday=None) | Q(weekday__lte=6), name="a_cell_lies_in_the_week"),
        ]
        indexes: ClassVar = [models.Index(fields=["version", "slot"], name="cells_of_a_plan")]

    def __str__(self) -> str:
        return f"{self.version_id}/{self.slot_id}"


class CellMaterial(models.Model):
    """A material in a cell's rotation: the posts of following days take them in turn."""

    cell = models.ForeignKey(PlanCell, on_delete=models.CASCADE, related_name="rotation")
    material = models.ForeignKey("Material", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField("顺序")

    class Meta:
        verbose_name = verbose_name_plural = "计划素材"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cell", "position"], name="one_material_per_place_of_a_cell")
        ]

    def __str__(self) -> str:
        return f"{self.cell_id}#{self.position}"


class StorePost(models.Model):
    """A store's own post in a slot of one day, in place of a may-do one or where nothing was planned.

    It goes to every group of the store, or to `group` alone.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="own_posts", verbose_name="门店")
    group = models.ForeignKey(CustomerGroup, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    day = models.DateField("日期")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+", verbose_name="时段")
    material = models.ForeignKey("Material", on_delete=models.PROTECT, related_name="+", verbose_name="素材")
    wish = models.CharField("发送方式", max_length=16, choices=PlanCell.Wish, default=PlanCell.Wish.ASSISTED)
    made_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "门店自发"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store", "group", "day", "slot"], nulls_distinct=False, name="one_own_post_per_store_day_slot"
            )
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day}"
