import json
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.wecom.envelopes import CORP_ID, URL, deliver, event_xml, idle, packet, seal, sign
from wecom.models import CallbackEvent, CallbackJob
from wecom.views import MAX_BODY

pytestmark = pytest.mark.django_db

ADDED = event_xml("change_external_contact", "add_external_contact", UserID="Lin", ExternalUserID="wm1")


def test_delivery_is_stored_and_answered_with_an_empty_200(client):
    answer = deliver(client, ADDED)

    assert (answer.status_code, answer.content) == (200, b"")
    event = CallbackEvent.objects.get()
    assert (event.kind, event.body) == ("change_external_contact.add_external_contact", ADDED)


def test_retries_of_one_event_in_new_envelopes_are_stored_once(client, handlers):
    handlers("change_external_contact", idle, name="tests.contact")

    statuses = [deliver(client, ADDED).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert (CallbackEvent.objects.count(), CallbackJob.objects.count()) == (1, 1)


def test_two_events_of_the_same_second_are_both_stored(client):
    deliver(client, ADDED)
    deliver(client, ADDED.replace("wm1", "wm2"))

    assert CallbackEvent.objects.count() == 2


@pytest.mark.parametrize(
    "plaintext",
    [
        event_xml("change_external_contact", "invented_next_year"),
        event_xml("invented_next_year"),
        "<xml><MsgType>invented</MsgType></xml>",
        "<xml/>",
        "not xml",
        "with a \x00 byte",
    ],
)
def test_kind_nobody_knows_is_stored_and_answered_with_200(client, plaintext):
    assert deliver(client, plaintext).status_code == 200
    assert CallbackEvent.objects.count() == 1


def test_storing_a_delivery_takes_one_query(client, handlers, django_assert_num_queries):
    handlers("change_external_contact", idle, name="tests.one")
    handlers("change_external_contact.add_external_contact", idle, name="tests.two", queue="fast")

    with django_assert_num_queries(1):
        deliver(client, ADDED)


def _refused(client, body, query) -> int:
    status = client.post(f"{URL}?{urlencode(query)}", body, content_type="text/xml").status_code
    assert CallbackEvent.objects.count() == 0
    return status


def test_wrong_signature_is_403_and_stores_nothing(client):
    payload = seal(ADDED.encode())

    assert _refused(client, packet(payload), sign(payload, token="other")) == 403
    assert _refused(client, packet(payload), {}) == 403


def test_event_of_another_company_is_403_and_stores_nothing(client):
    payload = seal(ADDED.encode(), receiver="ww_somebody_else")

    assert _refused(client, packet(payload), sign(payload)) == 403


def test_oversized_body_is_413_and_stores_nothing(client):
    payload = seal(b"x" * MAX_BODY)

    assert _refused(client, packet(payload), sign(payload)) == 413


def test_body_of_the_largest_size_is_taken(client):
    payload = seal(ADDED.encode())
    body = packet(payload)

    answer = client.post(f"{URL}?{urlencode(sign(payload))}", body.ljust(MAX_BODY), content_type="text/xml")

    assert answer.status_code == 200


def test_body_with_a_dtd_is_400_and_stores_nothing(client):
    payload = seal(ADDED.encode())
    body = f'<!DOCTYPE xml [<!ENTITY e "{payload}">]><xml><Encrypt>&e;</Encrypt></xml>'

    assert _refused(client, body, sign(payload)) == 400


def test_address_check_with_a_wrong_signature_is_403(client):
    assert client.get(f"{URL}?{urlencode(sign('x') | {'echostr': 'y'})}").status_code == 403


def test_other_methods_are_405(client):
    assert client.put(URL).status_code == 405


def test_site_without_a_callback_configured_has_no_such_address(client, settings):
    settings.WECOM_TOKEN = ""

    assert deliver(client, ADDED).status_code == 404


def test_delivery_needs_no_csrf_token(settings):
    assert deliver(Client(enforce_csrf_checks=True), ADDED).status_code == 200


FUZZ = hypothesis_settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_PARAMETERS = st.dictionaries(
    st.sampled_from(["msg_signature", "timestamp", "nonce", "echostr", "x"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)


@FUZZ
@given(query=_PARAMETERS, body=st.binary(max_size=400))
def test_fuzzed_requests_are_refused_without_a_500(client, query, body):
    got = client.get(f"{URL}?{urlencode(query)}").status_code
    posted = client.post(f"{URL}?{urlencode(query)}", body, content_type="text/xml").status_code

    assert (got, posted in {400, 403}) == (403, True)
    assert CallbackEvent.objects.count() == 0


@FUZZ
@given(raw=st.binary(max_size=60), payload=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80))
def test_fuzzed_packets_with_a_right_signature_are_refused_without_a_500(client, raw, payload):
    url = f"{URL}?{urlencode(sign(payload.strip()))}&x={raw.hex()}"
    escaped = payload.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    answer = client.post(url, f"<xml><Encrypt>{escaped}</Encrypt></xml>", content_type="text/xml")

    assert answer.status_code in {400, 403}


@FUZZ
@given(plaintext=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_fuzzed_plaintexts_with_a_right_envelope_are_stored_without_a_500(client, plaintext):
    before = CallbackEvent.objects.count()

    assert deliver(client, plaintext + str(before)).status_code == 200
    assert CallbackEvent.objects.count() == before + 1
    assert CORP_ID not in plaintext


_TYPES = st.sampled_from(["text/xml", "application/json", "multipart/form-data", "text/xml; charset=utf-16", ""])


@FUZZ
@given(data=st.data(), kind=_TYPES)
def test_a_right_delivery_with_any_bytes_changed_is_stored_or_refused_without_a_500(client, data, kind):
    payload = seal(ADDED.encode())
    body = bytearray(packet(payload).encode())
    for _ in range(data.draw(st.integers(0, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    query = urlencode(sign(payload))

    # `generic`: the test client of Django would decode the body as the content type says, and fail itself.
    status = client.generic("POST", f"{URL}?{query}", bytes(body[:cut]), content_type=kind).status_code

    assert status in {200, 400, 403}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@FUZZ
@given(fields=st.dictionaries(st.sampled_from(["Event", "ChangeType", "MsgType", "CreateTime", "ChatId"]), _VALUES))
def test_fuzzed_json_events_in_a_right_envelope_are_stored_without_a_500(client, fields):
    assert deliver(client, json.dumps(fields)).status_code == 200
