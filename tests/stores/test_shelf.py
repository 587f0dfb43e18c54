"""Prices, stock and what is on sale: who may change them, how they are typed, and two people at once."""

from datetime import UTC, datetime
from functools import partial

import pytest

from stores.models import AuditEntry, Product, StoreProduct
from stores.services.shelf import ShelfChangedMeanwhile, ShelfChangeRefused, ShelfState, change_shelf
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    ProductFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreProductFactory,
)
from tests.racing import race

AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SEEN = ShelfState(price_fen=1000, stock=10, on_sale=True)


def change(item, wanted, actor, seen=SEEN):
    return change_shelf(item=StoreProduct.objects.get(pk=item.pk), seen=seen, wanted=wanted, actor=actor, at=AT)


@pytest.mark.django_db
def test_the_manager_and_hq_change_the_shelf_and_are_written_down():
    manager = ManagerFactory()
    item = StoreProductFactory(store=manager.store)
    once, twice = ShelfState(1290, 8, on_sale=True), ShelfState(1290, 8, on_sale=False)

    change(item, once, manager)
    change(item, twice, StaffFactory(), seen=once)

    item.refresh_from_db()
    assert ShelfState.of(item) == twice
    assert item.updated_at == AT
    assert [entry.detail["to"]["on_sale"] for entry in AuditEntry.objects.order_by("pk")] == [True, False]


@pytest.mark.django_db
@pytest.mark.parametrize("factory", [GuideFactory, ManagerFactory, RegionLeadFactory])
def test_nobody_else_changes_a_shelf(factory):
    item = StoreProductFactory()

    with pytest.raises(ShelfChangeRefused):
        change(item, ShelfState(1, 1, on_sale=True), factory())

    item.refresh_from_db()
    assert ShelfState.of(item) == SEEN


@pytest.mark.django_db
def test_a_repeated_change_is_made_and_written_down_once():
    manager = ManagerFactory()
    item = StoreProductFactory(store=manager.store)
    wanted = ShelfState(1290, 8, on_sale=True)

    change(item, wanted, manager)
    change(item, wanted, manager)

    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db
def test_a_sale_in_between_is_not_overwritten():
    manager = ManagerFactory()
    item = StoreProductFactory(store=manager.store)
    StoreProduct.objects.filter(pk=item.pk).update(stock=7)

    with pytest.raises(ShelfChangedMeanwhile):
        change(item, ShelfState(1290, 10, on_sale=True), manager)

    item.refresh_from_db()
    assert ShelfState.of(item) == ShelfState(1000, 7, on_sale=True)


@pytest.mark.django_db(transaction=True)
def test_two_people_change_one_article_and_one_of_them_is_told():
    manager = ManagerFactory()
    item = StoreProductFactory(store=manager.store)
    rush = [partial(change, item, ShelfState(2000 + n, 10, on_sale=True), manager) for n in range(6)]

    results = race(*rush)

    assert sum(isinstance(r, StoreProduct) for r in results) == 1
    assert sum(isinstance(r, ShelfChangedMeanwhile) for r in results) == 5


@pytest.mark.django_db(transaction=True)
def test_a_blind_write_loses_what_the_condition_saves():
    """The control: without the state seen as a condition, every one of them believes to have won."""
    manager = ManagerFactory()
    item = StoreProductFactory(store=manager.store)

    def blind(price):
        return StoreProduct.objects.filter(pk=item.pk).update(price_fen=price)

    assert sum(race(*[partial(blind, 2000 + n) for n in range(6)])) == 6


def form_data(item, **typed):
    seen = {"seen_price_fen": item.price_fen, "seen_stock": item.stock, "seen_on_sale": str(item.on_sale)}
    return {"price": "12.80", "stock": "9", "on_sale": "on"} | seen | typed


@pytest.fixture
def shop(client):
    manager = ManagerFactory()
    client.force_login(manager)
    return manager.store


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("unit", "typed", "stored"),
    [
        (Product.Unit.JIN, {"price": "￥12.8", "stock": "12.5"}, ShelfState(1280, 6250, on_sale=True)),
        (Product.Unit.PORTION, {"price": " １２．８０ ", "stock": "1,200"}, ShelfState(1280, 1200, on_sale=True)),
        (Product.Unit.PIECE, {"price": "1", "stock": "0", "on_sale": ""}, ShelfState(100, 0, on_sale=False)),
    ],
)
def test_typing_is_read_as_shop_staff_write(client, shop, unit, typed, stored):
    item = StoreProductFactory(store=shop, product=ProductFactory(unit=unit))

    response = client.post(f"/stores/{shop.pk}/shelf/{item.pk}/", form_data(item, **typed))

    assert response.headers["Location"] == f"/stores/{shop.pk}/"
    item.refresh_from_db()
    assert ShelfState.of(item) == stored


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"price": "abc"}, "价格要写数字"),
        ({"price": "NaN"}, "价格要写数字"),
        ({"price": "0"}, "价格要在 0.01 到 99,999.99 元之间"),
        ({"price": "1e9"}, "价格要在 0.01 到 99,999.99 元之间"),
        ({"price": "1.005"}, "价格最多写到分"),
        ({"stock": "-1"}, "库存不能是负数"),
        ({"stock": "1.5"}, "库存要写整数"),
        ({"stock": "9999999999"}, "库存太大了"),
        ({"seen_stock": "x"}, "页面内容过期了"),
    ],
)
def test_bad_typing_is_refused_in_words_and_changes_nothing(client, shop, typed, message):
    item = StoreProductFactory(store=shop)

    response = client.post(
        f"/stores/{shop.pk}/shelf/{item.pk}/", form_data(item, **typed), headers={"HX-Request": "true"}
    )

    assert response.status_code == 422
    assert message in response.content.decode()
    item.refresh_from_db()
    assert ShelfState.of(item) == SEEN


@pytest.mark.django_db
def test_a_colleague_was_faster_so_the_form_says_so_and_the_second_save_wins(client, shop):
    item = StoreProductFactory(store=shop)
    url = f"/stores/{shop.pk}/shelf/{item.pk}/"
    stale = form_data(item)
    StoreProduct.objects.filter(pk=item.pk).update(stock=3, on_sale=False)

    refused = client.post(url, stale, headers={"HX-Request": "true"})
    text = refused.content.decode()

    assert refused.status_code == 422
    assert "现在是 ¥10.00、库存 3 份、已下架" in text
    assert 'name="seen_stock" value="3"' in text
    item.refresh_from_db()
    saved = client.post(url, form_data(item), headers={"HX-Request": "true"})
    assert saved.status_code == 200
    assert "¥12.80" in saved.content.decode()
    assert "toast" in saved.headers["HX-Trigger"]
