"""A friend's first order: what goes back to whom, when, and when it does not. One level only."""

import pytest

from campaigns.errors import BadClaim, NotEligible
from campaigns.models import Campaign, Referral, ReferralUse, Refund
from campaigns.services.cancelling import cancel_by_member
from campaigns.services.fulfilling import after_sale
from campaigns.services.one_yuan.referrals import settle_referrals
from members.models import Identity
from tests.campaigns.playing import (
    AT,
    DAY,
    HOUR,
    bought,
    completed,
    drive,
    handed_over,
    ledger_of,
    money,
    one_yuan,
    order,
)
from tests.factories import MemberFactory, StaffFactory, identity

pytestmark = pytest.mark.django_db


def link(made):
    return {"referral": Referral.objects.get(order=made).token}


def giver_and_friend(**terms):
    campaign = one_yuan(terms=terms)
    giver = bought(campaign)
    return campaign, giver, bought(campaign, extra=link(giver))


def use_of(friend):
    return ReferralUse.objects.get(friend_order=friend)


def test_the_one_yuan_goes_back_the_way_it_came_once_the_friends_order_is_completed_and_the_time_has_passed():
    _, giver, friend = giver_and_friend()
    completed(friend, at=AT + HOUR)
    due = use_of(friend).settle_from

    assert settle_referrals(at=due - HOUR) == 0
    assert settle_referrals(at=due) == 1
    assert settle_referrals(at=due + DAY) == 0
    drive(at=due)

    assert (use_of(friend).state, use_of(friend).amount_fen) == ("settled", 100)
    assert ledger_of(giver) == [100, -100]
    giver.refresh_from_db()
    assert (giver.state, giver.refunded_fen) == ("confirmed", 100)


def test_nothing_goes_back_while_the_friend_has_not_fetched_it():
    _, giver, friend = giver_and_friend()
    handed_over(friend, at=AT + HOUR)

    assert settle_referrals(at=AT + 60 * DAY) == 0
    assert money(giver) == ("confirmed", 100, 0)


@pytest.mark.parametrize(("cap", "back"), [(5_000, 2_140), (1_500, 1_500)])
def test_hq_may_choose_the_whole_order_up_to_a_cap(cap, back):
    campaign = one_yuan(terms={"refunds_whole_order": True, "refund_cap_fen": cap})
    giver = bought(campaign, add_on=1)
    friend = bought(campaign, extra=link(giver))
    completed(friend, at=AT + HOUR)

    settle_referrals(at=AT + 30 * DAY)

    assert money(giver) == ("confirmed", 2_140, back)


def test_only_so_many_friends_count_for_one_member():
    campaign, giver, first = giver_and_friend()

    second = bought(campaign, extra=link(giver))

    assert (use_of(first).state, use_of(second).state) == ("waiting", "void")
    assert use_of(second).void_reason == "推荐人的返还次数已用完"


def test_what_is_set_aside_counts_in_the_budget_and_comes_back_when_the_friend_cancels():
    campaign, _, friend = giver_and_friend()
    campaign.refresh_from_db()
    assert campaign.spent_fen == 2 * 1_190 + 100

    cancel_by_member(order=friend, member=friend.member, at=AT + HOUR)

    campaign.refresh_from_db()
    assert campaign.spent_fen == 1_190
    assert (use_of(friend).state, use_of(friend).void_reason) == ("void", "好友的订单已取消")


def test_a_spent_budget_gives_the_friend_her_price_and_the_member_nothing():
    campaign = one_yuan(budget_fen=1_190 * 2 + 50)
    giver = bought(campaign)

    friend = bought(campaign, extra=link(giver))

    assert (friend.state, use_of(friend).state, use_of(friend).void_reason) == ("confirmed", "void", "活动预算已用完")


def test_a_friend_who_returns_everything_voids_it():
    _, giver, friend = giver_and_friend()
    handed_over(friend, at=AT + HOUR)

    after_sale(order=friend, staff=StaffFactory(), amount_fen=100, reason="坏果", at=AT + DAY)

    assert (use_of(friend).state, use_of(friend).void_reason) == ("void", "好友的订单已退货")
    assert settle_referrals(at=AT + 60 * DAY) == 0
    assert money(giver)[2] == 0


def test_a_friend_who_gets_something_back_for_one_bad_pear_keeps_it_alive():
    campaign = one_yuan()
    giver = bought(campaign)
    friend = bought(campaign, add_on=1, extra=link(giver))
    handed_over(friend, at=AT + HOUR)

    after_sale(order=friend, staff=StaffFactory(), amount_fen=500, reason="坏果", at=AT + DAY)

    assert use_of(friend).state == "waiting"


def test_a_member_whose_own_order_went_back_gets_nothing_more():
    campaign, giver, friend = giver_and_friend()
    completed(friend, at=AT + HOUR)
    cancel_by_member(order=giver, member=giver.member, at=AT + 9 * DAY)

    settle_referrals(at=AT + 30 * DAY)

    assert (use_of(friend).state, use_of(friend).void_reason) == ("void", "推荐人的订单已经退款")
    assert money(giver) == ("cancelled", 100, 100)
    assert Campaign.objects.get(pk=campaign.pk).spent_fen == 1_190


def test_her_own_link_is_refused():
    campaign = one_yuan()
    giver = bought(campaign)
    used = link(giver)
    cancel_by_member(order=giver, member=giver.member, at=AT + HOUR)  # her one time is free again

    with pytest.raises(NotEligible, match="自己的推荐链接"):
        order(campaign, giver.member, at=AT + HOUR, extra=used)


@pytest.mark.parametrize("kind", [Identity.Kind.PHONE, Identity.Kind.CARD, Identity.Kind.OPENID])
def test_a_link_of_the_same_phone_card_or_openid_is_refused(kind):
    campaign = one_yuan()
    giver, friend = bought(campaign), MemberFactory()
    used = link(giver)
    known = identity(giver.member, kind, "13800000001")
    with pytest.raises(NotEligible, match="自己的推荐链接"):
        order(campaign, friend, extra=used, fulfilment="delivery",
              recipient={"name": "林", "phone": "13800000001", "address": "文三路"}) if kind == "phone" else _as_if(
            campaign, friend, known, used
        )  # fmt: skip


def _as_if(campaign, friend, known, used):
    """The friend's phone knows the giver's card or openid: the two rows were merged since."""
    from campaigns.services.one_yuan.referrals import referral_behind

    trace = (known.kind, bytes(known.value_hash))
    return referral_behind(token=used["referral"], campaign=campaign, member_id=friend.pk, traces=[trace])


def test_a_link_of_the_same_address_is_refused():
    home = {"name": "林", "phone": "13800000001", "address": "文三路 1 号"}
    campaign = one_yuan()
    giver = bought(campaign, fulfilment="delivery", recipient=home)
    used = link(giver)
    cancel_by_member(order=giver, member=giver.member, at=AT + HOUR)

    with pytest.raises(NotEligible, match="自己的推荐链接"):
        order(campaign, extra=used, fulfilment="delivery", recipient=home | {"phone": "13900000002"}, at=AT + HOUR)


def test_a_forged_link_is_refused():
    with pytest.raises(BadClaim, match="推荐链接无效"):
        order(one_yuan(), extra={"referral": "forged"})


def test_a_friend_of_a_friend_brings_the_first_one_nothing():
    campaign, giver, friend = giver_and_friend()
    third = bought(campaign, extra=link(friend))
    completed(third, at=AT + HOUR)

    settle_referrals(at=AT + 30 * DAY)

    assert (money(giver)[2], money(friend)[2]) == (0, 100)
    assert Refund.objects.count() == 1
