"""The list of stores and a store's page: who sees what, and at what cost."""

import re

import pytest
from django.urls import reverse

from stores.models import Store
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    ProductFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
    StoreProductFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def names(response) -> list[str]:
    return re.findall(r'<a class="row-title stretched" href="/stores/\d+/">([^<]+)</a>', response.content.decode())


@pytest.fixture
def tree():
    """华东 > 浙江 > 杭州, and 华北 beside it, each with a store of its own."""
    east = RegionFactory(code="E", name="华东")
    zhejiang = RegionFactory(code="ZJ", name="浙江", parent=east)
    hangzhou = RegionFactory(code="HZ", name="杭州区", parent=zhejiang)
    north = RegionFactory(code="N", name="华北")
    for code, region in (("A", east), ("B", zhejiang), ("C", hangzhou), ("D", north)):
        StoreFactory(code=code, name=f"{region.name}店", region=region)
    return {region.name: region for region in (east, zhejiang, hangzhou, north)}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_hq_sees_every_store_and_a_region_lead_the_subtree(client, tree, headers):
    client.force_login(StaffFactory())
    assert names(client.get("/stores/", headers=headers)) == ["华东店", "浙江店", "杭州区店", "华北店"]

    client.force_login(RegionLeadFactory(region=tree["浙江"]))
    assert names(client.get("/stores/", headers=headers)) == ["浙江店", "杭州区店"]


@pytest.mark.parametrize("factory", [ManagerFactory, GuideFactory])
def test_store_staff_are_sent_to_their_own_store(client, factory):
    person = factory()
    client.force_login(person)

    assert client.get("/stores/").headers["Location"] == f"/stores/{person.store_id}/"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
@pytest.mark.parametrize("factory", [ManagerFactory, GuideFactory, RegionLeadFactory])
def test_another_store_is_not_found_by_any_door(client, factory, headers):
    client.force_login(factory())
    item = StoreProductFactory()
    other = item.store_id

    for path in (
        f"/stores/{other}/",
        f"/stores/{other}/?q=x",
        f"/stores/{other}/sales/",
        f"/stores/{other}/shelf/{item.pk}/",
    ):
        assert client.get(path, headers=headers).status_code == 404
    assert client.post(f"/stores/{other}/stage/", {"to": "suspended", "on": "2026-01-01"}).status_code == 404
    assert client.post(f"/stores/{other}/shelf/{item.pk}/", {"price": "1"}).status_code == 404


def test_an_article_of_another_store_is_not_found_under_the_own_one(client):
    manager = ManagerFactory()
    client.force_login(manager)
    item = StoreProductFactory()

    assert client.get(f"/stores/{manager.store_id}/shelf/{item.pk}/").status_code == 404


def test_stores_are_found_by_name_code_city_and_manager(client):
    client.force_login(StaffFactory())
    by_name, by_code, by_city = StoreFactory(name="翠竹店"), StoreFactory(code="ZZ-77"), StoreFactory(city="昆明")
    by_manager = ManagerFactory(name="杨丽艳").store
    ManagerFactory(name="杨丽艳", is_active=False)

    for text, store in {"翠竹": by_name, "zz-7": by_code, "昆明": by_city, " 杨丽 ": by_manager}.items():
        assert names(client.get("/stores/", {"q": text})) == [store.name]


def test_filters_narrow_the_list_and_nonsense_is_ignored(client, tree):
    client.force_login(StaffFactory())
    Store.objects.filter(code="B").update(stage="fitout", city_tier=1)
    ManagerFactory(store=Store.objects.get(code="C"))

    def shown(**query):
        return names(client.get("/stores/", query))

    assert shown(region=tree["浙江"].pk) == ["浙江店", "杭州区店"]
    assert shown(stage="fitout") == ["浙江店"]
    assert shown(city_tier="1") == ["浙江店"]
    assert shown(manager="none") == ["华东店", "浙江店", "华北店"]
    assert shown(region="x", stage="nope", city_tier="-1", sort="password", page="-9") == shown()


