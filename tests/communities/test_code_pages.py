"""The pages of entry codes: own stores only, and nothing is printed before it exists."""

import io

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from communities import poster
from communities.models import EntryCode
from tests.clients import signed_in
from tests.factories import EntryCodeFactory, GuideFactory, ManagerFactory, StaffFactory, StoreFactory


@pytest.mark.django_db
def test_a_manager_orders_a_code_for_the_own_store():
    manager = ManagerFactory()

    answer = signed_in(manager).post(
        "/codes/new/", {"scene": "checkout", "kind": "contact", "bait": "领券", "store": StoreFactory().code}
    )

    code = EntryCode.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/codes/{code.pk}/")
    assert (code.store, code.status) == (manager.store, "creating")


@pytest.mark.django_db
def test_a_second_code_for_the_same_place_is_refused_with_the_reason():
    manager = ManagerFactory()
    EntryCodeFactory(store=manager.store)

    answer = signed_in(manager).post("/codes/new/", {"scene": "checkout", "kind": "contact", "bait": "领券"})

    assert answer.status_code == 422
    assert "这家门店已经有这样的码了" in answer.content.decode()


@pytest.mark.django_db
def test_a_guide_looks_and_changes_nothing():
    guide = GuideFactory()
    code = EntryCodeFactory(store=guide.store)
    client = signed_in(guide)

    assert [client.get(f"/codes/{code.pk}/").status_code, client.get("/codes/new/").status_code] == [200, 404]
    assert client.post(f"/codes/{code.pk}/retire/").status_code == 404


@pytest.mark.django_db
def test_another_stores_code_is_not_there():
    code = EntryCodeFactory()
    client = signed_in(ManagerFactory())

    paths = ["", "poster/", "poster.png", "poster.pdf"]
    assert {client.get(f"/codes/{code.pk}/{path}").status_code for path in paths} == {404}
    assert client.post(f"/codes/{code.pk}/retire/").status_code == 404
    assert client.get("/codes/bulk/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_code_and_for_three(django_assert_num_queries, count):
    for _ in range(count):
        EntryCodeFactory()
    client = signed_in(StaffFactory())

    with django_assert_num_queries(5):  # session, user, alerts, count, rows
        assert client.get("/codes/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["creating", "failed", "lost"])
def test_nothing_is_printed_before_the_code_exists(status):
    code = EntryCodeFactory(status=status, config_id="")

    assert signed_in(StaffFactory()).get(f"/codes/{code.pk}/poster/").status_code == 404


@pytest.mark.django_db
def test_the_poster_shows_bait_and_store_and_holds_our_own_address():
    code = EntryCodeFactory(bait="进群领 10 元券")

    page = signed_in(StaffFactory()).get(f"/codes/{code.pk}/poster/").content.decode()

    assert "进群领 10 元券" in page
    assert code.store.name in page
    assert poster.code_svg(f"http://testserver/c/{code.token}/") in page


@pytest.mark.django_db
@pytest.mark.skipif(poster.fonts() is None, reason="no Chinese font on this machine: the page to print is used")
def test_the_poster_comes_as_a_picture_and_as_one_pdf_page():
    code = EntryCodeFactory()
    client = signed_in(StaffFactory())

    png = client.get(f"/codes/{code.pk}/poster.png")
    pdf = client.get(f"/codes/{code.pk}/poster.pdf")

    assert Image.open(io.BytesIO(png.content)).size == (1748, 2480)
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")


@pytest.mark.django_db
def test_without_a_chinese_font_there_is_only_the_page_to_print(monkeypatch):
    monkeypatch.setattr(poster, "fonts", lambda: None)
    code = EntryCodeFactory()
    client = signed_in(StaffFactory())

    assert client.get(f"/codes/{code.pk}/poster.png").status_code == 404
    assert "poster.png" not in client.get(f"/codes/{code.pk}/poster/").content.decode()


@pytest.mark.django_db
def test_a_customer_opens_a_printed_code_without_logging_in_and_is_counted():
    code = EntryCodeFactory(bait="首单减 5 元")
    cache.set(f"entry-picture:{code.pk}:{code.config_id}", (b"picture", "image/png"), 60)

    page = Client().get(f"/c/{code.token}/").content.decode()
    picture = Client().get(f"/c/{code.token}/code/")

    assert "首单减 5 元" in page
    assert (picture.content, picture["Content-Type"]) == (b"picture", "image/png")
    assert list(code.scans.values_list("times", flat=True)) == [1]


@pytest.mark.django_db
def test_a_retired_code_says_so_and_an_unknown_one_is_not_there():
    code = EntryCodeFactory(status="retired")

    assert "这个码已经停用" in Client().get(f"/c/{code.token}/").content.decode()
    assert Client().get("/c/dq00/").status_code == 404


@pytest.mark.django_db
def test_hq_orders_for_all_stores_but_suspended_ones():
    for _ in range(3):
        StoreFactory()
    StoreFactory(stage="suspended", suspended_on="2026-01-01")

    answer = signed_in(StaffFactory()).post(
        "/codes/bulk/", {"scene": "checkout", "kind": "contact", "bait": "领券"}, follow=True
    )

    assert "已为 3 家门店下单；0 家已有，跳过" in answer.content.decode()
