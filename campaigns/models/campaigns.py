"""What is offered: campaigns, their items, and what each store has of them."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q


def new_token() -> str:
    """An unguessable public name: 22 characters, safe in an address."""
    return secrets.token_urlsafe(16)


class Campaign(models.Model):
    """One 接龙, 1元购 or 拼团, or the template HQ publishes for stores to open their own from.

    draft → (awaiting) → scheduled → live ⇄ paused → ended → settled. What members see and pay is frozen with the
    first claim (`frozen_at`). `killed_at` is the kill switch: nothing is claimed or posted any more, within a minute.
    Scope: one store, a list, a region with those below, or all; the stores themselves are the rows of `ItemStock`.
    """

    class Play(models.TextChoices):
        CHAIN = "chain", "接龙"
        ONE_YUAN = "one_yuan", "1元购"
        GROUP_BUY = "group_buy", "拼团"

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        AWAITING = "awaiting", "待审核"
        SCHEDULED = "scheduled", "待开始"
        LIVE = "live", "进行中"
        PAUSED = "paused", "已暂停"
        ENDED = "ended", "已结束"
        SETTLED = "settled", "已结算"

    class Scope(models.TextChoices):
        STORE = "store", "单店"
        LIST = "list", "指定门店"
        REGION = "region", "区域"
        ALL = "all", "全部门店"

    class Audience(models.TextChoices):
        EVERYONE = "everyone", "所有人"
        NEWCOMERS = "newcomers", "新会员"  # nobody with a completed order

    class Settling(models.TextChoices):
        ONLINE = "online", "在线支付"
        SHOP = "shop", "到店付款"
        EITHER = "either", "都可以"

    token = models.CharField("标识", max_length=32, unique=True, default=new_token, editable=False)
    play = models.CharField("玩法", max_length=16, choices=Play)
    title = models.CharField("标题", max_length=40)
    rules = models.TextField("规则说明", blank=True, default="")  # as shown to members
    photo = models.ImageField("图片", upload_to="campaigns/", blank=True)
    is_template = models.BooleanField("是模板", default=False)
    template = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="opened")
    rerun_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reruns")
    scope = models.CharField("范围", max_length=8, choices=Scope, default=Scope.STORE)
    store = models.ForeignKey(
        "stores.Store", on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns", verbose_name="门店"
    )
    region = models.ForeignKey("stores.Region", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    groups = models.ManyToManyField("communities.CustomerGroup", blank=True, related_name="+")  # none means all
    audience = models.CharField("对象", max_length=16, choices=Audience, default=Audience.EVERYONE)
    settling = models.CharField("付款", max_length=8, choices=Settling, default=Settling.EITHER)
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("截单")
    pickup_from = models.DateTimeField("自提开始", null=True, blank=True)
    pickup_until = models.DateTimeField("自提截止", null=True, blank=True)
    delivers = models.BooleanField("可配送", default=False)
    hold_minutes = models.PositiveSmallIntegerField("保留分钟", default=15)  # a reservation unpaid lapses after these
    budget_fen = models.PositiveBigIntegerField("预算（分）", null=True, blank=True)
    spent_fen = models.PositiveBigIntegerField("已用预算（分）", default=0)
    state = models.CharField("状态", max_length=16, choices=State, default=State.DRAFT)
    needs_approval = models.BooleanField("需审核", default=False)
    approved_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField("审核时间", null=True)
    made_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("创建时间")
    frozen_at = models.DateTimeField("锁定时间", null=True)
    killed_at = models.DateTimeField("紧急停止", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "活动"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_campaign_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(budget_fen=None) | Q(spent_fen__lte=F("budget_fen")), name="a_campaign_keeps_its_budget"
            ),
            models.CheckConstraint(
                condition=Q(scope="store", store__isnull=False, region=None)
                | Q(scope="region", store=None, region__isnull=False)
                | Q(scope__in=["list", "all"], store=None, region=None)
                | Q(is_template=True, store=None),
                name="a_campaign_has_the_place_of_its_scope",
            ),
            models.CheckConstraint(
                condition=Q(pickup_until=None) | Q(pickup_from=None) | Q(pickup_until__gt=F("pickup_from")),
                name="pickup_ends_after_it_begins",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store", "state"], name="campaigns_of_a_store"),
            models.Index(fields=["state", "starts_at"], name="campaigns_by_start"),
        ]

    def __str__(self) -> str:
        return self.title


class CampaignItem(models.Model):
    """One thing to choose. `list_price_fen` is the struck-through price, law wants it real (wecom.md §8.4).

    `by_piece` goods are sold by single pieces (`ChainUnit`), each with its own weight and price.
    """

    class Part(models.TextChoices):
        OFFER = "offer", "活动商品"
        ADD_ON = "add_on", "加购商品"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="items", verbose_name="活动")
    product = models.ForeignKey("stores.Product", on_delete=models.PROTECT, related_name="+", verbose_name="商品")
    name = models.CharField("名称", max_length=64)
    part = models.CharField("类别", max_length=8, choices=Part, default=Part.OFFER)
    price_fen = models.PositiveIntegerField("活动价（分）")
    list_price_fen = models.PositiveIntegerField("划线价（分）", null=True, blank=True)
    by_piece = models.BooleanField("按个卖", default=False)
    per_member = models.PositiveIntegerField("每人限购", null=True, blank=True)
    per_order = models.PositiveIntegerField("每单限购", null=True, blank=True)
    position = models.PositiveSmallIntegerField("顺序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "活动商品"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(per_member=None) | Q(per_member__gt=0), name="a_limit_per_member_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(per_order=None) | Q(per_order__gt=0), name="a_limit_per_order_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignPost(models.Model):
    """What a campaign put before the groups, by its material: the kill switch finds and withdraws it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="posts", verbose_name="活动")
    material = models.OneToOneField("communities.Material", on_delete=models.CASCADE, related_name="campaign_post")
    withdrawn_at = models.DateTimeField("撤下时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "活动群发"

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.material_id}"


class ItemStock(models.Model):
    """What one store has of one item: the scarce row every claim passes, by one conditional update.

    `taken` counts what is held, paid or handed over; a release gives it back.
    """

    item = models.ForeignKey(CampaignItem, on_delete=models.CASCADE, related_name="stocks", verbose_name="商品")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    quota = models.PositiveIntegerField("数量")
    taken = models.PositiveIntegerField("已占", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "活动库存"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "store"], name="one_stock_per_item_and_store"),
            models.CheckConstraint(condition=Q(taken__lte=F("quota")), name="campaign_never_oversold"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}@{self.store_id}: {self.taken}/{self.quota}"


class Board(models.Model):
    """One store's list of one campaign: who joined last, and how often it changed (the live page's version)."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="boards", verbose_name="活动")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    last_number = models.PositiveIntegerField("最后编号", default=0)
    version = models.PositiveBigIntegerField("变更次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "接龙名单"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "store"], name="one_board_per_campaign_and_store")
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}@{self.store_id}"