def test_a_region_lead_cannot_filter_by_a_foreign_region(client, tree):
    client.force_login(RegionLeadFactory(region=tree["浙江"]))

    response = client.get("/stores/", {"region": tree["华北"].pk})

    assert "华北" not in response.content.decode()


@pytest.mark.parametrize(
    ("sort", "order"),
    [("code", "ABC"), ("-code", "CBA"), ("opened_on", "BCA"), ("-opened_on", "CBA"), ("-on_sale_count", "CAB")],
)
def test_the_list_is_sorted_with_unknown_dates_last(client, sort, order):
    client.force_login(StaffFactory())
    StoreFactory(code="A", name="A")
    StoreFactory(code="B", name="B", opened_on="2025-01-01")
    StoreProductFactory(store=StoreFactory(code="C", name="C", opened_on="2026-01-01"))

    assert "".join(names(client.get("/stores/", {"sort": sort}))) == order


def test_pages_hold_twenty_and_keep_the_filter(client):
    client.force_login(StaffFactory())
    region = RegionFactory()
    for _ in range(45):
        StoreFactory(region=region, city="苏州")

    last = client.get("/stores/", {"city": "x", "q": "苏州", "page": 3})

    assert len(names(last)) == 5
    text = last.content.decode()
    assert "第 41–45 家，共 45 家" in text
    assert "q=%E8%8B%8F%E5%B7%9E&amp;page=2" in text


def test_the_partial_is_the_rows_alone_and_a_history_restore_is_a_page(client):
    client.force_login(StaffFactory())

    part = client.get("/stores/", headers=HTMX)
    restored = client.get("/stores/", headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert "<html" not in part.content.decode()
    assert "<html" in restored.content.decode()
    assert {"HX-Request", "HX-History-Restore-Request"} <= set(part.headers["Vary"].split(", "))


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(client, count, django_assert_num_queries):
    client.force_login(StaffFactory())
    for _ in range(count):
        StoreProductFactory(store=ManagerFactory().store)

    with django_assert_num_queries(6):  # session, user, count, rows, managers, regions of the filter
        client.get("/stores/")


@pytest.mark.parametrize("count", [1, 3])
def test_a_store_costs_the_same_whatever_it_holds(client, count, django_assert_num_queries):
    manager = ManagerFactory()
    for _ in range(count):
        GuideFactory(store=manager.store)
        StoreProductFactory(store=manager.store)
    client.force_login(manager)

    with django_assert_num_queries(6):  # session, user, store, articles counted and read, staff
        client.get(f"/stores/{manager.store_id}/")


def test_the_shelf_is_searched_by_name_code_and_category(client):
    manager = ManagerFactory()
    for code, name, category in (("P1", "阳光玫瑰", "葡萄"), ("P2", "贵妃芒", "芒果")):
        StoreProductFactory(store=manager.store, product=ProductFactory(code=code, name=name, category=category))
    client.force_login(manager)

    for text in ("贵妃", "p2", "芒果"):
        part = client.get(f"/stores/{manager.store_id}/", {"q": text}, headers=HTMX).content.decode()
        assert "贵妃芒" in part
        assert "阳光玫瑰" not in part


def test_a_guide_sees_prices_but_no_way_to_change_them(client):
    guide = GuideFactory()
    item = StoreProductFactory(store=guide.store, price_fen=1990)
    client.force_login(guide)

    text = client.get(f"/stores/{guide.store_id}/").content.decode()

    assert "¥19.90" in text
    assert "修改" not in text
    assert client.get(reverse("stores:shelf_item", args=[guide.store_id, item.pk])).status_code == 404


def test_empty_lists_say_what_to_do(client):
    client.force_login(StaffFactory())
    store = StoreFactory()

    assert "没有符合条件的门店" in client.get("/stores/?q=zzz").content.decode()
    page = client.get(f"/stores/{store.pk}/").content.decode()
    assert "货架上还没有商品" in page
    assert "还没有店员账号" in page
