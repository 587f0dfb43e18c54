"""A member's value: what is counted, what is learnt, what a night changes, and who sees the money."""

from datetime import timedelta

import pytest
import time_machine

from members.services.merging import merge_members
from tagging.models import MemberValue
from tagging.services.valuing import count_store, learn_value, score_store
from tests.factories import ManagerFactory, MemberFactory, ProductFactory, StaffFactory, StoreFactory, purchase
from tests.tagging.talking import FRIDAY

pytestmark = pytest.mark.django_db


def member(store, *days_ago, fen=5_000, **fields):
    person = MemberFactory(home_store=store, **fields)
    product = ProductFactory()
    for days in days_ago:
        purchase(member=person, product=product, bought_at=FRIDAY - timedelta(days=days, minutes=5), paid_fen=fen)
    return person


def night(store, at=FRIDAY):
    counted = count_store(store=store, at=at)
    model = learn_value(at=at)
    score_store(store=store, model=model, at=at)
    return counted


def test_what_a_member_bought_is_counted_by_days_and_after_returns():
    store = StoreFactory()
    person = member(store, 400, 30, 10)
    purchase(member=person, bought_at=FRIDAY - timedelta(days=10), paid_fen=2_000)
    purchase(member=person, bought_at=FRIDAY - timedelta(days=9), paid_fen=-1_000, quantity=-1)

    night(store)

    value = MemberValue.objects.get()
    assert (value.days, value.year_days, value.total_fen, value.year_fen) == (3, 2, 17_000, 12_000)
    assert (value.repeat_fen, (FRIDAY.date() - value.last_on).days) == (6_000, 10)


def test_stages_tell_newcomers_regulars_and_the_lost_apart():
    store = StoreFactory()
    people = {
        "new": member(store, 5), "growing": member(store, 100, 70, 40, 10),
        "mature": member(store, *range(3, 200, 14)), "lost": member(store, 400),
        "sleeping": member(store, 120),
    }  # fmt: skip

    night(store)

    assert {name: MemberValue.objects.get(pk=person.pk).stage for name, person in people.items()} == {
        name: name for name in people
    }


def test_the_second_night_counts_only_who_bought_and_scores_only_what_changed():
    store = StoreFactory()
    people = [member(store, 100 + n, 50 + n) for n in range(4)]
    assert night(store) == 4

    assert count_store(store=store, at=FRIDAY) == 0
    purchase(member=people[0], bought_at=FRIDAY + timedelta(hours=2), paid_fen=9_900)
    assert night(store, at=FRIDAY + timedelta(days=1)) == 1

    assert MemberValue.objects.get(pk=people[0].pk).days == 3
    model = learn_value(at=FRIDAY + timedelta(days=1))
    assert score_store(store=store, model=model, at=FRIDAY + timedelta(days=1)) == 0


def test_who_spends_more_and_came_lately_scores_higher():
    store = StoreFactory()
    weak, strong = member(store, 300, 250, fen=500), member(store, *range(2, 90, 7), fen=20_000)
    for n in range(5):
        member(store, 150 + n, 80 + n)

    night(store)

    one, other = MemberValue.objects.get(pk=weak.pk), MemberValue.objects.get(pk=strong.pk)
    assert [(v.recency, v.frequency, v.monetary) for v in (one, other)] == [(1, 1, 1), (5, 5, 5)]
    assert one.ltv_fen < other.ltv_fen
    assert one.alive < other.alive


def test_nobody_bought_and_nothing_is_learnt():
    assert learn_value(at=FRIDAY) is None


def test_after_a_merge_the_night_counts_the_two_as_one():
    store = StoreFactory()
    kept, absorbed = member(store, 40, 20), member(store, 30)
    night(store)

    merge_members(kept=kept, absorbed=absorbed, reason="同一人", evidence={}, by=StaffFactory(), at=FRIDAY)
    night(store)

    assert list(MemberValue.objects.values_list("member", "days")) == [(kept.pk, 3)]


def test_her_page_shows_stage_and_scores_and_the_money_to_headquarters_only(client):
    store = StoreFactory()
    person = member(store, *range(3, 200, 14))
    night(store)
    shown = {}
    for name, user in (("hq", StaffFactory()), ("manager", ManagerFactory(store=store)), ("other", ManagerFactory())):
        client.force_login(user)
        with time_machine.travel(FRIDAY, tick=False):
            shown[name] = client.get(f"/segments/members/{person.pk}/")
    assert [answer.status_code for answer in shown.values()] == [200, 200, 404]
    assert "成熟" in shown["manager"].content.decode()
    assert ["未来一年价值" in shown[name].content.decode() for name in ("hq", "manager")] == [True, False]
