"""What 1元购 and 拼团 add: who had their one-yuan order, who brought whom, and the teams with their seats."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from campaigns.models.campaigns import Campaign, ItemStock, new_token
from campaigns.models.orders import Order


class OneYuanTerms(models.Model):
    """Settings of one 1元购 (field-survey §4.8). What is refunded is the one yuan unless HQ chose the whole order."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="one_yuan", verbose_name="活动")
    price_fen = models.PositiveIntegerField("首件价（分）", default=100)
    listed_from_fen = models.PositiveIntegerField("原价下限（分）", default=1_000)
    listed_to_fen = models.PositiveIntegerField("原价上限（分）", default=2_000)
    free_freight_from_fen = models.PositiveIntegerField("包邮门槛（分）", default=4_900)
    freight_fen = models.PositiveIntegerField("运费（分）", default=600)
    refunds_whole_order = models.BooleanField("退整单", default=False)
    refund_cap_fen = models.PositiveIntegerField("返还上限（分）", default=100)
    friends_per_member = models.PositiveSmallIntegerField("每人可计好友", default=1)
    settle_after_days = models.PositiveSmallIntegerField("售后期（天）", default=7)

    class Meta:
        verbose_name = verbose_name_plural = "1元购规则"

    def __str__(self) -> str:
        return f"{self.campaign_id}"


class FirstOrder(models.Model):
    """A person's one 1元购, for good: freed only when its order ended unpaid, or refunded before fulfilment."""

    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="first_orders")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="first_order", verbose_name="订单")
    released_at = models.DateTimeField("释放时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "1元购首单"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member"], condition=Q(released_at=None), name="one_live_claim_per_member")
        ]

    def __str__(self) -> str:
        return f"{self.member_id}"


class FirstOrderTrace(models.Model):
    """Keyed hash of a phone, openid, unionid, card or address that has had a 1元购: the same person by another id."""

    first_order = models.ForeignKey(FirstOrder, on_delete=models.CASCADE, related_name="traces")
    kind = models.CharField("类别", max_length=16)
    digest = models.BinaryField("键控哈希", max_length=32)
    released_at = models.DateTimeField("释放时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "1元购标识"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "digest"], condition=Q(released_at=None), name="one_first_order_per_person"
            )
        ]

    def __str__(self) -> str:
        return self.kind


class Referral(models.Model):
    """A member's own link to a 1元购, from her paid order. One level: nobody earns on a friend's friend."""

    token = models.CharField("标识", max_length=32, unique=True, default=new_token, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="referral", verbose_name="订单")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "推荐链接"

    def __str__(self) -> str:
        return self.token


class ReferralUse(models.Model):
    """A friend's first order through a link: waits until it completed for good, then pays back; or is void."""

    class State(models.TextChoices):
        WAITING = "waiting", "待结算"
        SETTLED = "settled", "已返还"
        VOID = "void", "无效"

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="uses", verbose_name="推荐")
    friend_order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="referred_by")
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    void_reason = models.CharField("无效原因", max_length=64, blank=True, default="")
    settle_from = models.DateTimeField("可结算时间", null=True)
    settled_at = models.DateTimeField("结算时间", null=True)
    amount_fen = models.PositiveIntegerField("返还（分）", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "推荐结算"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(state="void") | ~Q(void_reason=""), name="a_void_referral_says_why")
        ]
        indexes: ClassVar = [
            models.Index(fields=["settle_from"], condition=Q(state="waiting"), name="referrals_to_settle")
        ]

    def __str__(self) -> str:
        return f"{self.referral_id}: {self.get_state_display()}"


class GroupBuyTerms(models.Model):
    """Settings of one 拼团 (field-survey §4.4). Virtual completion is off, and never shown as people."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="group_buy", verbose_name="活动")
    size = models.PositiveSmallIntegerField("成团人数")
    form_minutes = models.PositiveIntegerField("成团时限（分钟）", default=1_440)
    leader_price_fen = models.PositiveIntegerField("团长价（分）", null=True, blank=True)
    completes_virtually_from = models.PositiveSmallIntegerField("虚拟成团起", null=True, blank=True)  # paid seats

    class Meta:
        verbose_name = verbose_name_plural = "拼团规则"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(size__range=(2, 10)), name="a_team_is_two_to_ten")]

    def __str__(self) -> str:
        return f"{self.campaign_id}"


class GroupBuyTeam(models.Model):
    """open → succeeded | expired. Paid seats only count; the row's lock decides between the last payment and expiry.

    `expires_at` never moves: not with a new leader, not with a payment.
    """

    class State(models.TextChoices):
        OPEN = "open", "拼团中"
        SUCCEEDED = "succeeded", "已成团"
        EXPIRED = "expired", "未成团"

    token = models.CharField("标识", max_length=32, unique=True, default=new_token, editable=False)
    stock = models.ForeignKey(ItemStock, on_delete=models.PROTECT, related_name="teams", verbose_name="库存")
    leader = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, related_name="+")
    size = models.PositiveSmallIntegerField("人数")
    paid_seats = models.PositiveSmallIntegerField("已付人数", default=0)
    virtual_seats = models.PositiveSmallIntegerField("虚拟人数", default=0)
    state = models.CharField("状态", max_length=16, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField("开团时间")
    expires_at = models.DateTimeField("截止时间")
    decided_at = models.DateTimeField("结果时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "团"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(paid_seats__lte=F("size") - F("virtual_seats")), name="a_team_is_never_overfilled"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], condition=Q(state="open"), name="teams_to_decide")]

    def __str__(self) -> str:
        return f"{self.token}: {self.paid_seats}/{self.size}"


class GroupBuySeat(models.Model):
    """A member's place in a team, with the order that pays it: reserved → paid → confirmed | released | refunded."""

    class State(models.TextChoices):
        RESERVED = "reserved", "待付款"
        PAID = "paid", "已付款"
        CONFIRMED = "confirmed", "已成团"
        RELEASED = "released", "已释放"
        REFUNDED = "refunded", "已退款"

    team = models.ForeignKey(GroupBuyTeam, on_delete=models.PROTECT, related_name="seats", verbose_name="团")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="+", verbose_name="会员")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="seat", verbose_name="订单")
    state = models.CharField("状态", max_length=16, choices=State, default=State.RESERVED)
    joined_at = models.DateTimeField("参团时间")

    class Meta:
        verbose_name = verbose_name_plural = "参团"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "member"],
                condition=Q(state__in=["reserved", "paid", "confirmed"]),
                name="one_live_seat_per_member_and_team",
            )
        ]
        # What a decided team still has to settle; few rows, whatever the table's size.
        indexes: ClassVar = [
            models.Index(fields=["team"], condition=Q(state__in=["reserved", "paid"]), name="seats_to_settle")
        ]

    def __str__(self) -> str:
        return f"{self.team_id}: {self.member_id}"
