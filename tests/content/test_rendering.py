"""A material as a store sends it: every place filled from that store, and a gap where it cannot be."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communities import order_links, placeholders
from communities.models import Slot
from communities.services.content.rendering import wordings
from tests.factories import (
    AssetFactory,
    ManagerFactory,
    MaterialVersionFactory,
    ProductFactory,
    StoreFactory,
    StoreProductFactory,
)

DAY = date(2026, 11, 22)  # a Sunday


def said(store, version):
    slot = Slot.objects.get(number=3)
    return wordings([(store.pk, version.pk)], day=DAY, slot=slot)[store.pk, version.pk]


@pytest.mark.django_db
def test_every_place_is_filled_from_the_store():
    store = StoreFactory(name="科技园店", phone="0755-1", address="深圳科技路 1 号", code="S00009")
    ManagerFactory(store=store, name="王芳")
    mango = ProductFactory(name="贵妃芒", unit="jin")
    StoreProductFactory(store=store, product=mango, price_fen=790, stock=12_500)
    version = MaterialVersionFactory(
        product=mango,
        text="{店名}{店长}：{商品}{价格}，还有{库存}。{日期}{星期}，电话{门店电话}，地址{门店地址}，{门店编码}",
    )

    wording = said(store, version)

    assert wording.text == (
        "科技园店王芳：贵妃芒7.9元/斤，还有25 斤。11月22日周日，电话0755-1，地址深圳科技路 1 号，S00009"
    )
    assert wording.gaps == []


@pytest.mark.django_db
def test_a_place_without_a_value_stays_and_is_told_once():
    version = MaterialVersionFactory(text="{价格} {价格} {接龙链接} {店铺}")

    wording = said(StoreFactory(), version)

    assert wording.text == "{价格} {价格} {接龙链接} {店铺}"
    assert wording.gaps == ["价格", "接龙链接", "店铺"]


@pytest.mark.django_db
def test_braces_of_a_chinese_keyboard_are_braces():
    store = StoreFactory(name="科技园店")

    assert said(store, MaterialVersionFactory(text="｛店名｝、{ 店名 }")).text == "科技园店、科技园店"


@pytest.mark.django_db
def test_the_price_a_material_claims_goes_before_the_stores_own():
    shelved = StoreProductFactory(price_fen=1990)
    version = MaterialVersionFactory(product=shelved.product, price_fen=1500, text="{价格}")

    assert said(shelved.store, version).text == "15元/份"


@pytest.mark.django_db
def test_the_order_page_comes_from_the_app_above():
    order_links.register("test", lambda wanted: {one: f"https://x.example/{one.store_id}" for one in wanted})
    try:
        store = StoreFactory()
        wording = said(store, MaterialVersionFactory(text="", link_url="{接龙链接}", link_title="{店名}接龙"))
    finally:
        order_links.unregister("test")

    assert wording.attachments == [
        {"url": f"https://x.example/{store.pk}", "title": f"{store.name}接龙", "description": ""}
    ]
    assert wording.gaps == []


@pytest.mark.django_db
def test_a_value_inside_an_address_is_escaped():
    store = StoreFactory(name="科技园店")
    version = MaterialVersionFactory(link_url="https://x.example/?s={店名}", link_title="来")

    assert said(store, version).attachments[0]["url"] == "https://x.example/?s=%E7%A7%91%E6%8A%80%E5%9B%AD%E5%BA%97"


@pytest.mark.django_db
def test_the_first_picture_is_the_cards_cover_and_the_others_go_along():
    first, second = AssetFactory(), AssetFactory()
    version = MaterialVersionFactory(
        miniprogram_appid="wx1", miniprogram_page="p?s={门店编码}", link_title="来", pictures=[first, second]
    )
    store = StoreFactory(code="S00009")

    assert said(store, version).attachments == [
        {"asset": second.pk},
        {"appid": "wx1", "page": "p?s=S00009", "title": "来", "cover": first.pk},
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_rendering_costs_the_same_for_one_store_and_for_three(django_assert_num_queries, count):
    slot = Slot.objects.get(number=1)
    pairs = []
    for _ in range(count):
        shelved = StoreProductFactory()
        version = MaterialVersionFactory(product=shelved.product, text="{价格}", pictures=[AssetFactory()])
        pairs.append((shelved.store_id, version.pk))

    with django_assert_num_queries(5):  # versions, their pictures, managers, stores, shelf
        assert len(wordings(pairs, day=DAY, slot=slot)) == count


@given(st.lists(st.sampled_from([*placeholders.KNOWN, "别的"]), max_size=6), st.text(alphabet="水果 。\n", max_size=8))
def test_a_template_gives_back_its_words_and_its_places(places, word):
    template = placeholders.parse(word + "".join(f"{{{place}}}{word}" for place in places))

    assert template.places == tuple(places)
    assert template.words == (word,) * (len(places) + 1)
    assert template.filled(dict.fromkeys(places, "x")) == word + "".join("x" + word for _ in places)


@given(st.text(max_size=60))
def test_any_text_can_be_cut_and_an_unfilled_place_stays(text):
    template = placeholders.parse(text)

    assert len(template.words) == len(template.places) + 1
    if not template.places:
        assert template.filled({}) == text
