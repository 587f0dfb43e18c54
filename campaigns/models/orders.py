"""Who claimed what: orders and their lines, single pieces, the numbered list, the wait-list."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from campaigns.models.campaigns import Board, Campaign, ItemStock, new_token


class Order(models.Model):
    """One member's claim, from the reservation on.

    reserved (held until `held_until`) → confirmed (paid, or to be paid at the shop) → fulfilled → completed (the
    after-sale window passed); cancelled and lapsed before, no_show and returned after. What was paid and what went
    back are sums of the ledger, kept here so that the database can hold them together.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", "待付款"
        CONFIRMED = "confirmed", "待取货"
        FULFILLED = "fulfilled", "已取货"
        COMPLETED = "completed", "已完成"
        CANCELLED = "cancelled", "已取消"
        LAPSED = "lapsed", "超时取消"
        NO_SHOW = "no_show", "未取货"
        RETURNED = "returned", "已退货"

    class Settling(models.TextChoices):
        ONLINE = "online", "在线支付"
        SHOP = "shop", "到店付款"

    class Fulfilment(models.TextChoices):
        PICKUP = "pickup", "自提"
        DELIVERY = "delivery", "配送"

    token = models.CharField("订单号", max_length=32, unique=True, default=new_token, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="orders", verbose_name="活动")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="orders", verbose_name="门店")
    member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, null=True, related_name="orders", verbose_name="会员"
    )
    # The client's own key of the attempt: the same key twice is the same order.
    request_key = models.CharField("请求标识", max_length=64)
    state = models.CharField("状态", max_length=16, choices=State, default=State.RESERVED)
    settling = models.CharField("付款", max_length=8, choices=Settling)
    fulfilment = models.CharField("取货", max_length=8, choices=Fulfilment, default=Fulfilment.PICKUP)
    goods_fen = models.PositiveBigIntegerField("商品（分）")
    freight_fen = models.PositiveIntegerField("运费（分）", default=0)
    paid_fen = models.PositiveBigIntegerField("已付（分）", default=0)
    refunded_fen = models.PositiveBigIntegerField("已退（分）", default=0)
    pickup_code = models.CharField("取货码", max_length=4, blank=True, default="")
    recipient = models.BinaryField("收货信息", null=True)  # encrypted name, phone and address (`members.identities`)
    note = models.CharField("备注", max_length=100, blank=True, default="")
    link = models.CharField("来源链接", max_length=32, blank=True, default="")  # the short link it came through
    reserved_at = models.DateTimeField("预订时间")
    held_until = models.DateTimeField("保留至", null=True)
    confirmed_at = models.DateTimeField("确认时间", null=True)
    fulfilled_at = models.DateTimeField("取货时间", null=True)
    fulfilled_by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    completed_at = models.DateTimeField("完成时间", null=True)
    ended_at = models.DateTimeField("终止时间", null=True)
    end_reason = models.CharField("终止原因", max_length=64, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "订单"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "member", "request_key"], name="one_order_per_request"),
            models.CheckConstraint(
                condition=Q(refunded_fen__lte=F("paid_fen")), name="never_refund_more_than_was_paid"
            ),
            models.UniqueConstraint(
                fields=["store", "pickup_code"],
                condition=Q(state="confirmed") & ~Q(pickup_code=""),
                name="a_pickup_code_names_one_order",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store", "state", "reserved_at"], name="orders_of_a_store"),
            models.Index(fields=["member", "reserved_at"], name="orders_of_a_member"),
            models.Index(fields=["held_until"], condition=Q(state="reserved"), name="orders_to_lapse"),
            models.Index(fields=["fulfilled_at"], condition=Q(state="fulfilled"), name="orders_to_complete"),
        ]

    def __str__(self) -> str:
        return self.token

    @property
    def total_fen(self) -> int:
        """What there is to pay: goods and freight."""
        return self.goods_fen + self.freight_fen


class ChainUnit(models.Model):
    """One physical piece, each durian a row: weighed, photographed, priced. Taken by a conditional update."""

    stock = models.ForeignKey(ItemStock, on_delete=models.CASCADE, related_name="units", verbose_name="库存")
    number = models.PositiveSmallIntegerField("编号")
    weight_g = models.PositiveIntegerField("重量（克）")
    price_fen = models.PositiveIntegerField("价格（分）")
    photo = models.ImageField("照片", upload_to="units/", blank=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="units")
    withdrawn_at = models.DateTimeField("撤下时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "单件"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stock", "number"], name="pieces_of_a_stock_are_numbered"),
            models.CheckConstraint(condition=Q(order=None) | Q(withdrawn_at=None), name="a_piece_withdrawn_is_nobodys"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.weight_g} g"


class OrderLine(models.Model):
    """Goods of an order at the price agreed; `unit` where it is a single piece."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", verbose_name="订单")
    stock = models.ForeignKey(ItemStock, on_delete=models.PROTECT, related_name="+", verbose_name="库存")
    unit = models.ForeignKey(ChainUnit, on_delete=models.PROTECT, null=True, related_name="+")
    quantity = models.PositiveIntegerField("数量")
    price_fen = models.PositiveIntegerField("单价（分）")

    class Meta:
        verbose_name = verbose_name_plural = "订单商品"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="an_order_line_has_goods"),
            models.CheckConstraint(condition=Q(unit=None) | Q(quantity=1), name="a_piece_is_sold_once"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.quantity}"


class ChainEntry(models.Model):
    """One line of the numbered list. Numbers have no gaps: a cancelled entry keeps its own, struck through.

    An entry pasted from the group's own text keeps its raw line and how sure its reading was (percent).
    """

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="entries", verbose_name="名单")
    number = models.PositiveIntegerField("编号")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="entry", verbose_name="订单")
    name = models.CharField("称呼", max_length=64, blank=True, default="")
    raw = models.CharField("原文", max_length=500, blank=True, default="")
    confidence = models.PositiveSmallIntegerField("把握", null=True)
    joined_at = models.DateTimeField("接龙时间")

    class Meta:
        verbose_name = verbose_name_plural = "接龙"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["board", "number"], name="numbers_of_a_board_are_unique")
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"


class WaitEntry(models.Model):
    """One place in the queue for what is gone; a cancel offers it to the first, for a time."""

    class State(models.TextChoices):
        WAITING = "waiting", "候补中"
        OFFERED = "offered", "待确认"
        TAKEN = "taken", "已补上"
        LAPSED = "lapsed", "已放弃"

    stock = models.ForeignKey(ItemStock, on_delete=models.CASCADE, related_name="queue", verbose_name="库存")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="+", verbose_name="会员")
    quantity = models.PositiveIntegerField("数量", default=1)
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField("时间")
    offer = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, related_name="offered_to")

    class Meta:
        verbose_name = verbose_name_plural = "候补"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stock", "member"],
                condition=Q(state__in=["waiting", "offered"]),
                name="one_live_place_per_member",
            ),
            models.CheckConstraint(condition=~Q(state="offered") | Q(offer__isnull=False), name="an_offer_holds_goods"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["stock", "asked_at"], condition=Q(state="waiting"), name="queue_of_a_stock")
        ]

    def __str__(self) -> str:
        return f"{self.stock_id}: {self.member_id}"
