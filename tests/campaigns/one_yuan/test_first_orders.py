"""1元购: who may have one, once and for good, whatever id she comes by; and what bringing it costs."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import BadClaim, CampaignClosed, LimitReached, NotEligible
from campaigns.models import FirstOrder, FirstOrderTrace, OneYuanTerms
from campaigns.selectors.one_yuan import freight_fen
from campaigns.services.cancelling import cancel_by_member
from campaigns.services.claiming import Wanted
from campaigns.services.compliance import problems_of
from campaigns.services.one_yuan.persons import plain_address
from members.models import Identity
from members.services.merging import merge_members
from tests.campaigns.playing import (
    AT,
    DAY,
    MINUTE,
    bought,
    group_buy,
    lapse,
    money,
    one_yuan,
    opened,
    order,
    paid,
    team_of,
    tell,
)
from tests.factories import MemberFactory, StaffFactory, identity, purchase
from tests.racing import race

HOME = {"name": "林小姐", "phone": "13800000001", "address": "杭州市 西湖区，文三路 1 号 2-301"}


@pytest.mark.django_db
def test_a_first_order_costs_one_yuan_and_pick_up_is_free():
    made = bought(one_yuan())

    assert (made.state, made.goods_fen, made.freight_fen, made.paid_fen) == ("confirmed", 100, 0, 100)


@pytest.mark.django_db
@pytest.mark.parametrize(("pears", "freight"), [(0, 600), (2, 600), (3, 0)])  # 1.00, 41.80 and 62.20 of goods
def test_delivery_is_free_from_forty_nine_yuan_on(pears, freight):
    made = order(one_yuan(), add_on=pears, fulfilment="delivery", recipient=HOME)

    assert made.freight_fen == freight
    assert made.total_fen == 100 + 2_040 * pears + freight


@given(goods=st.integers(0, 100_000), threshold=st.integers(0, 100_000), freight=st.integers(0, 10_000))
def test_freight_is_all_or_nothing_and_never_charged_for_pick_up(goods, threshold, freight):
    terms = OneYuanTerms(free_freight_from_fen=threshold, freight_fen=freight)

    assert freight_fen(terms, goods_fen=goods, fulfilment="pickup") == 0
    assert freight_fen(terms, goods_fen=goods, fulfilment="delivery") == (0 if goods >= threshold else freight)


@pytest.mark.django_db
def test_it_is_once_for_a_member_in_every_store_and_at_every_time():
    member = MemberFactory()
    bought(one_yuan(), member)

    with pytest.raises(NotEligible, match="每人只有一次"):
        order(one_yuan(), member, at=AT + 20 * DAY)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(Identity.Kind))
def test_the_same_person_by_another_id_is_refused_even_after_the_id_moved_on(kind):
    first, second = MemberFactory(), MemberFactory()
    value = "13800000001" if kind == Identity.Kind.PHONE else "o-12345"
    known = identity(first, kind, value)
    bought(one_yuan(), first)
    Identity.objects.filter(pk=known.pk).update(member=second)

    with pytest.raises(NotEligible, match="手机号、微信、会员卡或地址"):
        order(one_yuan(), second)


@pytest.mark.django_db
@pytest.mark.parametrize("recipient", [
    HOME | {"phone": "13900000009", "address": "杭州市西湖区文三路１号２－３０１"},
    HOME | {"phone": "138 0000 0001", "address": "宁波市海曙区中山路 5 号"},
])  # fmt: skip
def test_the_same_address_or_the_parcels_phone_is_the_same_person(recipient):
    bought(one_yuan(), fulfilment="delivery", recipient=HOME)

    with pytest.raises(NotEligible, match="每人只有一次"):
        order(one_yuan(), fulfilment="delivery", recipient=recipient)


def test_an_address_is_the_same_however_it_is_written():
    assert plain_address("杭州市 西湖区，文三路 1 号 2-301 A座") == plain_address("杭州市西湖区文三路１号2－301a座")


@pytest.mark.django_db
def test_who_has_bought_anything_before_is_no_newcomer():
    regular = MemberFactory()
    purchase(member=regular, bought_at=AT - 40 * DAY)

    with pytest.raises(NotEligible, match="第一次下单"):
        order(one_yuan(), regular)


@pytest.mark.django_db
def test_it_is_freed_when_the_order_lapses_or_is_cancelled_before_pick_up_and_only_then():
    campaign, member = one_yuan(), MemberFactory()
    order(campaign, member)
    lapse(at=AT + 20 * MINUTE)
    second = bought(campaign, member, at=AT + 21 * MINUTE)
    cancel_by_member(order=second, member=member, at=AT + 22 * MINUTE)

    third = bought(campaign, member, at=AT + 23 * MINUTE)

    assert money(second) == ("cancelled", 100, 100)
    assert list(FirstOrder.objects.filter(released_at=None).values_list("order", flat=True)) == [third.pk]


@pytest.mark.django_db
def test_money_for_a_lapsed_first_order_goes_back_where_another_one_was_made_since():
    campaign, member = one_yuan(), MemberFactory()
    late = opened(order(campaign, member))
    lapse(at=AT + 20 * MINUTE)
    bought(campaign, member, at=AT + 21 * MINUTE)

    assert tell(late, paid_at=AT + 22 * MINUTE) == "refunded"
    assert money(late.order)[1:] == (100, 100)


@pytest.mark.django_db
def test_money_for_a_lapsed_first_order_revives_it_where_it_is_still_free():
    campaign = one_yuan()
    late = opened(order(campaign))
    lapse(at=AT + 20 * MINUTE)

    assert tell(late, paid_at=AT + 22 * MINUTE) == "confirmed"
    assert FirstOrder.objects.get().released_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("wish", ["two offers", "two of one", "only add-ons"])
def test_exactly_one_offer_is_chosen(wish):
    campaign = one_yuan()
    offer, pears = campaign.item.pk, campaign.pears.pk
    other = campaign.items.create(product=campaign.item.product, name="圣女果", price_fen=100, list_price_fen=1_290)
    other.stocks.create(store=campaign.store, quota=9)
    wanted = {"two offers": [Wanted(offer), Wanted(other.pk)], "two of one": [Wanted(offer, 2)],
              "only add-ons": [Wanted(pears)]}[wish]  # fmt: skip

    with pytest.raises(BadClaim, match="只能选一件"):
        order(campaign, wanted=wanted)


@pytest.mark.django_db
@pytest.mark.parametrize("listed", [None, 999, 2_001])
def test_an_offer_is_listed_between_ten_and_twenty_yuan(listed):
    campaign = one_yuan()
    campaign.items.filter(pk=campaign.item.pk).update(list_price_fen=listed)

    with pytest.raises(BadClaim, match="不在 1 元购范围内"):
        order(campaign)
    assert any("原价应在 10–20 元之间" in problem for problem in problems_of(campaign, at=AT))


@pytest.mark.django_db
def test_the_budget_stops_the_next_claim():
    campaign = one_yuan(budget_fen=1_190 * 2)
    bought(campaign)
    bought(campaign)

    with pytest.raises(CampaignClosed, match="派完"):
        order(campaign)


@pytest.mark.django_db
def test_per_order_limits_hold_for_add_ons_too():
    campaign = one_yuan()
    campaign.items.filter(pk=campaign.pears.pk).update(per_order=2)

    with pytest.raises(LimitReached):
        order(campaign, add_on=3)


@pytest.mark.django_db(transaction=True)
def test_one_person_on_six_phones_at_once_gets_one():
    campaign = one_yuan()
    members = [MemberFactory() for _ in range(6)]

    answers = race(*(partial(order, campaign, each, fulfilment="delivery", recipient=HOME) for each in members))

    assert sum(isinstance(each, NotEligible) for each in answers) == 5
    assert FirstOrderTrace.objects.filter(kind="address", released_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_six_homes_at_once_get_six():
    campaign = one_yuan()
    jobs = [
        partial(order, campaign, MemberFactory(), fulfilment="delivery",
                recipient={"name": "林", "phone": f"1380000001{n}", "address": f"文三路 {n} 号"})
        for n in range(6)
    ]  # fmt: skip

    answers = race(*jobs)

    assert [each.state for each in answers] == ["reserved"] * 6
    assert FirstOrder.objects.filter(released_at=None).count() == 6
    assert paid(answers[0]).state == "confirmed"


@pytest.mark.django_db
def test_a_first_order_and_a_seat_follow_a_merge_and_go_on_counting():
    kept, absorbed = MemberFactory(), MemberFactory()
    bought(one_yuan(), absorbed)
    seat = bought(group_buy(), absorbed)

    merge_members(kept=kept, absorbed=absorbed, reason="同一人", evidence={}, by=StaffFactory(), at=AT + MINUTE)

    assert (team_of(seat).leader, team_of(seat).seats.get().member) == (kept, kept)
    with pytest.raises(NotEligible, match="每人只有一次"):
        order(one_yuan(), kept)
