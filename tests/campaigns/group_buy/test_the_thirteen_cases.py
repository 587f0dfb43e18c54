"""The defects other group-buy code has (field-survey §4.3), each as a test that ours has not."""

from datetime import timedelta

import pytest

from campaigns.errors import NotEligible
from campaigns.models import Campaign, GroupBuySeat, GroupBuyTeam, Order, Payment, Refund, SandboxTrade
from campaigns.services.cancelling import cancel_by_member, cancel_order
from campaigns.services.group_buy.deciding import NOTICE_GRACE, settle_team, sweep_teams
from campaigns.services.launching import kill
from tests.campaigns.playing import (
    AT,
    DAY,
    HOUR,
    MINUTE,
    bought,
    drive,
    group_buy,
    lapse,
    ledger_of,
    money,
    opened,
    order,
    paid,
    seat_states,
    take_again,
    team_of,
    tell,
)
from tests.factories import MemberFactory, StaffFactory

pytestmark = pytest.mark.django_db


def team_and_orders(*, seats: int, size: int = 3, **fields):
    """A campaign, its one team with so many paid seats, and their orders."""
    campaign = group_buy(size=size, **fields)
    first = bought(campaign)
    team = team_of(first)
    return campaign, team, [first, *(bought(campaign, team=team) for _ in range(seats - 1))]


def settled(team, *, at=AT):
    settle_team(team_id=team.pk, at=at)
    team.refresh_from_db()
    return team.state, team.paid_seats


def over(team):
    """The moment the sweep decides a team that has not formed."""
    return team.expires_at + NOTICE_GRACE


def test_1_overfill_one_member_too_many_is_refunded_and_the_team_stays_formed():
    campaign, team, orders = team_and_orders(seats=2)
    late, last = (opened(order(campaign, team=team)) for _ in range(2))  # both hold a place nobody has paid

    assert tell(last) == "confirmed"
    assert tell(late) == "refunded"

    assert settled(team) == ("succeeded", 3)
    assert [money(each) for each in orders] == [("confirmed", 990, 0)] * 2
    assert money(late.order) == ("cancelled", 990, 990)


def test_2_pay_after_close_is_decided_at_payment_and_refunded():
    campaign, team, _ = team_and_orders(seats=1)
    payment = opened(order(campaign, team=team, at=team.expires_at - MINUTE), at=team.expires_at - MINUTE)

    sweep_teams(at=over(team))

    assert tell(payment, paid_at=over(team) + MINUTE) == "refunded"
    assert money(payment.order) == ("cancelled", 990, 990)
    team.refresh_from_db()
    assert (team.state, team.paid_seats) == ("expired", 0)


def test_2_pay_after_close_counts_for_nothing_though_nobody_has_swept_yet():
    campaign, team, _ = team_and_orders(seats=2)
    payment = opened(order(campaign, team=team, at=team.expires_at - MINUTE), at=team.expires_at - MINUTE)

    assert tell(payment, paid_at=team.expires_at) == "refunded"
    team.refresh_from_db()
    assert (team.state, team.paid_seats) == ("open", 2)


def test_2_paid_in_time_and_told_late_still_takes_the_seat():
    campaign, team, _ = team_and_orders(seats=2)
    before = team.expires_at - timedelta(seconds=1)
    payment = opened(order(campaign, team=team, at=before), at=before)

    sweep_teams(at=team.expires_at)

    assert tell(payment, paid_at=before, at=team.expires_at + timedelta(seconds=20)) == "confirmed"


def test_3_unpaid_members_are_not_counted():
    campaign, team, orders = team_and_orders(seats=1)
    for _ in range(4):
        order(campaign, team=team)

    sweep_teams(at=over(team))

    team.refresh_from_db()
    assert (team.state, team.paid_seats) == ("expired", 0)
    assert seat_states(team) == ["refunded"] + ["released"] * 4
    assert money(orders[0]) == ("cancelled", 990, 990)


def test_4_paid_duplicate_the_same_member_joining_twice_is_told_so():
    campaign, team, orders = team_and_orders(seats=2)

    with pytest.raises(NotEligible, match="您已经在这个团里了"):
        order(campaign, orders[1].member, team=team)

    assert Order.objects.count() == 2


def test_4_paid_duplicate_a_second_place_after_the_first_lapsed_counts_once():
    campaign, team, _ = team_and_orders(seats=1)
    member = MemberFactory()
    first = opened(order(campaign, member, team=team))
    lapse(at=AT + 20 * MINUTE)
    bought(campaign, member, team=team, at=AT + 21 * MINUTE)

    assert tell(first, paid_at=AT + 22 * MINUTE) == "refunded"
    team.refresh_from_db()
    assert team.paid_seats == 2
    assert money(first.order)[1:] == (990, 990)


