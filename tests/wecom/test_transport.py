import logging
import traceback
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest

from tests.racing import race
from tests.wecom.envelopes import CORP_ID
from tests.wecom.fake import BASE, FakeWeCom, NotedAlerts, refusal
from wecom.client.errors import BadAnswer, WeComError, WeComUnavailable
from wecom.configuration import Application
from wecom.gateway import StoredAlerts, connect
from wecom.models import GatewayAlert
from wecom.services.alerts import clear_alerts, raise_alert

PATH = "externalcontact/list"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
OK = {"errcode": 0, "external_userid": ["wm1"]}


def _ids(site):
    return site.wecom.customers.ids_of(userid="Lin")


@pytest.mark.parametrize(
    "fault",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.ReadTimeout("slow"), httpx.Response(502)],
    ids=str,
)
def test_read_that_got_no_answer_is_tried_three_times(connect_to, fault):
    site = connect_to(**{PATH: [fault, fault, OK]})
    assert _ids(site) == ["wm1"]

    dead = connect_to(secret="another-secret", **{PATH: [fault]})
    with pytest.raises(WeComUnavailable):
        _ids(dead)
    assert dead.fake.count(PATH) == 3


def test_write_that_never_left_is_tried_again(connect_to):
    site = connect_to(externalcontact__add_msg_template=[httpx.ConnectError("refused"), {"msgid": "M"}])

    assert site.wecom.group_sends.to_groups(sender="Lin", chat_ids=["c"], text="好").msgid == "M"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404), httpx.Response(301, headers={"location": "https://elsewhere.example"}),
        httpx.Response(200, text="<html>"), httpx.Response(200, json=[1]),
        httpx.Response(200, json={"errcode": "zero"}),
    ],
    ids=["404", "301", "html", "list", "errcode"],
)  # fmt: skip
def test_answer_that_is_not_wecoms_is_refused_and_never_followed(connect_to, answer):
    site = connect_to(**{PATH: [answer]})

    with pytest.raises(BadAnswer):
        _ids(site)

    assert site.fake.count(PATH) == 1


def test_every_call_has_timeouts(store):
    seen = []

    def note(request):
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={"access_token": "t", "expires_in": 7200, "media_id": "m", **OK})

    client = connect(
        app=Application("app", CORP_ID, "secret-for-timeouts", "218"), base=BASE, store=store,
        http=httpx.Client(transport=httpx.MockTransport(note), timeout=99), alerts=NotedAlerts(),
    )  # fmt: skip
    client.customers.ids_of(userid="Lin")
    client.media.upload(kind="file", name="a", content=b"123456", media_type="text/plain")

    api = {"connect": 3, "read": 10, "write": 10, "pool": 10}
    assert seen == [api, api, {"connect": 3, "read": 60, "write": 60, "pool": 60}]


def test_token_travels_in_the_query_string_only(connect_to):
    site = connect_to(**{PATH: [OK]})
    _ids(site)

    path, query, _ = site.fake.calls[-1]
    assert (path, query) == (PATH, {"userid": "Lin", "access_token": "token-1"})


def test_secrets_and_tokens_appear_in_no_log_error_or_representation(connect_to, caplog):
    caplog.set_level(logging.DEBUG)
    site = connect_to(**{PATH: [refusal(84061, "no relation, hint: [1] token-1"), httpx.ReadTimeout("token-1 slow")]})
    shown = []

    for _ in range(2):
        try:
            _ids(site)
        except WeComError as error:
            shown += traceback.format_exception(error)
            shown += [repr(error.__context__), repr(error.__cause__)]

    text = "\n".join([*shown, repr(site.wecom.transport.application), caplog.text])
    assert "84061" in text
    assert "the-secret-of-the-app" not in text
    assert "token-1" not in text


@pytest.mark.django_db(transaction=True)
def test_alert_met_by_five_workers_at_once_is_raised_once_and_counted():
    one = partial(raise_alert, kind="errcode_60020", subject="app", message="IP 不可信", at=NOW)

    results = race(*[one] * 5)

    assert sorted(results) == [False] * 4 + [True]
    alert = GatewayAlert.objects.get()
    assert (alert.times, alert.cleared_at) == (5, None)


@pytest.mark.django_db
def test_alert_that_was_cleared_may_be_raised_again():
    assert raise_alert(kind="k", subject="s", message="m", at=NOW)
    assert clear_alerts(kind="k", subject="s", at=NOW) == 1
    assert raise_alert(kind="k", subject="s", message="m", at=NOW)
    assert GatewayAlert.objects.count() == 2


@pytest.mark.django_db
def test_stored_alerts_of_a_secret_end_when_a_token_is_given(store):
    fake = FakeWeCom({"gettoken": [refusal(40001), {"access_token": "t", "expires_in": 7200}], PATH: [OK]})
    client = connect(
        app=Application("app", CORP_ID, "secret-of-app", "218"), base=BASE, store=store, http=fake.http(),
        alerts=StoredAlerts(),
    )  # fmt: skip
    with pytest.raises(WeComError):
        client.customers.ids_of(userid="Lin")
    assert GatewayAlert.objects.get().cleared_at is None

    client.transport.unblock()
    client.customers.ids_of(userid="Lin")

    assert GatewayAlert.objects.get().cleared_at is not None
