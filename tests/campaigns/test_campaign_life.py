"""A campaign's life: checked, approved, begun and ended by the clock, paused, and stopped by its budget."""

from datetime import timedelta

import pytest

from campaigns.errors import CampaignClosed, CampaignRefusal, NotCompliant
from campaigns.models import Campaign, WaitEntry
from campaigns.selectors.claims import takes_at
from campaigns.services import compliance, launching, waiting
from campaigns.services.cancelling import cancel_order
from campaigns.services.clockwork import start_and_end_campaigns
from stores.models import AuditEntry
from tests.campaigns.playing import AT, DAY, HOUR, MINUTE, bought, drive, one_yuan, opened, order
from tests.factories import (
    CampaignFactory,
    ManagerFactory,
    MemberFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreProductFactory,
    purchase,
)

pytestmark = pytest.mark.django_db


def listed(**fields):
    """A draft that strikes 25.90 through beside 19.90, with 25.90 on the shelf."""
    made = CampaignFactory(**{"state": "draft", "item__list_price_fen": 2_590} | fields)
    StoreProductFactory(store=made.store, product=made.item.product, price_fen=2_590)
    return made


def sold(campaign, *, days_ago, fen, quantity=1):
    purchase(
        member=MemberFactory(), store=campaign.store, product=campaign.item.product, bought_at=AT - days_ago * DAY,
        quantity=quantity, paid_fen=fen,
    )  # fmt: skip


def problems(campaign):
    return compliance.problems_of(campaign, at=AT)


def test_a_struck_through_price_is_at_most_the_lowest_of_the_last_seven_days():
    campaign = listed()
    sold(campaign, days_ago=3, fen=2_490)
    assert problems(campaign) == ["山竹的划线价 25.90 元 高于近 7 天最低价 24.90 元"]

    campaign.item.list_price_fen = 2_490
    campaign.item.save()
    assert problems(campaign) == []


def test_what_was_sold_eight_days_ago_is_no_basis_and_the_shelf_is_where_nothing_was_sold():
    campaign = listed()
    sold(campaign, days_ago=8, fen=1_000)
    assert problems(campaign) == []

    campaign.item.list_price_fen = 2_600
    campaign.item.save()
    assert problems(campaign) == ["山竹的划线价 26.00 元 高于货架价 25.90 元"]


def test_the_price_of_one_counts_where_several_were_sold_together():
    campaign = listed()
    sold(campaign, days_ago=1, fen=4_980, quantity=2)

    assert problems(campaign) == ["山竹的划线价 25.90 元 高于近 7 天最低价 24.90 元"]


def test_a_first_orders_one_yuan_is_not_the_shops_price():
    campaign = listed()
    first = one_yuan(store=campaign.store)
    purchase(
        member=MemberFactory(), store=campaign.store, product=campaign.item.product, bought_at=AT - DAY, quantity=1,
        paid_fen=100, campaign_id=first.pk,
    )  # fmt: skip

    assert problems(campaign) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"ends_at": AT - MINUTE, "starts_at": AT - HOUR}, "截单时间已经过去"),
        ({"item__price_fen": 0}, "山竹没有价格"),
        ({"item__list_price_fen": 1_990}, "山竹的划线价不高于活动价"),
        ({"title": "一元抽奖"}, "「抽奖」：活动只能按固定价格销售，不能抽奖"),
        ({"rules": "发展下线，团队奖"}, "「团队奖」：推荐只能一级，不能按人头或层级给好处"),
    ],
)
def test_what_the_law_or_the_platform_forbids_is_named(fields, said):
    campaign = listed(**fields)

    assert said in problems(campaign)
    with pytest.raises(NotCompliant):
        launching.publish(campaign=campaign, by=ManagerFactory(store=campaign.store), at=AT)
    campaign.refresh_from_db()
    assert campaign.state == "draft"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"settling": "either"}, "1 元购需要在线支付"),
        ({"audience": "everyone"}, "1 元购只面向新会员"),
        ({"terms": {"price_fen": 200}}, "小番茄的活动价应为 2.00 元"),
        ({"terms": {"refund_cap_fen": 50}}, "返还上限低于首件价"),
    ],
)
def test_a_one_yuan_sale_is_a_fixed_price_for_a_newcomer_paid_online(fields, said):
    assert said in problems(one_yuan(state="draft", **fields))


def test_where_hq_says_so_a_campaign_waits_for_hq_and_nobody_else_lets_it_go():
    campaign = listed(needs_approval=True)
    manager, hq = ManagerFactory(store=campaign.store), StaffFactory()
    launching.publish(campaign=campaign, by=manager, at=AT)
    assert campaign.state == "awaiting"
    with pytest.raises(CampaignClosed, match="还没发布"):
        order(campaign)

    for nobody in (manager, RegionLeadFactory(region=campaign.store.region)):
        with pytest.raises(CampaignRefusal, match="只有总部"):
            launching.approve(campaign=campaign, by=nobody, at=AT)
    launching.approve(campaign=campaign, by=hq, at=AT)

    assert (campaign.state, campaign.approved_by, campaign.approved_at) == ("live", hq, AT)
    assert AuditEntry.objects.filter(action="campaign.approved", actor=hq).count() == 1
    assert order(campaign).state == "reserved"