def test_5_leader_change_does_not_move_the_expiry():
    campaign, team, orders = team_and_orders(seats=2, size=4)
    waiting = order(campaign, team=team)
    expires_at = team.expires_at

    cancel_by_member(order=orders[0], member=orders[0].member, at=AT + HOUR)

    team.refresh_from_db()
    assert (team.leader_id, team.expires_at, team.paid_seats) == (orders[1].member_id, expires_at, 1)
    assert (team.state, money(orders[0])) == ("open", ("cancelled", 990, 990))
    cancel_by_member(order=orders[1], member=orders[1].member, at=AT + HOUR)
    team.refresh_from_db()
    assert (team.leader_id, team.expires_at, team.state) == (waiting.member_id, expires_at, "open")


def test_5_a_leader_leaving_alone_ends_the_team():
    _, team, orders = team_and_orders(seats=1)

    cancel_by_member(order=orders[0], member=orders[0].member, at=AT + MINUTE)

    team.refresh_from_db()
    assert (team.state, team.decided_at) == ("expired", AT + MINUTE)
    assert money(orders[0]) == ("cancelled", 990, 990)


def test_5_a_leader_who_never_pays_hands_the_team_to_who_did():
    campaign = group_buy()
    first = order(campaign)
    team = team_of(first)
    second = bought(campaign, team=team)

    lapse(at=AT + 20 * MINUTE)

    team.refresh_from_db()
    assert (team.leader_id, team.state, seat_states(team)) == (second.member_id, "open", ["released", "paid"])


def test_6_virtual_completion_is_off_by_default():
    _, team, orders = team_and_orders(seats=2)

    sweep_teams(at=over(team))

    team.refresh_from_db()
    assert (team.state, team.virtual_seats) == ("expired", 0)
    assert [money(each) for each in orders] == [("cancelled", 990, 990)] * 2


def test_6_virtual_completion_fills_with_a_number_and_never_with_members():
    _, team, orders = team_and_orders(seats=2, size=4, terms={"completes_virtually_from": 2})

    sweep_teams(at=over(team))

    team.refresh_from_db()
    assert (team.state, team.paid_seats, team.virtual_seats) == ("succeeded", 2, 2)
    assert seat_states(team) == ["confirmed", "confirmed"]
    assert [money(each) for each in orders] == [("confirmed", 990, 0)] * 2


def test_6_virtual_completion_does_not_count_refunded_members():
    _, team, orders = team_and_orders(seats=2, size=4, terms={"completes_virtually_from": 2})
    cancel_by_member(order=orders[1], member=orders[1].member, at=AT + MINUTE)

    sweep_teams(at=over(team))

    team.refresh_from_db()
    assert (team.state, team.virtual_seats) == ("expired", 0)


def test_6_virtual_completion_is_no_way_out_for_a_stopped_activity():
    campaign, team, orders = team_and_orders(seats=2, terms={"completes_virtually_from": 1})
    kill(campaign=campaign, by=StaffFactory(), reason="价格写错", at=AT + MINUTE)

    sweep_teams(at=AT + MINUTE)

    team.refresh_from_db()
    assert (team.state, [money(each) for each in orders]) == ("expired", [("cancelled", 990, 990)] * 2)


def test_7_refund_partial_failure_keeps_nobody_else_waiting_and_repeats_nothing():
    _, team, orders = team_and_orders(seats=3, size=4)
    broken = Payment.objects.get(order=orders[1])
    SandboxTrade.objects.filter(trade_no=broken.trade_no).update(trade_no="lost")
    sweep_teams(at=over(team))

    drive(at=over(team))
    SandboxTrade.objects.filter(trade_no="lost").update(trade_no=broken.trade_no)
    drive(at=over(team) + DAY)

    assert list(Refund.objects.order_by("payment__order").values_list("state", "tries")) == [
        ("done", 1), ("stuck", 1), ("done", 1),
    ]  # fmt: skip
    assert [ledger_of(each) for each in orders] == [[990, -990], [990], [990, -990]]


