"""接口与推送: HQ issues and ends keys there, and sees what could not be told; every secret is shown once."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from stores.models import ApiToken, AuditEntry, WebhookDelivery, WebhookEndpoint
from stores.services.webhooks.emitting import emit
from tests.factories import ManagerFactory, StaffFactory

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def hq(client):
    client.force_login(StaffFactory(), backend=BACKEND)
    return client


def url(name, *args):
    return reverse(f"stores:{name}", args=args)


def test_a_key_is_shown_once_works_and_ends_when_it_is_revoked(hq):
    manager = ManagerFactory()
    form = {"name": "收银", "username": manager.username, "scopes": ["stores:read", "shelf:write"], "days": "90"}

    shown = hq.post(url("new_token"), form)

    secret = re.search(r"dq_[\w-]{43}", shown.content.decode())[0]
    assert "no-store" in shown["Cache-Control"]
    page = hq.get(url("integrations")).content.decode()
    assert "收银" in page
    assert secret not in page
    outside = APIClient(headers={"Authorization": f"Bearer {secret}"})
    assert [row["code"] for row in outside.get("/api/v1/stores/").json()["results"]] == [manager.store.code]
    token = ApiToken.objects.get()
    hq.post(url("revoke_token", token.pk))
    assert outside.get("/api/v1/stores/").status_code == 401
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "api_token.created", "api_token.revoked",
    ]  # fmt: skip
    assert "已失效的令牌" in hq.get(url("integrations")).content.decode()


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"scopes": ["x"]}, {"username": "nobody"}, {"days": "9999"}])
def test_a_key_that_is_asked_for_wrongly_is_not_made(hq, wrong):
    form = {"name": "收银", "scopes": ["stores:read"], "days": "90"} | wrong

    assert hq.post(url("new_token"), form).status_code == 422
    assert not ApiToken.objects.exists()


def test_an_endpoint_is_added_tried_stopped_and_its_dead_letters_are_sent_again(hq):
    shown = hq.post(
        url("new_webhook"), {"name": "中台", "url": "https://93.184.216.34/in", "events": ["order.paid"]}
    ).content.decode()  # fmt: skip
    hook = WebhookEndpoint.objects.get()
    assert re.search(r"whsec_[\w-]{43}", shown)
    emit(event="order.paid", at=timezone.now(), rows=lambda: [{}, {}])
    WebhookDelivery.objects.update(state="dead", answer="对方回答 500")
    page = hq.get(url("webhook", hook.pk)).content.decode()
    assert "对方回答 500" in page
    assert "whsec_" not in page

    hq.post(url("webhook_act", hook.pk, "replay"), {"delivery": str(WebhookDelivery.objects.first().pk)})
    assert sorted(WebhookDelivery.objects.values_list("state", flat=True)) == ["dead", "pending"]
    for deed in ("replay", "test", "disable", "test", "enable"):
        assert hq.post(url("webhook_act", hook.pk, deed)).status_code == 302
    assert list(WebhookDelivery.objects.order_by("pk").values_list("event", "state")) == [
        ("order.paid", "pending"), ("order.paid", "pending"), ("webhook.test", "pending"),
    ]  # fmt: skip
    assert hq.post(url("webhook_act", hook.pk, "x")).status_code == 404


def test_a_bad_address_is_refused_on_the_form(hq):
    answer = hq.post(url("new_webhook"), {"name": "x", "url": "https://127.0.0.1/", "events": ["order.paid"]})

    assert (answer.status_code, "不是公网地址" in answer.content.decode()) == (422, True)


def test_nobody_but_hq_finds_these_pages(client):
    client.force_login(ManagerFactory(), backend=BACKEND)

    for name in ("integrations", "new_token", "new_webhook"):
        assert client.get(url(name)).status_code == 404
    assert client.post(url("webhook_act", 1, "test")).status_code == 404
    assert "接口与推送" not in client.get(url("account")).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number(hq, api, count, django_assert_num_queries):
    for number in range(count):
        api(StaffFactory())
        WebhookEndpoint.objects.create(
            owner=StaffFactory(), name=f"{number}", url="https://x.example/", events=[], secret_encrypted=b"",
            created_at=timezone.now(),
        )  # fmt: skip
    hq.get(url("integrations"))

    with django_assert_num_queries(5):  # session, person, keys, endpoints, ended keys
        hq.get(url("integrations"))
