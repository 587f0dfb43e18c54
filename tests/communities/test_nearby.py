"""The page behind a chain-wide code finds the nearest open store."""

from decimal import Decimal

import pytest
from django.test import Client

from communities.selectors.nearby import nearest_code
from tests.factories import EntryCodeFactory, StoreFactory


def code_at(latitude, longitude, **facts):
    store = StoreFactory(latitude=Decimal(latitude), longitude=Decimal(longitude), **facts)
    return EntryCodeFactory(store=store, scene="lbs")


@pytest.mark.django_db
def test_the_nearest_open_store_within_reach_is_found():
    code_at("30.2900", "120.1500")
    nearest = code_at("30.2750", "120.1500")
    code_at("30.2742", "120.1500", stage="fitout")

    found = nearest_code(latitude=30.2741, longitude=120.1500)

    assert found.code == nearest
    assert round(found.km, 1) == 0.1


@pytest.mark.django_db
def test_out_of_reach_is_nobodys_store_and_leads_to_customer_service():
    code_at("30.2741", "120.1500")

    page = Client().get("/near/?lat=31.0&lng=120.15").content.decode()

    assert nearest_code(latitude=31.0, longitude=120.15) is None
    assert "附近还没有我们的店" in page


@pytest.mark.django_db
def test_a_position_leads_to_the_stores_code():
    code = code_at("30.2741", "120.1500")

    assert Client().get("/near/?lat=30.2745&lng=120.1501").url == f"/c/{code.token}/"


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?lat=x&lng=1", "?lat=nan&lng=nan", "?lat=95&lng=0", "?lat=1"])
def test_a_missing_or_impossible_position_is_asked_for(query):
    answer = Client().get(f"/near/{query}")

    assert "用我的位置" in answer.content.decode()
    assert answer["Permissions-Policy"] == "geolocation=(self)"


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?lat=31.0&lng=120.15"])
def test_out_of_reach_and_without_a_position_customer_service_is_one_tap_away(settings, query):
    settings.CUSTOMER_SERVICE_URL = "https://work.weixin.qq.com/kfid/kfc1"

    page = Client().get(f"/near/{query}").content.decode()

    assert 'href="https://work.weixin.qq.com/kfid/kfc1"' in page
    assert "公众号里给客服留言" not in page
