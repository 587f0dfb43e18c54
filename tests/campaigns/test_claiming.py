from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import F

from campaigns.errors import BadClaim, CampaignClosed, Frozen, LimitReached, NotEligible, SoldOut, UnitTaken
from campaigns.models import ChainEntry, ChainUnit, ItemStock, Order, WaitEntry
from campaigns.services import cancelling, launching, waiting
from campaigns.services.claiming import Wanted, reserve
from members.services.partitions import BUSINESS_ZONE
from stores.models import AuditEntry
from tagging.models import Touch
from tests.factories import CampaignFactory, ManagerFactory, MemberFactory, ProductFactory, StaffFactory, StoreFactory
from tests.racing import race

pytestmark = pytest.mark.django_db


def claim(campaign, member=None, *, quantity=1, key="k", **fields):
    return reserve(
        **{
            "campaign": campaign, "store": campaign.store, "member": member or MemberFactory(), "request_key": key,
            "wanted": [Wanted(campaign.item.pk, quantity)], "settling": "online", "at": campaign.starts_at,
        }
        | fields
    )  # fmt: skip


def taken(campaign):
    return ItemStock.objects.get(pk=campaign.stock.pk).taken


def test_a_claim_holds_its_goods_and_stands_on_the_list():
    campaign = CampaignFactory()

    order = claim(campaign, quantity=2)

    assert (order.state, order.goods_fen, taken(campaign)) == ("reserved", 3_980, 2)
    assert order.held_until == campaign.starts_at + timedelta(minutes=15)
    assert list(ChainEntry.objects.values_list("number", "order")) == [(1, order.pk)]


def test_the_same_request_twice_is_one_order():
    campaign, member = CampaignFactory(item__quota=1), MemberFactory()

    first, second = (claim(campaign, member) for _ in range(2))

    assert (first.pk, taken(campaign)) == (second.pk, 1)


def test_who_pays_at_the_shop_has_her_four_digits_at_once():
    order = claim(CampaignFactory(), settling="shop")

    assert (order.state, order.held_until, len(order.pickup_code)) == ("confirmed", None, 4)


@pytest.mark.parametrize(
    ("quantity", "key"), [(-1, "k"), (0, "k"), (1_000, "k"), (10**12, "k"), (1, ""), (1, "x" * 65)]
)
def test_a_forged_claim_is_refused_leaves_a_line_in_the_trail_and_moves_nothing(quantity, key):
    campaign = CampaignFactory()

    with pytest.raises(BadClaim):
        claim(campaign, quantity=quantity, key=key)

    assert (Order.objects.count(), taken(campaign)) == (0, 0)
    assert list(AuditEntry.objects.values_list("action", "store")) == [("campaign.claim_refused", campaign.store_id)]


def test_a_price_other_than_ours_is_refused_and_noted():
    campaign = CampaignFactory()

    with pytest.raises(BadClaim):
        claim(campaign, wanted=[Wanted(campaign.item.pk, 1, seen_fen=1)])

    assert (Order.objects.count(), AuditEntry.objects.get().detail["reason"]) == (0, "价格已变化，请刷新页面再试")


def test_an_item_of_another_campaign_or_store_is_refused():
    campaign, other = CampaignFactory(), CampaignFactory()

    with pytest.raises(BadClaim):
        claim(campaign, wanted=[Wanted(other.item.pk)])
    with pytest.raises(BadClaim):
        claim(campaign, store=StoreFactory())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "paused"}, "活动暂停中，请稍后再来"), ({"state": "draft"}, "活动还没发布"),
        ({"state": "ended"}, "活动已结束"), ({"killed_at": F("starts_at")}, "活动已停止"),
        ({"starts_at": F("starts_at") + timedelta(minutes=1)}, "活动还没开始"),
        ({"ends_at": F("starts_at") + timedelta(seconds=1)}, "活动已结束"),
    ],
)  # fmt: skip
def test_nothing_is_claimed_outside_of_a_campaigns_life_and_the_refusal_says_why(change, said):
    campaign = CampaignFactory()
    type(campaign).objects.filter(pk=campaign.pk).update(**change)

    with pytest.raises(CampaignClosed, match=said):
        claim(campaign, at=campaign.starts_at + timedelta(seconds=30) if "starts_at" in change else campaign.ends_at
              - timedelta(seconds=1) if "ends_at" in change else campaign.starts_at)  # fmt: skip