def test_8_wrong_id_the_refund_goes_by_the_order_and_not_by_the_team():
    other = bought(group_buy())  # makes the keys of teams, seats and orders differ
    Order.objects.filter(pk=other.pk).update(note="another team's")
    spare = group_buy()
    for _ in range(2):
        cancel_order(order=order(spare), reason="会员取消", cause="cancelled", at=AT)
    _, team, orders = team_and_orders(seats=2)
    assert team.pk not in {each.pk for each in orders}

    sweep_teams(at=over(team) + NOTICE_GRACE)

    assert {refund.payment.order_id for refund in Refund.objects.filter(cause=f"team:{team.pk}")} == {
        each.pk for each in orders
    }


def test_9_same_user_several_orders_each_is_decided_by_its_own_team():
    campaign = group_buy(size=2)
    member = MemberFactory()
    alone, formed = bought(campaign, member), bought(campaign, member)
    bought(campaign, team=team_of(formed))
    settle_team(team_id=team_of(formed).pk, at=AT)

    sweep_teams(at=over(team_of(alone)))

    assert (money(alone), money(formed)) == (("cancelled", 990, 990), ("confirmed", 990, 0))


def test_10_completed_team_one_refunded_stays_formed_and_is_not_open_again():
    campaign, team, orders = team_and_orders(seats=3)
    assert settled(team) == ("succeeded", 3)

    cancel_by_member(order=orders[2], member=orders[2].member, at=AT + MINUTE)

    assert settled(team) == ("succeeded", 2)
    assert (money(orders[2])[0], money(orders[0])[0]) == ("cancelled", "confirmed")
    late = MemberFactory()
    with pytest.raises(Exception, match="已经满员"):
        order(campaign, late, team=team)
    sweep_teams(at=over(team))
    assert settled(team) == ("succeeded", 2)


def test_11_duplicate_payment_callback_counts_one_seat():
    campaign, team, _ = team_and_orders(seats=1)
    payment = opened(order(campaign, team=team))

    assert tell(payment) == "waiting"
    for _ in range(3):
        take_again(payment)

    team.refresh_from_db()
    assert team.paid_seats == 2
    assert ledger_of(payment.order) == [990]


def test_11_two_payments_of_one_order_take_one_seat_and_one_goes_back():
    campaign, team, _ = team_and_orders(seats=1)
    made = order(campaign, team=team)
    first = opened(made)
    Payment.objects.filter(pk=first.pk).update(provider="elsewhere")  # a second way to pay was opened beside it
    second = opened(made)
    Payment.objects.filter(pk=first.pk).update(provider="sandbox")
    tell(first)
    tell(second)

    team.refresh_from_db()
    assert team.paid_seats == 2
    assert money(made) == ("reserved", 1_980, 990)


def test_12_timer_loss_is_a_delay_teams_are_found_days_later():
    campaign = group_buy(size=2)
    teams = [team_of(bought(campaign)) for _ in range(5)]

    assert sweep_teams(at=AT + 9 * DAY) == 5
    assert sweep_teams(at=AT + 9 * DAY) == 0

    assert set(GroupBuyTeam.objects.values_list("state", flat=True)) == {"expired"}
    assert Refund.objects.count() == len(teams)


def test_12_timer_loss_between_deciding_and_settling_is_made_up_by_the_next_sweep():
    _, team, orders = team_and_orders(seats=3)  # formed; the worker's message was lost
    assert [money(each)[0] for each in orders] == ["reserved", "reserved", "confirmed"]

    sweep_teams(at=AT + MINUTE)

    assert [money(each)[0] for each in orders] == ["confirmed"] * 3
    assert settled(team) == ("succeeded", 3)
    assert set(GroupBuySeat.objects.values_list("state", flat=True)) == {"confirmed"}


def test_13_what_the_order_used_up_comes_back_with_the_refund():
    """We have no coupons here: what an order uses up is the budget, the goods and its member's limit."""
    campaign = group_buy(item={"per_member": 1}, budget_fen=600, quota=1)
    member = MemberFactory()
    first = bought(campaign, member)
    campaign.refresh_from_db()
    assert campaign.spent_fen == 600

    sweep_teams(at=over(team_of(first)))

    campaign.refresh_from_db()
    campaign.stock.refresh_from_db()
    assert (campaign.spent_fen, campaign.stock.taken) == (0, 0)
    assert paid(order(campaign, member, at=AT + 4 * HOUR), at=AT + 4 * HOUR).paid_fen == 990


def test_an_activity_that_ends_takes_its_teams_along():
    campaign = group_buy(form_minutes=60 * 48)
    team = team_of(bought(campaign))
    assert team.expires_at == campaign.ends_at

    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.ENDED)
    sweep_teams(at=AT + MINUTE)

    team.refresh_from_db()
    assert team.state == "expired"
