"""The log-in links: OAuth in the client and the QR page (wecom.md §3.15)."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.wecom.sandbox.company import CORP

BACK = "http://127.0.0.1:8000/login/done?next=1"


def client_link(**change):
    query = {
        "appid": CORP, "redirect_uri": BACK, "response_type": "code", "scope": "snsapi_base", "state": "s-1",
        "agentid": "1000002",
    }  # fmt: skip
    return "/connect/oauth2/authorize?" + urlencode(query | change)


def web_link(**change):
    query = {"login_type": "CorpApp", "appid": CORP, "agentid": "1000002", "redirect_uri": BACK, "state": "s-1"}
    return "/wwlogin/sso/login?" + urlencode(query | change)


def choose(company, page, person):
    """Choose somebody on the page of a log-in link; the parameters that come back."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    given = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    response = company.http.post("/sandbox/act/identify", data=given | {"person": person})
    assert response.status_code == 303
    assert response.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


@pytest.mark.parametrize("link", [client_link, web_link])
def test_a_log_in_brings_a_code_that_works_once_and_the_state(company, link):
    back = choose(company, company.http.get(link()), "manager0001")
    first = company.get("auth/getuserinfo", code=back["code"])
    again = company.get("auth/getuserinfo", code=back["code"])

    assert (back["state"], back["next"]) == ("s-1", "1")
    assert (first["errcode"], first["userid"], "user_ticket" in first) == (0, "manager0001", False)
    assert again["errcode"] == 40029


def test_a_code_lives_five_minutes(company):
    back = choose(company, company.http.get(client_link()), "manager0001")
    company.advance(300)

    assert company.get("auth/getuserinfo", code=back["code"])["errcode"] == 40029


def test_a_private_scope_brings_a_ticket_for_the_phone_number(company):
    back = choose(company, company.http.get(client_link(scope="snsapi_privateinfo")), "manager0001")
    ticket = company.get("auth/getuserinfo", code=back["code"])["user_ticket"]

    assert company.ok("auth/getuserdetail", {"user_ticket": ticket})["mobile"] == "16100000000"
    assert company.code("auth/getuserdetail", {"user_ticket": "none"}) == 40058


def test_a_customer_is_no_member(company):
    customer = company.customers()[0]
    back = choose(company, company.http.get(client_link()), customer)
    visitor = company.get("auth/getuserinfo", code=back["code"])

    assert (visitor["external_userid"], "userid" in visitor) == (customer, False)


@pytest.mark.parametrize(
    "link",
    [client_link(appid="ww0"), client_link(redirect_uri="https://evil.example/"), client_link(response_type="token"),
     client_link(scope="snsapi_privateinfo", agentid=""), web_link(agentid="7"), web_link(login_type="ServiceApp"),
     web_link(redirect_uri="http://127.0.0.1:8000.evil.example/")],
)  # fmt: skip
def test_a_wrong_link_shows_an_error_and_gives_no_code(company, link):
    page = company.http.get(link)

    assert (page.status_code, "打不开" in page.text) == (400, True)