def test_a_scheduled_campaign_takes_claims_from_its_hour_on_without_waiting_for_the_sweep():
    campaign = CampaignFactory(state="scheduled")

    assert claim(campaign).state == "reserved"


def test_limits_per_order_and_per_member_hold_over_several_orders():
    campaign, member = CampaignFactory(item__per_order=2, item__per_member=3), MemberFactory()
    claim(campaign, member, quantity=2, key="a")

    with pytest.raises(LimitReached, match="限购 2 份"):
        claim(campaign, member, quantity=3, key="b")
    with pytest.raises(LimitReached, match="限购 3 份"):
        claim(campaign, member, quantity=2, key="c")

    assert claim(campaign, member, quantity=1, key="d").state == "reserved"


def test_only_newcomers_are_served_where_the_campaign_is_for_them():
    campaign, known = CampaignFactory(audience="newcomers"), MemberFactory()
    earlier = claim(CampaignFactory(), known)
    Order.objects.filter(pk=earlier.pk).update(state="completed")

    with pytest.raises(NotEligible):
        claim(campaign, known)

    assert claim(campaign).state == "reserved"


def test_the_budget_stops_claims_and_a_cancel_gives_it_back():
    campaign = CampaignFactory(budget_fen=2_000, item__list_price_fen=2_990)  # 10 yuan off each
    orders = [claim(campaign, key=key) for key in "ab"]

    with pytest.raises(CampaignClosed, match="优惠已经派完"):
        claim(campaign, key="c")
    cancelling.cancel_order(order=orders[0], reason="会员取消", cause="cancelled", at=campaign.starts_at)

    assert claim(campaign, key="d").state == "reserved"


def test_price_and_limits_are_frozen_once_somebody_has_claimed():
    campaign, staff = CampaignFactory(), StaffFactory()
    launching.change_item(item=campaign.item, by=staff, price_fen=1_890, at=campaign.starts_at)
    order = claim(campaign)

    with pytest.raises(Frozen):
        launching.change_item(item=campaign.item, by=staff, price_fen=990, at=campaign.starts_at)

    assert order.goods_fen == 1_890


def test_a_single_piece_is_sold_once():
    campaign = CampaignFactory()
    piece = launching.Piece(weight_g=2_100, price_fen=16_900)
    offer = launching.Offer(product=ProductFactory(), price_fen=0, pieces=[piece, piece])
    item = launching.add_item(campaign=campaign, stores=[campaign.store], offer=offer)
    unit = ChainUnit.objects.order_by("pk").first()

    first = claim(campaign, wanted=[Wanted(item.pk, 1, unit.pk)])

    assert first.goods_fen == 16_900
    with pytest.raises(UnitTaken):
        claim(campaign, wanted=[Wanted(item.pk, 1, unit.pk)], key="b")


def test_a_cancel_offers_the_goods_to_the_first_who_waits():
    campaign = CampaignFactory(item__quota=1)
    order = claim(campaign)
    first, second = MemberFactory(), MemberFactory()
    for minute, member in enumerate((first, second)):
        at = campaign.starts_at + timedelta(minutes=minute)
        waiting.join_queue(stock=campaign.stock, member=member, quantity=1, at=at)

    cancelling.cancel_by_member(order=order, member=order.member, at=campaign.starts_at + timedelta(minutes=5))

    offer = Order.objects.get(member=first)
    assert (offer.state, taken(campaign)) == ("reserved", 1)
    assert list(WaitEntry.objects.order_by("pk").values_list("state", "offer")) == [
        ("offered", offer.pk),
        ("waiting", None),
    ]
    assert Touch.objects.values_list("member", "channel").get() == (first.pk, "offer")
    with pytest.raises(SoldOut):
        claim(campaign)


