"""What products taste like, what members like, and what the recommender makes of both."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

AXIS_LIMIT = 10  # every axis runs from 0 to this


class TasteAxis(models.Model):
    """One thing a product can be more or less of. Axes are rows, so that a trade other than fruit brings its own."""

    key = models.SlugField("代号", max_length=16, unique=True)
    name = models.CharField("名称", max_length=8, unique=True)
    liked = models.CharField("偏好时的说法", max_length=16)  # 偏甜
    disliked = models.CharField("不爱时的说法", max_length=16)  # 不爱甜
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "口味轴"

    def __str__(self) -> str:
        return self.name


class TasteReading(models.Model):
    """Somebody said how a product tastes on one axis. Append-only: the newest reading of an axis holds.

    A reading of the variety holds until the next; one of a `batch` stands before it on the days it is valid.
    An empty value takes the earlier ones back.
    """

    class Source(models.TextChoices):
        MEASURED = "measured", "实测"
        EXPERT = "expert", "专家"
        LEARNT = "learnt", "学习"

    product = models.ForeignKey(
        "stores.Product", on_delete=models.CASCADE, related_name="taste_readings", verbose_name="商品"
    )
    axis = models.ForeignKey(TasteAxis, on_delete=models.PROTECT, related_name="readings", verbose_name="口味轴")
    value = models.DecimalField(
        "分值", max_digits=3, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(AXIS_LIMIT))],
    )  # fmt: skip
    source = models.CharField("来源", max_length=8, choices=Source)
    batch = models.CharField("批次", max_length=32, blank=True, default="")
    valid_from = models.DateField("批次起", null=True, blank=True)
    valid_until = models.DateField("批次止", null=True, blank=True)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="谁填的")
    at = models.DateTimeField("填写时间")

    class Meta:
        verbose_name = verbose_name_plural = "口味记录"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__range=(0, AXIS_LIMIT)), name="taste_lies_between_0_and_10"
            ),
            models.CheckConstraint(
                condition=Q(batch="", valid_from=None, valid_until=None)
                | ~Q(batch="") & Q(valid_from__isnull=False, valid_until__gte=F("valid_from")),
                name="batch_taste_says_when_it_holds",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["product", "axis", "-at"], name="taste_reading_newest")]

    def __str__(self) -> str:
        return f"{self.axis_id} {self.value}"


class RecommenderModel(models.Model):
    """What one night learnt from everybody: the axes as members' tastes are laid out on them, and the weights.

    `weights` holds, by task, the weight of each signal; `figures` what was learnt from and how well it did.
    """

    as_of = models.DateField("截至")
    learnt_at = models.DateTimeField("学习时间")
    axes = ArrayField(models.CharField(max_length=16), verbose_name="口味轴")
    mean = ArrayField(models.FloatField(), verbose_name="平均")
    spread = ArrayField(models.FloatField(), verbose_name="离散")
    weights = models.JSONField("权重")  # {"new": {"season": 0.95, …}, "repeat": {…}}
    figures = models.JSONField("学习情况", default=dict)
    # Product id → a value per axis, null where somebody said how it tastes: what its likes let expect.
    estimates = models.JSONField("估计的口味", default=dict)
    state = models.BinaryField("数组")  # `tagging.services.learning.Brain`, so that every shard reads one crowd

    class Meta:
        verbose_name = verbose_name_plural = "推荐模型"
        indexes: ClassVar = [models.Index(fields=["-learnt_at"], name="recommender_model_newest")]

    def __str__(self) -> str:
        return f"{self.as_of}"


class MemberTaste(models.Model):
    """What a member likes, one number per axis of `model`. Millions of rows: arrays, small integers, no constraints.

    `leaning` and `certainty` are hundredths: how far she leans, in standard deviations of what is usually bought
    (shrunk where evidence is thin), and how sure that is (0 to 100). `evidence` counts the purchases it rests on.
    """

    member = models.OneToOneField(
        "members.Member", on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="taste"
    )
    store = models.ForeignKey(
        "stores.Store", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name="归属门店"
    )
    model = models.ForeignKey(
        RecommenderModel, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    leaning = ArrayField(models.SmallIntegerField(), verbose_name="偏好")
    certainty = ArrayField(models.SmallIntegerField(), verbose_name="把握")
    evidence = models.PositiveIntegerField("依据的购买次数")
    # Her own side of the price, kept apart from taste: fen for one line, and how much of it was bought cheap.
    usual_fen = models.PositiveIntegerField("常买价位（分）", default=0)
    bargain_percent = models.PositiveSmallIntegerField("买便宜货的比例", default=0)
    last_bought_on = models.DateField("最近购买")
    computed_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = verbose_name_plural = "会员口味"

    def __str__(self) -> str:
        return f"{self.member_id}"


class Recommendation(models.Model):
    """What to offer a member next: for each task, products with the best first. One row per member, not per rank.

    Scores are logarithmic: two products a unit apart differ e-fold in how likely she is to take them. `due_on` says
    for each repeat when her own interval runs out (days since 1970).
    """

    member = models.OneToOneField(
        "members.Member", on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False,
        related_name="recommendation",
    )  # fmt: skip
    store = models.ForeignKey("stores.Store", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    model = models.ForeignKey(
        RecommenderModel, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    as_of = models.DateField("截至")
    new_products = ArrayField(models.IntegerField(), verbose_name="新品", default=list)
    new_scores = ArrayField(models.FloatField(), verbose_name="新品得分", default=list)
    repeat_products = ArrayField(models.IntegerField(), verbose_name="复购", default=list)
    repeat_scores = ArrayField(models.FloatField(), verbose_name="复购得分", default=list)
    due_on = ArrayField(models.IntegerField(), verbose_name="该补货的日子", default=list)
    computed_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = verbose_name_plural = "会员推荐"

    def __str__(self) -> str:
        return f"{self.member_id}"
