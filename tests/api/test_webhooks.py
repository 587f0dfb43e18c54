"""Webhooks: left with what happened, signed, sent until they arrive or are put aside, never into our own network."""

import hashlib
import hmac
import json
from datetime import timedelta

import httpx
import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaigns.services.cancelling import cancel_by_staff
from campaigns.services.clockwork import start_and_end_campaigns
from campaigns.services.launching import kill
from communities.models import PostTask
from communities.services.cadence.closing import close
from communities.services.groups import apply_group
from stores.models import AuditEntry, WebhookDelivery, WebhookEndpoint
from stores.services.webhooks import endpoints as services
from stores.services.webhooks.delivering import MOST_TRIES, deliver_due
from stores.services.webhooks.emitting import EVENTS, emit
from stores.services.webhooks.endpoints import EndpointRefused, add_endpoint, forget_delivered, replay, send_test
from tests.campaigns.playing import AT, bought, drive, handed_over, one_yuan
from tests.execution.posts import S, post
from tests.factories import CampaignFactory, CustomerGroupFactory, ManagerFactory, StaffFactory
from wecom.models import GatewayAlert

PUBLIC = "93.184.216.34"
pytestmark = pytest.mark.django_db


def endpoint(*events, host="one.example"):
    hook, hook.secret = add_endpoint(
        owner=StaffFactory(), name=host, url=f"https://{host}/in?x=1", events=events or list(EVENTS), at=AT
    )
    return hook


def rows(event):
    return list(WebhookDelivery.objects.filter(event=event).order_by("pk").values_list("data", flat=True))


def run(answer=200, *, at=AT, addresses=(PUBLIC,)):
    """One round of the outbox; what was asked of the other side."""
    seen = []

    def respond(request):
        seen.append(request)
        return answer(request) if callable(answer) else httpx.Response(answer)

    with httpx.Client(transport=httpx.MockTransport(respond)) as http:
        deliver_due(clock=lambda: at, http=http, lookup=lambda _: list(addresses))
    return seen


def tell(event="order.paid", count=1):
    emit(event=event, at=AT, rows=lambda: [{"n": n} for n in range(count)])


@pytest.fixture(autouse=True)
def _names_resolve(monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (PUBLIC, 443))])


def test_an_order_paid_fetched_and_refunded_leaves_word_of_each():
    endpoint()
    campaign = one_yuan()
    order = bought(campaign)
    handed_over(order, at=AT)
    kill(campaign=campaign, by=StaffFactory(), reason="", at=AT)
    late = bought(one_yuan())
    kill(campaign=late.campaign, by=StaffFactory(), reason="", at=AT)

    assert [(data["order"], data["amount_fen"], data["store"]) for data in rows("order.paid")] == [
        (order.pk, order.paid_fen, order.store.code), (late.pk, late.paid_fen, late.store.code),
    ]  # fmt: skip
    assert [data["order"] for data in rows("order.redeemed")] == [order.pk]
    assert [data["campaign"] for data in rows("campaign.ended")] == [campaign.pk, late.campaign_id]


def test_money_that_went_back_is_told_when_it_is_booked():
    endpoint()
    order = bought(one_yuan())

    cancel_by_staff(order=order, staff=StaffFactory(), reason="缺货", at=AT)
    assert rows("order.refunded") == []
    drive(at=AT)

    assert [(data["order"], data["amount_fen"]) for data in rows("order.refunded")] == [(order.pk, order.paid_fen)]


def test_a_missed_post_an_ended_campaign_and_a_new_face_are_told():
    endpoint()
    missed = post(state=S.RELEASED)
    close(at=missed.closes_at + timedelta(hours=1))
    campaign = CampaignFactory()
    start_and_end_campaigns(at=campaign.ends_at)
    start_and_end_campaigns(at=campaign.ends_at)
    group = CustomerGroupFactory()
    members = [
        {"userid": f"wm{n}", "type": 2, "join_time": int((AT - timedelta(days=n)).timestamp()), "join_scene": 3}
        for n in (0, 5)
    ]
    apply_group(
        group={"chat_id": group.chat_id, "owner": "", "member_list": members}, corp_id="c", read_at=AT, at=AT
    )  # fmt: skip

    assert [(data["post"], data["reason"]) for data in rows("post.missed")] == [(missed.pk, "not_sent")]
    assert PostTask.objects.get().state == S.MISSED
    assert [data["campaign"] for data in rows("campaign.ended")] == [campaign.pk]
    assert [(data["group"], data["store"]) for data in rows("member.joined_group")] == [(group.pk, group.store.code)]


def test_what_is_rolled_back_is_not_told_and_nobody_listening_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        tell()
    hook = endpoint("order.paid")
    endpoint("post.missed", host="two.example")
    with transaction.atomic():
        tell()
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()

    tell()

    assert [one.endpoint for one in WebhookDelivery.objects.all()] == [hook]


