"""What each subject counted on one business day: additive components, of which `metrics.registry` makes metrics.

One table per grain, one row per subject and day (Asia/Shanghai). Three kinds of columns: *flows* add up over days;
*openings* (`members_start`) hold at a day's beginning and are read at a period's first day; *standings* (`…_end`,
`…_30d` and others named in `metrics.registry.components`) hold at a day's end and are read at its last day.
Amounts are fen. Every row can be made anew from facts (`metrics.services.rolling`); nothing else writes here.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


def _count(label: str) -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(label, default=0, db_default=0)


def _fen(label: str) -> models.BigIntegerField[int, int]:
    return models.BigIntegerField(label, default=0, db_default=0)


class Moves(models.Model):
    """Who came and went. Customers only; a person in two groups counts in each."""

    members_start = _count("日初群人数")
    joins = _count("入群")
    quits = _count("退群")  # those removed by the store included
    removed = _count("被移出")
    rejoined = _count("24小时内回群")  # neither quit nor join
    dissolved = _count("因解散离群")
    members_end = _count("日末群人数")
    registered = _count("入群后注册")  # of the day's joins, with a phone or card within seven days
    cohort_7 = _count("7天前入群")
    retained_7 = _count("7天后仍在群")
    cohort_30 = _count("30天前入群")
    retained_30 = _count("30天后仍在群")
    active_retained_30 = _count("30天后仍活跃")

    class Meta:
        abstract = True


class Posting(models.Model):
    """What became of the posts. Kinds of proof are columns of their own and never added up."""

    planned = _count("应发")  # not withdrawn
    expected = _count("到点应有")  # without those skipped for a reason and those a check blocked
    must_do_planned = _count("必做应有")
    must_do_sent = _count("必做已发")
    on_time = _count("准时")
    late = _count("迟发")
    made_up = _count("补发")
    waiting = _count("待发送")
    missed = _count("错过")
    failed = _count("发送失败")
    skipped = _count("跳过")
    blocked = _count("已拦截")
    sent_verified = _count("已发·企微核实")
    sent_client = _count("已发·客户端回执")
    sent_declared = _count("已发·店长自报")

    class Meta:
        abstract = True


class Bringing(models.Model):
    """What the posts of the day brought within 24 hours (docs/decisions/0029-feedback.md), by kind of proof."""

    exposed_verified = _count("触达人次·企微核实")
    exposed_client = _count("触达人次·客户端回执")
    exposed_declared = _count("触达人次·店长自报")
    post_clicks_verified = _count("点击人次·企微核实")
    post_clicks_client = _count("点击人次·客户端回执")
    post_clicks_declared = _count("点击人次·店长自报")
    post_buyers_verified = _count("购买人次·企微核实")
    post_buyers_client = _count("购买人次·客户端回执")
    post_buyers_declared = _count("购买人次·店长自报")
    post_sales_fen = _fen("群发带来的销售（分）")

    class Meta:
        abstract = True


class Window(models.Model):
    """The thirty days that end with this one, of the members who were in a group at its end."""

    active_30d = _count("近30天活跃")  # clicked, entered or bought; who only talks is not seen (`OwnerDay`)
    interested_30d = _count("近30天点击或下单")
    members_spend_30d_fen = _fen("近30天群成员净消费（分）")

    class Meta:
        abstract = True


class StoreTally(Moves, Posting, Bringing, Window):
    """One store's day. There is a row for every store and day, however quiet."""

    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="tallies", verbose_name="门店")
    day = models.DateField("日期")
    people_end = _count("日末群内人数（去重）")  # a person in two groups of the store counts once
    prefill_members = _count("开业前入群")
    scans = _count("扫码")
    group_scans = _count("群码扫码")
    adds = _count("扫码添加")
    entry_joins = _count("扫码入群")
    active_members = _count("当日活跃")
    clickers = _count("当日点击人数")
    chain_joiners = _count("当日接龙人数")
    claims = _count("活动下单")
    referrers = _count("发起推荐")
    friends = _count("好友首单")
    orders = _count("订单")
    member_orders = _count("会员订单")
    buyers = _count("购买会员")
    paid_fen = _fen("实收（分）")
    refunded_fen = _fen("退款（分）")
    orders_30d = _count("近30天会员订单")
    buyers_30d = _count("近30天购买会员")
    repeat_buyers_30d = _count("近30天购买两次以上")
    buyers_spend_30d_fen = _fen("近30天会员净消费（分）")
    # A picture of the night it was taken; what members were worth earlier cannot be asked again.
    valued_members = _count("有价值评分的会员")
    ltv_fen = _fen("未来一年价值合计（分）")

    class Meta:
        verbose_name = verbose_name_plural = "门店日"
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "day"], name="one_tally_per_store_and_day")]
        indexes: ClassVar = [models.Index(fields=["day", "store"], name="tallies_of_a_day")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day}"