def test_nobody_cancels_another_members_order():
    order, stranger = claim(CampaignFactory()), MemberFactory()

    with pytest.raises(cancelling.OrderRefusal):
        cancelling.cancel_by_member(order=order, member=stranger, at=order.reserved_at)

    order.refresh_from_db()
    assert (order.state, AuditEntry.objects.get().action) == ("reserved", "campaign.other_members_order")


def test_the_kill_switch_stops_the_next_claim_and_leaves_a_line():
    campaign, staff = CampaignFactory(), StaffFactory()

    launching.kill(campaign=campaign, by=staff, reason="价格写错", at=campaign.starts_at)

    with pytest.raises(CampaignClosed, match="活动已停止"):
        claim(campaign)
    assert AuditEntry.objects.get(action="campaign.killed").detail == {"reason": "价格写错"}


def claim_for_each(campaign, members):
    """What came of each member's attempt."""
    results = []
    for member in members:
        try:
            results.append(claim(campaign, member))
        except SoldOut as refusal:
            results.append(refusal)
    return results


def unguarded_take(stock):
    """The control: look, then write. It must lose."""
    seen = ItemStock.objects.get(pk=stock.pk).taken
    if seen >= stock.quota:
        raise SoldOut(stock.item)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.05)")
        cursor.execute("UPDATE campaigns_itemstock SET taken = %s WHERE id = %s", [seen + 1, stock.pk])
    return True


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_at_the_last_ten_units_ten_win_and_the_numbers_have_no_gaps():
    campaign = CampaignFactory(item__quota=10)
    members = [MemberFactory(home_store=campaign.store) for _ in range(200)]

    # Six at a time, about as many connections as a process has; each goes through its members as fast as it can.
    answers = race(*(partial(claim_for_each, campaign, members[start::6]) for start in range(6)))

    results = [one for of in answers for one in of]
    won = [one for one in results if isinstance(one, Order)]
    assert (len(won), {type(one) for one in results}) == (10, {Order, SoldOut})
    assert taken(campaign) == 10
    assert sorted(ChainEntry.objects.values_list("number", flat=True)) == list(range(1, 11))


@pytest.mark.django_db(transaction=True)
def test_the_control_that_looks_before_it_writes_sells_more_than_there_is():
    campaign = CampaignFactory(item__quota=10)
    ItemStock.objects.filter(pk=campaign.stock.pk).update(taken=9)

    results = race(*(partial(unguarded_take, campaign.stock) for _ in range(6)))

    assert sum(one is True for one in results) > 1


@pytest.mark.django_db(transaction=True)
def test_one_member_at_two_phones_cannot_pass_her_limit():
    campaign, member = CampaignFactory(item__per_member=1), MemberFactory()

    results = race(*(partial(claim, campaign, member, key=f"k{n}") for n in range(6)))

    assert sum(isinstance(one, Order) for one in results) == 1
    assert {type(one) for one in results} == {Order, LimitReached}


@pytest.mark.django_db(transaction=True)
def test_one_request_sent_six_times_at_once_is_one_order():
    campaign, member = CampaignFactory(), MemberFactory()

    results = race(*(partial(claim, campaign, member) for _ in range(6)))

    assert {one.pk for one in results} == {Order.objects.get().pk}
    assert taken(campaign) == 1


def test_a_manager_opens_and_publishes_in_two_calls():
    manager = ManagerFactory()
    at = datetime(2026, 3, 2, 16, tzinfo=BUSINESS_ZONE)
    campaign = launching.open_campaign(
        by=manager, play="chain", title="晚市山竹", stores=[manager.store], at=at, starts_at=at,
        ends_at=at + timedelta(hours=4), offers=[launching.Offer(ProductFactory(name="山竹"), 1_990, quota=20)],
    )  # fmt: skip

    launching.publish(campaign=campaign, by=manager, at=at)

    order = reserve(
        campaign=campaign, store=manager.store, member=MemberFactory(), wanted=[Wanted(campaign.items.get().pk)],
        request_key="k", settling="shop", at=at,
    )  # fmt: skip
    assert (campaign.state, order.state) == ("live", "confirmed")
