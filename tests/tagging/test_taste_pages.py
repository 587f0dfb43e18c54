"""The taste pages: what is shown, who may write, and that another store's members stay unseen."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from stores.models import AuditEntry
from tagging.models import TasteAxis, TasteReading
from tagging.services.recommending import recommend_everybody
from tagging.services.tastes import Reading, record_readings
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    purchase,
)
from tests.tagging.tasting import moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def hq(client):
    staff = StaffFactory()
    client.force_login(staff)
    return staff


def form(**given):
    return {"source": "expert", **given}


def tasted(product, value):
    axis = TasteAxis.objects.get(key="sweet")
    record_readings(readings=[Reading(product.pk, axis, Decimal(value))], source="expert", by=None, at=timezone.now())


def test_headquarters_writes_a_taste_and_it_stands_in_the_history(client, hq):
    product = ProductFactory(name="阳光玫瑰", category="葡提")

    answer = client.post(reverse("tastes:product", args=[product.pk]), form(sweet="8.5", crisp="7"), follow=True)

    assert "已记下 2 项口味" in answer.content.decode()
    assert set(TasteReading.objects.values_list("axis__key", "value", "by")) == {
        ("sweet", 8.5, hq.pk),
        ("crisp", 7, hq.pk),
    }
    assert AuditEntry.objects.get(action="taste.edited").detail == {"axes": 2, "source": "expert", "batch": ""}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"sweet": "11"}, "「甜」要在 0 到 10 之间"),
        ({"sweet": "很甜"}, "「甜」要填数字"),
        ({"sweet": "8", "batch": "W47"}, "写了批次，就要写从哪天到哪天"),
        ({"sweet": "8", "valid_from": "2026-11-16"}, "写了日期，就要写批次"),
        (
            {"sweet": "8", "batch": "W47", "valid_from": "2026-11-22", "valid_until": "2026-11-16"},
            "批次的结束日早于开始日",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, hq, given, reason):
    product = ProductFactory()

    answer = client.post(reverse("tastes:product", args=[product.pk]), form(**given))

    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert not TasteReading.objects.exists()


def test_this_weeks_batch_is_written_beside_the_variety(client, hq):
    product = ProductFactory()
    tasted(product, 7)
    today = timezone.localdate().isoformat()

    client.post(
        reverse("tastes:product", args=[product.pk]), form(sweet="9", batch="本周", valid_from=today, valid_until=today)
    )

    page = client.get(reverse("tastes:product", args=[product.pk])).content.decode()
    assert "专家 · 本周" in page
    assert set(TasteReading.objects.values_list("value", "batch")) == {(7, ""), (9, "本周")}


def test_a_store_sees_tastes_and_writes_none(client):
    product = ProductFactory()
    client.force_login(ManagerFactory())

    assert client.get(reverse("tastes:product", args=[product.pk])).status_code == 200
    assert client.post(reverse("tastes:product", args=[product.pk]), form(sweet="8")).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_as_many_queries_for_three_products_as_for_one(client, hq, count, django_assert_num_queries):
    for _ in range(count):
        tasted(ProductFactory(category="苹果"), 8)

    with django_assert_num_queries(9):
        answer = client.get(reverse("tastes:list"))

    assert answer.content.decode().count("甜 <b") == count


def test_an_estimate_is_marked(client, hq):
    tasted(ProductFactory(category="苹果"), 8)
    ProductFactory(category="苹果", name="无人尝过的苹果")

    assert "<small>估</small>" in client.get(reverse("tastes:list"), {"q": "无人"}).content.decode()


@pytest.fixture
def buyer(db):
    store = StoreFactory()
    member = MemberFactory(home_store=store, name="王小明")
    for place in range(6):
        product = ProductFactory(category="苹果", name=f"脆苹果{place}")
        tasted(product, 5 + place % 3)
        purchase(member=member, product=product, store=store, bought_at=moment("2026-11-10"))
    recommend_everybody(as_of=date(2026, 11, 21), at=moment("2026-11-22"))
    return member


def test_a_members_card_tells_her_taste_and_what_to_offer_as_a_page_and_as_a_part(client, buyer):
    client.force_login(GuideFactory(store=buyer.home_store))
    address = reverse("tastes:member", args=[buyer.pk])

    page = client.get(address)
    part = client.get(address, headers={"HX-Request": "true"})

    assert "该补货的" in page.content.decode()
    assert "<html" in page.content.decode()
    assert "<html" not in part.content.decode()
    assert "脆苹果" in part.content.decode()


def test_another_stores_member_is_not_found(client, buyer):
    client.force_login(GuideFactory())

    assert client.get(reverse("tastes:member", args=[buyer.pk])).status_code == 404


def test_the_audience_shows_only_the_own_store_and_is_audited(client, buyer):
    product = ProductFactory(category="苹果", name="新苹果")
    tasted(product, 7)
    recommend_everybody(as_of=date(2026, 11, 21), at=moment("2026-11-22", 12))
    client.force_login(ManagerFactory(store=buyer.home_store))
    address = reverse("tastes:audience", args=[product.pk])

    own = client.get(address).content.decode()
    foreign = client.get(address, {"store": StoreFactory().code})

    assert "王小明" in own
    assert foreign.status_code == 404
    assert AuditEntry.objects.get(action="audience.viewed").detail == {"members": 1}