class GroupTally(Moves, Posting, Bringing, Window):
    """One group's day, for each group that lived on it; its store is the one the group belongs to now."""

    group = models.ForeignKey(
        "communities.CustomerGroup", on_delete=models.CASCADE, related_name="tallies", verbose_name="群"
    )
    day = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "群日"
        constraints: ClassVar = [models.UniqueConstraint(fields=["group", "day"], name="one_tally_per_group_and_day")]
        indexes: ClassVar = [models.Index(fields=["day", "group"], name="group_tallies_of_a_day")]

    def __str__(self) -> str:
        return f"{self.group_id} {self.day}"


class StaffTally(Posting):
    """One colleague's day: her customers, the posts of her groups, and WeCom's own figures of her (`OwnerDay`)."""

    staff = models.ForeignKey("stores.Staff", on_delete=models.CASCADE, related_name="tallies", verbose_name="员工")
    day = models.DateField("日期")
    adds = _count("新增客户")
    contacts_lost = _count("流失客户")
    owner_groups = _count("群数（企微）")
    owner_members = _count("群成员（企微）")
    owner_speakers = _count("发言人数（企微）")
    owner_messages = _count("消息数（企微）")
    chats = _count("聊天客户（企微）")
    messages = _count("发出消息（企微）")

    class Meta:
        verbose_name = verbose_name_plural = "员工日"
        constraints: ClassVar = [models.UniqueConstraint(fields=["staff", "day"], name="one_tally_per_staff_and_day")]
        indexes: ClassVar = [models.Index(fields=["day", "staff"], name="staff_tallies_of_a_day")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.day}"


class CampaignTally(models.Model):
    """One campaign's day in one store. What was sold counts when handed over, as everywhere (`Purchase`)."""

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="tallies", verbose_name="活动"
    )
    store = models.ForeignKey("stores.Store", on_delete=models.CASCADE, related_name="+", verbose_name="门店")
    day = models.DateField("日期")
    claims = _count("下单")
    claimers = _count("下单会员")
    confirmed = _count("已确认")
    fulfilled = _count("已取货")
    ended = _count("取消、超时与未取")
    orders = _count("订单")
    member_orders = _count("会员订单")
    buyers = _count("购买会员")
    paid_fen = _fen("实收（分）")
    refunded_fen = _fen("退款（分）")
    referrers = _count("发起推荐")
    friends = _count("好友首单")

    class Meta:
        verbose_name = verbose_name_plural = "活动日"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "store", "day"], name="one_tally_per_campaign_store_and_day")
        ]
        indexes: ClassVar = [models.Index(fields=["store", "day"], name="campaign_tallies_of_a_store")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.store_id} {self.day}"


class CodeTally(models.Model):
    """One entry code's day. Joins and quits are of those who came by it, so of group codes only."""

    code = models.ForeignKey(
        "communities.EntryCode", on_delete=models.CASCADE, related_name="tallies", verbose_name="渠道码"
    )
    day = models.DateField("日期")
    scans = _count("扫码")
    group_scans = _count("群码扫码")
    adds = _count("扫码添加")
    entry_joins = _count("扫码入群")
    joins = _count("入群")
    registered = _count("入群后注册")
    quits = _count("退群")

    class Meta:
        verbose_name = verbose_name_plural = "渠道码日"
        constraints: ClassVar = [models.UniqueConstraint(fields=["code", "day"], name="one_tally_per_code_and_day")]
        indexes: ClassVar = [models.Index(fields=["day", "code"], name="code_tallies_of_a_day")]

    def __str__(self) -> str:
        return f"{self.code_id} {self.day}"
