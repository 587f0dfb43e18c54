"""Stores in order, side by side, and views of them that are kept."""

from datetime import timedelta

import pytest

from metrics.models import SavedView
from stores.models import AuditEntry
from tests.factories import RegionFactory, RegionLeadFactory, StaffFactory, StoreFactory
from tests.metrics.pages.tallying import YESTERDAY, tally

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_morning")]


def names(response):
    return [row.words[0] for row, _ in response.context["table"].lines()]


def test_stores_stand_in_the_order_of_any_metric_and_those_without_it_come_last(hq):
    good, poor = StoreFactory(name="好店"), StoreFactory(name="差店")
    StoreFactory(name="没数据店")
    tally(good, YESTERDAY, paid_fen=100_00, expected=40, on_time=40)
    tally(poor, YESTERDAY, paid_fen=900_00, expected=40, on_time=10)

    assert names(hq.get("/metrics/stores/")) == ["差店", "好店", "没数据店"]
    assert names(hq.get("/metrics/stores/?sort=-on_time_rate")) == ["好店", "差店", "没数据店"]
    assert names(hq.get("/metrics/stores/?m=quits&m=on_time_rate&sort=on_time_rate")) == ["差店", "好店", "没数据店"]


def test_stores_are_searched_and_filtered_by_region_tier_and_stage(hq):
    south = RegionFactory(name="华南")
    StoreFactory(name="科技园店", region=RegionFactory(parent=south), city_tier=1)
    StoreFactory(name="滨江店", city_tier=2, stage="fitout")

    assert names(hq.get("/metrics/stores/?q=科技")) == ["科技园店"]
    assert names(hq.get(f"/metrics/stores/?region={south.pk}")) == ["科技园店"]
    assert names(hq.get("/metrics/stores/?city_tier=2&stage=fitout")) == ["滨江店"]
    assert "没有符合条件的门店" in hq.get("/metrics/stores/?q=火星").content.decode()


def test_small_denominators_are_marked_and_unknown_columns_left_out_in_words(hq):
    tally(StoreFactory(), YESTERDAY, expected=3, on_time=3)

    response = hq.get("/metrics/stores/?m=on_time_rate&m=luck&m=speak_rate&page=99999")

    ((_, cells),) = response.context["table"].lines()
    assert [(cell.text, cell.thin) for cell in cells] == [("100.0%", True)]
    text = response.content.decode()
    assert "没有“luck”这个指标，已忽略" in text
    assert "“发言率”在这里没有数据，已忽略" in text
    assert "样本少" in text


@pytest.mark.parametrize("count", [1, 3])
def test_the_ranking_costs_the_same_however_many_stores(hq, count, django_assert_num_queries):
    for _ in range(count):
        tally(StoreFactory(), YESTERDAY, paid_fen=100)

    with django_assert_num_queries(8):  # session, user, regions, count, page, its figures, counted days, views
        hq.get("/metrics/stores/")


def test_a_period_stands_beside_the_same_weekdays_before(hq):
    store = StoreFactory()
    tally(store, YESTERDAY, paid_fen=150_00)
    tally(store, YESTERDAY - timedelta(days=7), paid_fen=100_00)

    table = hq.get("/metrics/compare/?m=gmv&period=yesterday").context["table"]

    ((line, cells),) = table.shown()
    assert table.subjects == ("2026-03-09", "03-02")
    assert ([cell.text for cell in cells], line.said, line.tone) == (["¥150.00", "¥100.00"], ("+50.0%",), "good")


def test_stores_stand_side_by_side_with_the_best_marked(hq):
    one, two = StoreFactory(name="一店"), StoreFactory(name="二店")
    tally(one, YESTERDAY, paid_fen=100_00, quits=9)
    tally(two, YESTERDAY, paid_fen=300_00, quits=2)

    path = f"/metrics/compare/?view=stores&period=yesterday&m=gmv&m=quits&store={one.pk}&store={two.pk}&store=0"
    response = hq.get(path)

    assert response.context["table"].subjects == ("一店", "二店")
    assert [line.best for line, _ in response.context["table"].shown()] == [1, 1]
    assert "有的门店不存在" in response.content.decode()


def test_a_region_lead_compares_no_stores_but_hers(client):
    mine, other = StoreFactory(name="我的店"), StoreFactory(name="别人店")
    client.force_login(RegionLeadFactory(region=mine.region))

    response = client.get(f"/metrics/compare/?view=stores&store={mine.pk}&store={other.pk}&find=店")

    assert [store.name for store in response.context["stores"]] == ["我的店"]
    assert "别人店" not in response.content.decode()


def test_a_view_is_kept_shared_by_hq_and_put_away(hq):
    lead = RegionLeadFactory()
    kept = {"page": "ranking", "name": " 早会 ", "query": "m=gmv&sort=-gmv&page=7&next=//evil.example"}
    assert hq.post("/metrics/views/save/", kept).headers["Location"] == "/metrics/stores/?m=gmv&sort=-gmv"
    view = SavedView.objects.get(name="早会")

    hq.post(f"/metrics/views/{view.pk}/share/")
    hq.force_login(lead)
    assert "早会" in hq.get("/metrics/stores/").content.decode()
    assert hq.post(f"/metrics/views/{view.pk}/unshare/").status_code == 404
    hq.force_login(view.owner)
    hq.post(f"/metrics/views/{view.pk}/delete/")

    assert not SavedView.objects.exists()
    assert AuditEntry.objects.get(action="metrics.view_shared").detail == {"name": "早会"}


@pytest.mark.parametrize(
    ("page", "name", "said"), [("ranking", " ", "请给视图起个名字"), ("passwords", "x", "不能保存视图")]
)
def test_a_view_without_name_or_page_is_refused_in_words(hq, page, name, said):
    response = hq.post("/metrics/views/save/", {"page": page, "name": name, "query": ""}, follow=True)

    assert said in response.content.decode()


def test_another_persons_view_is_not_there_to_be_changed(hq):
    view = SavedView.objects.create(
        owner=StaffFactory(), name="她的", page="ranking", query="", saved_at="2026-03-01T00:00Z"
    )

    assert hq.post(f"/metrics/views/{view.pk}/delete/").status_code == 404
    assert "她的" not in hq.get("/metrics/views/").content.decode()
