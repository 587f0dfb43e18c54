"""The signatures our pages get for the JS-SDK: only people who are logged in, only pages of our own host."""

import hashlib

import pytest
from django.urls import reverse

from tests.factories import ManagerFactory
from wecom import jssdk_views

pytestmark = pytest.mark.django_db
PAGE = "http://testserver/today/?slot=7"


@pytest.fixture
def asked(client, connect_to, monkeypatch):
    """Ask as a manager; the site's WeCom is scripted at the HTTP boundary."""
    site = connect_to(
        get_jsapi_ticket=[{"errcode": 0, "ticket": "corp-ticket", "expires_in": 7200}],
        ticket__get=[{"errcode": 0, "ticket": "agent-ticket", "expires_in": 7200}],
    )
    monkeypatch.setattr(jssdk_views, "wecom", lambda: site.wecom)
    client.force_login(ManagerFactory())

    def ask(url=PAGE):
        return client.get(reverse("wecom:jssdk"), {"url": url})

    ask.fake = site.fake
    return ask


def signature(ticket, signed, page):
    text = f"jsapi_ticket={ticket}&noncestr={signed['nonceStr']}&timestamp={signed['timestamp']}&url={page}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def test_a_page_gets_both_signatures_of_its_exact_address(asked):
    response = asked(f"{PAGE}#top")
    given = response.json()

    assert (given["corpId"], given["agentId"]) == ("wx5823bf96d3bd56c7", "218")
    assert given["config"]["signature"] == signature("corp-ticket", given["config"], PAGE)
    assert given["agentConfig"]["signature"] == signature("agent-ticket", given["agentConfig"], PAGE)
    assert "no-store" in response.headers["Cache-Control"]
    assert "ticket" not in response.content.decode()


def test_tickets_are_fetched_once_for_many_pages(asked):
    for number in range(3):
        asked(f"http://testserver/{number}/")

    assert (asked.fake.count("get_jsapi_ticket"), asked.fake.count("ticket/get")) == (1, 1)


@pytest.mark.parametrize(
    "url",
    ["", "/today/", "https://evil.example/", "http://testserver.evil.example/", "http://testserver@evil.example/",
     "http://evil.example\\@testserver/", "javascript://testserver/", "http://testserver:81/", "http://[",
     "http://testserver/ a", "http://testserver/\n", "http://testserver/" + "a" * 2_048],
)  # fmt: skip
def test_a_page_of_anybody_else_is_not_signed(asked, url):
    response = asked(url)

    assert (response.status_code, response.json()["code"]) == (400, "foreign_page")
    assert asked.fake.calls == []


def test_a_stranger_gets_no_signature(client):
    response = client.get(reverse("wecom:jssdk"), {"url": PAGE})

    assert (response.status_code, response.json()["code"]) == (401, "not_logged_in")


def test_wecom_that_refuses_is_said_without_a_fault_of_ours(asked):
    asked.fake.script["ticket/get"] = [{"errcode": 60020, "errmsg": "not allow to access from your ip"}]

    response = asked()

    assert (response.status_code, response.json()["code"]) == (503, "wecom_unavailable")


def test_without_a_wecom_there_is_nothing_to_sign(client, settings):
    settings.WECOM_SECRET = ""
    client.force_login(ManagerFactory())

    assert client.get(reverse("wecom:jssdk"), {"url": PAGE}).json()["code"] == "not_configured"