def test_it_is_signed_pinned_and_sent_once():
    hook = endpoint()
    tell()
    inner = []

    (request,) = run(lambda _: inner.append(run()) or httpx.Response(204))  # another worker at the same moment

    body, stamp = request.content, request.headers["x-dianquan-timestamp"]
    wanted = hmac.new(hook.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert request.headers["x-dianquan-signature"] == f"v1={wanted}"
    assert (str(request.url), request.headers["host"]) == (f"https://{PUBLIC}/in?x=1", "one.example")
    told, delivery = json.loads(body), WebhookDelivery.objects.get()
    assert told == {
        "id": str(delivery.event_id), "event": "order.paid", "happened_at": delivery.happened_at.isoformat(),
        "data": {"n": 0},
    }  # fmt: skip
    assert (inner, run(), delivery.state, delivery.tries) == ([[]], [], "done", 1)
    assert hook.secret.encode() not in bytes(WebhookEndpoint.objects.get().secret_encrypted)
    assert forget_delivered(at=AT + timedelta(days=31)) == 1


@pytest.mark.parametrize("answer", [500, 404, 302])
def test_it_is_tried_again_after_growing_pauses_and_put_aside_in_the_end(answer):
    hook = endpoint()
    tell()
    moment, pauses = AT, []
    while (delivery := WebhookDelivery.objects.get()).state == "pending":
        assert run(answer, at=delivery.next_try_at - timedelta(seconds=1)) == []
        moment = delivery.next_try_at
        assert len(run(answer, at=moment)) == 1
        pauses.append(WebhookDelivery.objects.values_list("next_try_at", flat=True).get())

    assert (delivery.state, delivery.tries, delivery.answer) == ("dead", MOST_TRIES, f"对方回答 {answer}")
    assert [(pauses[n + 1] - pauses[n]) / timedelta(minutes=1) for n in range(3)] == [2, 4, 8]
    assert replay(endpoint=hook, by=hook.owner, at=moment) == 1
    assert len(run(200, at=moment)) == 1
    assert WebhookDelivery.objects.get().state == "done"


def test_one_endpoint_that_is_down_holds_up_nobody_else():
    endpoint(host="down.example")
    endpoint(host="up.example")
    tell(count=3)

    asked = [request.headers["host"] for request in run(lambda r: httpx.Response(500 if "down" in r.headers["host"] else 200))]  # fmt: skip  # noqa: E501 -- one line reads better

    assert sorted(asked) == ["down.example", *["up.example"] * 3]


def test_an_endpoint_down_for_three_days_is_switched_off_with_an_alert_until_somebody_mends_it():
    hook = endpoint()
    tell(count=2)
    run(500, at=AT)
    run(500, at=AT + timedelta(days=3))

    hook.refresh_from_db()
    assert hook.disabled_reason == "连续 3 天没有送达（对方回答 500）"
    assert GatewayAlert.objects.get(cleared_at=None).message.startswith("推送「one.example」已停用")
    tell()
    assert (run(), WebhookDelivery.objects.count()) == ([], 2)
    with pytest.raises(EndpointRefused):
        send_test(endpoint=hook, by=hook.owner, at=AT)

    assert services.enable(endpoint=hook, by=hook.owner, at=AT + timedelta(days=4))

    assert len(run(at=AT + timedelta(days=4))) == 2
    hook.refresh_from_db()
    assert (hook.failing_since, GatewayAlert.objects.filter(cleared_at=None).exists()) == (None, False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fc00::1"])
def test_a_name_that_leads_into_a_network_is_not_asked(address):
    endpoint()
    tell()

    assert run(addresses=[PUBLIC, address]) == []
    assert WebhookDelivery.objects.get().answer == "推送地址不是公网地址"


@pytest.mark.parametrize(
    "url", ["http://one.example/", "https://one.example:8443/", "https://a:b@one.example/", "ftp://x", "https://[::1"]
)
def test_an_address_that_is_not_plain_https_is_refused_at_once(url):
    with pytest.raises(EndpointRefused):
        add_endpoint(owner=StaffFactory(), name="x", url=url, events=["order.paid"], at=AT)


def test_the_sites_own_address_is_trusted_where_the_settings_name_it():
    hook, _ = add_endpoint(
        owner=StaffFactory(), name="x", url=f"{settings.SITE_URL}/hook", events=["order.paid"], at=AT
    )
    tell()

    (request,) = run(addresses=["127.0.0.1"])

    assert (hook.url, str(request.url)) == (f"{settings.SITE_URL}/hook",) * 2


def test_only_hq_sets_them_up_and_only_for_events_that_exist():
    for owner, events in ((ManagerFactory(), ["order.paid"]), (StaffFactory(), []), (StaffFactory(), ["x"])):
        with pytest.raises(EndpointRefused):
            add_endpoint(owner=owner, name="x", url="https://one.example/", events=events, at=AT)


def test_a_receiver_acknowledges_the_test_it_got(api):
    hook = endpoint()
    test = send_test(endpoint=hook, by=hook.owner, at=AT)
    (request,) = run()
    path = f"/api/v1/webhooks/tests/{json.loads(request.content)['id']}/acknowledge/"

    answers = [api(StaffFactory()).post(path, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    other = api(ManagerFactory()).post(path, headers={"Idempotency-Key": "k"})

    test.refresh_from_db()
    assert [answer.status_code for answer in (*answers, other)] == [200, 200, 404]
    assert answers[0].json() == answers[1].json()
    assert test.acknowledged_at is not None
    assert AuditEntry.objects.filter(action="webhook.tested").count() == 1
    assert timezone.now() - test.acknowledged_at < timedelta(minutes=5)