def test_hqs_own_campaign_waits_for_nobody_and_one_sent_back_is_a_draft_with_the_reason():
    own, other = listed(needs_approval=True), listed(needs_approval=True)
    hq = StaffFactory()
    launching.publish(campaign=own, by=hq, at=AT)
    launching.publish(campaign=other, by=ManagerFactory(store=other.store), at=AT)

    launching.send_back(campaign=other, by=hq, reason="价格不对", at=AT)

    assert (own.state, other.state) == ("live", "draft")
    assert AuditEntry.objects.get(action="campaign.sent_back").detail == {"reason": "价格不对"}


def test_what_became_forbidden_while_it_waited_is_not_approved():
    campaign = listed(needs_approval=True)
    launching.publish(campaign=campaign, by=ManagerFactory(store=campaign.store), at=AT)
    sold(campaign, days_ago=1, fen=2_000)

    with pytest.raises(NotCompliant, match="近 7 天最低价"):
        launching.approve(campaign=campaign, by=StaffFactory(), at=AT)


def test_a_paused_campaign_takes_no_claim_while_what_is_held_may_be_paid():
    campaign = CampaignFactory()
    held = order(campaign)
    launching.pause(campaign=campaign, by=None, at=AT)

    with pytest.raises(CampaignClosed, match="暂停"):
        order(campaign)
    assert opened(held).state == "open"
    launching.resume(campaign=campaign, by=None, at=AT)
    assert order(campaign).state == "reserved"


def test_resumed_before_its_hour_it_is_scheduled_again_and_what_has_ended_is_not_resumed():
    campaign = CampaignFactory(state="scheduled", starts_at=AT + HOUR)
    launching.pause(campaign=campaign, by=None, at=AT)
    launching.resume(campaign=campaign, by=None, at=AT)
    assert campaign.state == "scheduled"

    launching.end(campaign=campaign, by=None, at=AT)
    with pytest.raises(CampaignRefusal, match="已结束"):
        launching.resume(campaign=campaign, by=None, at=AT)


def test_the_clock_begins_ends_and_settles_and_sweeping_twice_changes_nothing():
    campaign = CampaignFactory(state="scheduled")
    states = []
    for at in (campaign.starts_at - MINUTE, campaign.starts_at, campaign.ends_at, campaign.ends_at + DAY):
        for _ in range(2):
            start_and_end_campaigns(at=at)
        campaign.refresh_from_db()
        states.append(campaign.state)

    assert states == ["scheduled", "live", "ended", "settled"]


@pytest.mark.parametrize("state", ["draft", "awaiting"])
def test_the_clock_leaves_what_nobody_published_alone(state):
    campaign = CampaignFactory(state=state)

    start_and_end_campaigns(at=campaign.ends_at + DAY)

    campaign.refresh_from_db()
    assert campaign.state == state


def test_a_beat_that_slept_through_a_whole_campaign_ends_it():
    campaign = CampaignFactory(state="scheduled")

    start_and_end_campaigns(at=campaign.ends_at + HOUR)

    campaign.refresh_from_db()
    assert campaign.state == "ended"


def test_a_paused_campaign_ends_at_its_hour_and_its_queue_with_it():
    campaign = CampaignFactory(item__quota=1)
    order(campaign)
    entry = waiting.join_queue(stock=campaign.stock, member=MemberFactory(), quantity=1, at=AT)
    launching.pause(campaign=campaign, by=None, at=AT)

    start_and_end_campaigns(at=campaign.ends_at)

    campaign.refresh_from_db()
    entry.refresh_from_db()
    assert (campaign.state, entry.state) == ("ended", WaitEntry.State.LAPSED)


def test_a_campaign_is_not_settled_while_an_order_or_a_refund_is_open():
    campaign = CampaignFactory()
    made = bought(campaign)
    late = campaign.ends_at + 2 * DAY
    start_and_end_campaigns(at=late)
    assert Campaign.objects.get().state == "ended"

    cancel_order(order=made, reason="没来取", cause="cancelled", at=late)
    start_and_end_campaigns(at=late)
    assert Campaign.objects.get().state == "ended"

    drive(at=late)
    start_and_end_campaigns(at=late)
    assert Campaign.objects.get().state == "settled"


def test_the_budget_is_never_passed_and_stops_the_next_one():
    campaign = CampaignFactory(item__list_price_fen=2_590, budget_fen=1_500)
    first = order(campaign)
    order(campaign)

    with pytest.raises(CampaignClosed, match="优惠已经派完了"):
        order(campaign)
    campaign.refresh_from_db()
    assert (campaign.spent_fen, takes_at(campaign, AT)) == (1_200, True)

    cancel_order(order=first, reason="会员取消", cause="cancelled", at=AT + timedelta(minutes=1))
    assert order(campaign).state == "reserved"
    campaign.refresh_from_db()
    assert campaign.spent_fen == 1_200
