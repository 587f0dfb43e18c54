"""A thousand phones at once: twenty teams of three, and what a race without the team's lock would do."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection
from django.db.models import F, Sum

from campaigns.models import GroupBuySeat, GroupBuyTeam, LedgerEntry, Order, OrderLine, Payment, Refund
from campaigns.services.group_buy.deciding import NOTICE_GRACE, decide_team, sweep_teams
from campaigns.services.paying import settle_paid
from members.models import Member
from tests.campaigns.playing import AT, HOUR, bought, group_buy, opened, order, team_of, tell
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS, TEAMS, SIZE, HANDS = 1_000, 20, 3, 6


def rush(jobs):
    """Every job as soon as one of six hands (the pool has eight connections) is free, all starting together."""
    gate = threading.Barrier(HANDS)
    queue = iter(list(jobs))
    lock = threading.Lock()

    def work(_):
        results = []
        try:
            connection.ensure_connection()
            gate.wait(30)
            while True:
                with lock:
                    job = next(queue, None)
                if job is None:
                    return results
                results.append(job())
        finally:
            connection.close()

    with ThreadPoolExecutor(HANDS) as pool:
        return [result for part in pool.map(work, range(HANDS)) for result in part]


def unpaid_places(campaign, teams, members):
    """One reserved place for each member, teams in turn, its payment open: as `start_payment` leaves it."""
    orders = Order.objects.bulk_create(
        Order(campaign=campaign, store=campaign.store, member=member, request_key=f"rush{n}", settling="online",
              goods_fen=990, reserved_at=AT, held_until=AT + HOUR)
        for n, member in enumerate(members)
    )  # fmt: skip
    OrderLine.objects.bulk_create(OrderLine(order=o, stock=campaign.stock, quantity=1, price_fen=990) for o in orders)
    GroupBuySeat.objects.bulk_create(
        GroupBuySeat(team=teams[n % len(teams)], member=o.member, order=o, joined_at=AT) for n, o in enumerate(orders)
    )
    campaign.stock.taken += len(orders)
    campaign.stock.save()
    return Payment.objects.bulk_create(
        Payment(order=o, provider="sandbox", trade_no=f"P{o.pk}", amount_fen=990, made_at=AT) for o in orders
    )


def settle(payment):
    """What a notice comes to once it is verified (`tell` does all of it)."""
    return settle_paid(payment=payment, provider_no=payment.trade_no, amount_fen=990, paid_at=AT, at=AT).value


def test_a_thousand_clients_on_twenty_teams_of_three_leave_sixty_seats_and_nothing_stranded():
    campaign = group_buy(size=SIZE, quota=CLIENTS, item={"list_price_fen": None})
    teams = [team_of(order(campaign)) for _ in range(TEAMS)]
    leaders = [partial(tell, opened(each)) for each in Order.objects.order_by("pk")]
    campaign.stock.refresh_from_db()
    members = Member.objects.bulk_create(Member(name=f"团友{n}") for n in range(CLIENTS - TEAMS))
    payments = unpaid_places(campaign, teams, members)

    outcomes = rush([*leaders, *(partial(settle, payment) for payment in payments)])
    sweep_teams(at=AT)

    assert len(outcomes) == CLIENTS
    assert outcomes.count("refunded") == CLIENTS - TEAMS * SIZE
    assert list(GroupBuyTeam.objects.values_list("state", "paid_seats").distinct()) == [("succeeded", SIZE)]
    assert GroupBuySeat.objects.filter(state="confirmed").count() == TEAMS * SIZE
    assert Order.objects.filter(state="confirmed", paid_fen=990).count() == TEAMS * SIZE
    assert Order.objects.filter(state="cancelled", paid_fen=990).count() == CLIENTS - TEAMS * SIZE
    paid, back = (model.objects.aggregate(sum=Sum("amount_fen"))["sum"] for model in (LedgerEntry, Refund))
    assert (paid, paid - back) == (CLIENTS * 990, TEAMS * SIZE * 990)
    campaign.stock.refresh_from_db()
    assert campaign.stock.taken == TEAMS * SIZE


def test_the_last_seat_raced_by_six_has_one_winner():
    campaign = group_buy()
    team = team_of(bought(campaign))
    bought(campaign, team=team)
    payments = [opened(order(campaign, team=team)) for _ in range(6)]

    outcomes = race(*(partial(tell, payment) for payment in payments))

    assert sorted(outcomes) == ["confirmed"] + ["refunded"] * 5


def test_control_reading_the_seats_and_then_writing_them_overfills():
    """What `pay_seat` would be without the team's lock: everybody sees the free seat, everybody takes it."""
    team = team_of(bought(group_buy()))
    looked = threading.Barrier(6)

    def careless():
        seen = GroupBuyTeam.objects.get(pk=team.pk)
        looked.wait(30)
        return "confirmed" if seen.paid_seats < seen.size else "refunded"

    assert race(*[careless] * 6) == ["confirmed"] * 6


def test_the_table_itself_refuses_a_seat_too_many():
    team = team_of(bought(group_buy()))

    answers = race(*[lambda: GroupBuyTeam.objects.filter(pk=team.pk).update(paid_seats=F("paid_seats") + 1)] * 4)

    assert sorted(type(each).__name__ for each in answers) == ["IntegrityError", "IntegrityError", "int", "int"]


@pytest.mark.parametrize("round_", range(6))
def test_expiry_and_the_last_payment_race_on_one_row_and_the_money_follows_whoever_was_first(round_):
    campaign = group_buy(size=2)
    first = bought(campaign)
    team = team_of(first)
    payment = opened(order(campaign, team=team))
    over = team.expires_at + NOTICE_GRACE

    told, decided = race(partial(tell, payment, paid_at=AT, at=over), partial(decide_team, team_id=team.pk, at=over))
    sweep_teams(at=over)

    team.refresh_from_db()
    first.refresh_from_db()
    assert (team.state, told, first.state) in {
        ("succeeded", "confirmed", "confirmed"), ("expired", "refunded", "cancelled"),
    }  # fmt: skip
    assert decided == (team.state == "expired")
    assert Refund.objects.count() == (0 if team.state == "succeeded" else 2)
