"""The overview: what happened, against the same weekdays before, inside one's own stores; gaps are gaps."""

from datetime import date, timedelta

import pytest

from metrics.models import SlotTally
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    RegionFactory,
    RegionLeadFactory,
    StoreFactory,
)
from tests.metrics.pages.tallying import NOW, YESTERDAY, tallies, tally

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_morning")]


def tile(response, code):
    return next(one for one in response.context["tiles"] if one.metric.code == code)


def test_yesterday_is_set_beside_the_same_weekday_before(hq):
    store = StoreFactory()
    tally(store, YESTERDAY, paid_fen=120_00, orders=3, expected=10, on_time=9)
    tally(store, YESTERDAY - timedelta(days=7), paid_fen=100_00, orders=4, expected=10, on_time=8)

    response = hq.get("/metrics/")

    sales, orders, kept = (tile(response, code) for code in ("net_sales", "orders", "on_time_rate"))
    assert (sales.headline, sales.change.words, sales.change.tone) == ("¥120", "+20.0%", "good")
    assert (orders.headline, orders.change.words, orders.change.tone) == ("3", "-25.0%", "bad")
    assert (kept.headline, kept.change.words, kept.thin) == ("90.0%", "+10.0 个百分点", False)


def test_a_day_that_was_not_counted_is_a_dash_and_said_to_be_missing(hq):
    StoreFactory()

    response = hq.get("/metrics/?period=7")

    assert {one.headline for one in response.context["tiles"]} == {"—"}
    assert "还没有汇总数据" in response.content.decode()


def test_half_a_day_is_not_compared_with_a_whole_one(hq):
    store = StoreFactory()
    tally(store, NOW.date(), paid_fen=10_00)
    tally(store, NOW.date() - timedelta(days=7), paid_fen=100_00)

    sales = tile(hq.get("/metrics/?period=today"), "net_sales")

    assert (sales.headline, sales.change.words, sales.change.tone) == ("¥10", "今天还没过完", "")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("period=own&first=2026-03-09&last=2026-03-01", "结束日期早于开始日期，已改看昨天"),
        ("period=own&first=2016-03-09&last=2026-03-01", "最长只能看 400 天，已改看昨天"),
        ("period=own&first=2026-03-01&last=2027-03-01", "结束日期还没到，已改看昨天"),
        ("period=own&first=gestern", "请填写起止日期"),
        ("period=decade", "没有“decade”这个时间范围"),
        ("trend=luck", "没有“luck”这个指标"),
        ("region=999999", "区域的选项不存在，已忽略"),
        ("region=abc&city_tier=99", "选项不存在，已忽略"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(hq, query, said):
    tally(StoreFactory(), YESTERDAY, paid_fen=100)

    response = hq.get(f"/metrics/?{query}")

    assert response.status_code == 200
    assert said in response.content.decode()


def test_a_region_without_stores_is_a_state_of_its_own(hq):
    empty = RegionFactory(name="西北")
    tally(StoreFactory(), YESTERDAY, paid_fen=100)

    text = hq.get(f"/metrics/regions/{empty.pk}/").content.decode()

    assert "这里还没有门店" in text
    assert "西北" in text


def test_regions_stand_side_by_side_with_all_below_them(hq):
    south = RegionFactory(name="华南")
    east = RegionFactory(name="华东")
    tally(StoreFactory(region=RegionFactory(parent=south)), YESTERDAY, paid_fen=300_00)
    tally(StoreFactory(region=RegionFactory(parent=south)), YESTERDAY, paid_fen=200_00)
    tally(StoreFactory(region=east), YESTERDAY, paid_fen=50_00)

    table = hq.get("/metrics/places/").context["regions"]

    shown = {row.words[0]: cells[0].text for row, cells in table.lines()}
    assert shown == {"华南": "¥500.00", "华东": "¥50.00"}


def test_a_region_lead_sees_her_region_alone(client):
    mine = RegionFactory(name="浙江")
    tally(StoreFactory(region=mine, name="滨江店"), YESTERDAY, paid_fen=300_00)
    tally(StoreFactory(name="长春店"), YESTERDAY, paid_fen=900_00)
    client.force_login(RegionLeadFactory(region=mine))

    response = client.get("/metrics/")

    assert tile(response, "net_sales").headline == "¥300"
    places = client.get("/metrics/places/").content.decode()
    assert ("滨江店" in places, "长春店" in places) == (True, False)
    assert client.get(f"/metrics/regions/{RegionFactory().pk}/").status_code == 404


def test_a_manager_is_led_to_her_store_and_a_guide_finds_nothing(client):
    manager, guide = ManagerFactory(), GuideFactory()

    client.force_login(manager)
    assert client.get("/metrics/").headers["Location"] == f"/metrics/stores/{manager.store_id}/"
    client.force_login(guide)
    assert [client.get(path).status_code for path in ("/metrics/", f"/metrics/stores/{guide.store_id}/")] == [404, 404]


def test_the_hours_are_mapped_by_day_and_by_region(hq):
    region = RegionFactory(name="华南")
    SlotTally.objects.create(region=region, slot_id=1, day=YESTERDAY, expected=200, on_time=199)
    SlotTally.objects.create(region=region, slot_id=2, day=YESTERDAY, expected=4, on_time=1)

    by_day = hq.get("/metrics/heat/").context["rows"]
    by_region = hq.get("/metrics/heat/?by=region").context["rows"]

    assert [row.label for row in by_day][:2] == ["03-09 周一", "03-08 周日"]
    assert [share and share.percent for share in by_day[0].cells] == [99, 25, None, None]  # never rounded up to 100
    assert [(row.label, [share and share.percent for share in row.cells]) for row in by_region] == [
        ("华南", [99, 25, None, None])
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_the_overview_costs_the_same_whatever_the_chain(hq, count, django_assert_num_queries):
    top = RegionFactory()
    stores = [StoreFactory(region=RegionFactory(parent=top)) for _ in range(count)]
    tallies(stores, [YESTERDAY, date(2026, 3, 2)], paid_fen=100, orders=1)

    with django_assert_num_queries(9):  # session, user, regions, counted days, views, count, 2 totals, alerts
        hq.get("/metrics/")
    with django_assert_num_queries(4):  # session, user, 2 trends
        hq.get("/metrics/trend/")
    with django_assert_num_queries(8):  # session, user, figures and names of both ends, tiers, 3 of regions
        hq.get("/metrics/places/")
