"""The overview: honest numbers, inside one's own stores, at a fixed cost."""

from datetime import UTC, datetime

import pytest
import time_machine

from dashboard import selectors
from stores.models import ImportJob, Store
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
    purchase,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def test_stores_are_counted_by_stage():
    StoreFactory(stage="running")
    StoreFactory(stage="fitout")
    StoreFactory(stage="fitout")

    counted = selectors.stores_by_stage(Store.objects.all())

    assert counted == {"fitout": 2, "opening": 0, "running": 1, "suspended": 0}


def test_members_are_counted_once_merged_and_inside_the_stores():
    mine, other = StoreFactory(), StoreFactory()
    kept = MemberFactory(home_store=mine)
    MemberFactory(home_store=mine, merged_into=kept)
    MemberFactory(home_store=other)
    MemberFactory(home_store=None)

    only_mine = Store.objects.filter(pk=mine.pk)
    assert selectors.members_of(only_mine) == selectors.Headcount(number=1, is_estimate=False)
    assert selectors.members_of(Store.objects.all()).number == 2
    assert selectors.members_of(Store.objects.all(), everyone=True).number == 3


def test_many_members_are_estimated_and_said_to_be(monkeypatch, client):
    monkeypatch.setattr(selectors, "COUNTED_EXACTLY", -1)
    client.force_login(StaffFactory())

    assert selectors.members_of(Store.objects.all(), everyone=True).is_estimate
    assert "约数" in client.get("/").content.decode()


def test_a_stores_sales_follow_the_business_month_and_take_returns_off():
    store = StoreFactory()
    for moment, fen in [
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), 5000),  # 23:59 in Shanghai: last month
        (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), 700),  # midnight: this month
        (datetime(2026, 3, 9, 2, 0, tzinfo=UTC), -200),
        (datetime(2026, 1, 20, 2, 0, tzinfo=UTC), 99_999),
        (datetime(2026, 3, 11, 2, 0, tzinfo=UTC), 99_999),  # not yet
    ]:
        purchase(store=store, bought_at=moment, paid_fen=fen, quantity=1 if fen > 0 else -1)
    purchase(store=StoreFactory(), bought_at=NOW, paid_fen=12345)

    sales = selectors.store_sales(store, at=NOW)

    assert (sales.this_month_fen, sales.this_month_receipts, sales.last_month_fen) == (500, 2, 5000)
    assert sales.newest_at == datetime(2026, 3, 9, 2, 0, tzinfo=UTC)


def test_a_region_lead_sees_the_numbers_of_the_region_only(client):
    region = RegionFactory(name="浙江")
    StoreFactory(region=region, city="宁波")
    outside = StoreFactory(city="长春", stage="fitout", fitout_on="2025-01-01")
    mine = RegionLeadFactory(region=region)
    for name, store, by in [("mine.csv", None, mine), ("foreign.csv", outside, StaffFactory())]:
        ImportJob.objects.create(kind="purchases", filename=name, store=store, uploaded_by=by)
    client.force_login(mine)

    text = client.get("/").content.decode()

    assert "宁波" in text
    assert "mine.csv" in text
    assert "长春" not in text
    assert "foreign.csv" not in text
    assert "装修超过" not in text


@time_machine.travel(NOW)
def test_what_needs_a_hand_is_listed_and_leads_there(client):
    client.force_login(StaffFactory())
    StoreFactory(stage="fitout", fitout_on="2026-01-01")
    ManagerFactory()
    StoreFactory(stage="suspended", suspended_on="2026-01-01")

    text = client.get("/").content.decode()

    assert '<span class="num">1</span> 家门店还没有店长' in text
    assert '<span class="num">1</span> 家门店装修超过 45 天' in text
    assert "?manager=none" in text


def test_an_empty_chain_is_told_where_to_start(client):
    client.force_login(StaffFactory())

    text = client.get("/").content.decode()

    assert "还没有导入过" in text


@pytest.mark.parametrize("factory", [ManagerFactory, GuideFactory])
def test_store_staff_go_to_their_day(client, factory):
    person = factory()
    client.force_login(person)

    assert client.get("/").headers["Location"] == "/today/"


@pytest.mark.parametrize("count", [1, 3])
def test_the_overview_costs_the_same_whatever_the_chain(client, count, django_assert_num_queries):
    for _ in range(count):
        store = ManagerFactory().store
        MemberFactory(home_store=store)
        ImportJob.objects.create(kind="purchases", filename="x.csv", store=store)
    client.force_login(StaffFactory())

    with django_assert_num_queries(10):  # session, user, stages, cities, plan, members, imports, two todos, the day
        client.get("/")


@pytest.mark.parametrize("count", [1, 3])
def test_the_sales_strip_costs_the_same_whatever_was_sold(client, count, django_assert_num_queries):
    manager = ManagerFactory()
    for _ in range(count):
        purchase(store=manager.store, bought_at=NOW)
    client.force_login(manager)

    with django_assert_num_queries(6):  # session, user, store, sales, plan, members
        client.get(f"/stores/{manager.store_id}/sales/")
