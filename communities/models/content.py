"""What may be posted: materials in versions, their pictures, and the rules each post is checked against."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Theme(models.TextChoices):
    OFFER = "offer", "优惠"
    FLASH = "flash", "秒杀"
    TASTE = "taste", "种草"
    KNOWLEDGE = "knowledge", "知识"
    PRAISE = "praise", "好评"
    ANSWER = "answer", "答疑"
    PREVIEW = "preview", "预告"


PROMOTIONS = frozenset({Theme.OFFER, Theme.FLASH, Theme.PREVIEW})  # what the day's share of promotion counts


class Asset(models.Model):
    """One uploaded file, kept once whatever its name. `phash` is a picture's 64-bit perceptual hash, signed."""

    class Kind(models.TextChoices):
        IMAGE = "image", "图片"
        VIDEO = "video", "视频"

    sha256 = models.BinaryField("摘要", max_length=32, unique=True)
    kind = models.CharField("类型", max_length=8, choices=Kind)
    file = models.FileField("文件", upload_to="materials/")
    thumbnail = models.FileField("缩略图", upload_to="materials/", blank=True)
    width = models.PositiveIntegerField("宽", default=0)
    height = models.PositiveIntegerField("高", default=0)
    size = models.PositiveIntegerField("字节")
    phash = models.BigIntegerField("感知哈希", null=True, db_index=True)
    uploaded_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "素材文件"

    def __str__(self) -> str:
        return self.file.name or ""


class Material(models.Model):
    """Something to post. HQ's has no store; what it says lies in its versions, of which the newest counts."""

    name = models.CharField("名称", max_length=64)
    theme = models.CharField("主题", max_length=16, choices=Theme)
    store = models.ForeignKey(
        "stores.Store", on_delete=models.PROTECT, null=True, blank=True, related_name="materials", verbose_name="门店"
    )
    current = models.OneToOneField(
        "MaterialVersion", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="当前版本"
    )
    created_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField("创建时间")
    archived_at = models.DateTimeField("归档时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "素材"
        indexes: ClassVar = [models.Index(fields=["store", "theme"], name="materials_of_a_store")]

    def __str__(self) -> str:
        return self.name


class MaterialVersion(models.Model):
    """One wording of a material; never changed once made, since posts refer to it.

    `text` holds placeholders (`services.content.rendering`). `product` is what it is about; `price_fen` the price it
    claims, empty where the store's own is meant. A card is a link or a mini-program page, never both.
    """

    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="versions", verbose_name="素材")
    number = models.PositiveSmallIntegerField("版本")
    text = models.TextField("文案", blank=True, default="")
    product = models.ForeignKey(
        "stores.Product", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="商品"
    )
    price_fen = models.PositiveIntegerField("价格（分）", null=True, blank=True)
    link_url = models.CharField("链接", max_length=2048, blank=True, default="")
    link_title = models.CharField("链接标题", max_length=128, blank=True, default="")
    link_description = models.CharField("链接描述", max_length=512, blank=True, default="")
    miniprogram_appid = models.CharField("小程序", max_length=64, blank=True, default="")
    miniprogram_page = models.CharField("小程序页面", max_length=512, blank=True, default="")
    expires_on = models.DateField("有效期至", null=True, blank=True)
    made_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间")
    assets = models.ManyToManyField(Asset, through="MaterialAsset", related_name="versions")

    class Meta:
        verbose_name = verbose_name_plural = "素材版本"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["material", "number"], name="versions_of_a_material_are_numbered"),
            models.CheckConstraint(
                condition=Q(link_url="") | Q(miniprogram_appid=""), name="a_material_carries_one_card_at_most"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.material_id} v{self.number}"


class MaterialAsset(models.Model):
    version = models.ForeignKey(MaterialVersion, on_delete=models.CASCADE, related_name="placed")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="placed")
    position = models.PositiveSmallIntegerField("顺序")

    class Meta:
        verbose_name = verbose_name_plural = "素材图片"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "position"], name="one_asset_per_place_of_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.version_id}#{self.position}"


class LintRule(models.Model):
    """How HQ wants one check of `services.content.lint` treated; `limit` counts days, pixels, percent or posts."""

    class Check(models.TextChoices):
        REUSED_IMAGE = "reused_image", "图片近期用过"
        LOW_RESOLUTION = "low_resolution", "图片不清晰"
        NOT_STOCKED = "not_stocked", "本店没有这个商品"
        SOLD_OUT = "sold_out", "本店已售罄"
        UNFILLED = "unfilled", "占位没有内容"
        PRICE_DIFFERS = "price_differs", "价格与本店不符"
        BANNED_WORD = "banned_word", "违禁用语"
        INDUCEMENT = "inducement", "诱导分享"
        DEAD_LINK = "dead_link", "链接打不开"
        EXPIRED = "expired", "内容已过期"
        DAY_LIMIT = "day_limit", "超过每日条数"
        QUIET_HOURS = "quiet_hours", "免打扰时段"
        PROMOTION_SHARE = "promotion_share", "促销占比过高"

    class Severity(models.TextChoices):
        BLOCK = "block", "拦截"
        WARN = "warn", "提醒"
        OFF = "off", "不检查"

    check_name = models.CharField("检查", max_length=24, choices=Check, unique=True)
    severity = models.CharField("处理", max_length=8, choices=Severity)
    limit = models.PositiveIntegerField("限值", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "发布检查"

    def __str__(self) -> str:
        return self.get_check_name_display()


class BannedWord(models.Model):
    """A wording that may not be posted, and why: it induces sharing, or is absolute or banned.

    An `allowed` one is the opposite: a harmless phrase (第一次) that holds a banned word (第一).
    """

    word = models.CharField("词语", max_length=32, unique=True)
    inducement = models.BooleanField("诱导分享", default=False)
    allowed = models.BooleanField("放行", default=False)
    reason = models.CharField("原因", max_length=64, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "违禁词"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(allowed=False) | Q(inducement=False), name="an_allowed_phrase_bans_nothing"
            )
        ]

    def __str__(self) -> str:
        return self.word
