import base64
import hmac
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from tests.wecom.envelopes import AES_KEY, CORP_ID, TOKEN, URL, packet, seal, sign
from wecom import envelope as envelopes
from wecom.envelope import BadEnvelope, BadSignature, Envelope, MalformedPacket, WrongReceiver, encrypted_payload

OFFICIAL_ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
OFFICIAL_ECHO_QUERY = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
}
OFFICIAL_MESSAGE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/"
    "sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+"
    "LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t"
    "9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lX"
    "dQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
OFFICIAL_MESSAGE_QUERY = {
    "signature": "477715d11cdb4164915debcba66cb864d751f3e6",
    "timestamp": "1409659813",
    "nonce": "1372623149",
}
OFFICIAL_MESSAGE_TEXT = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""


@pytest.fixture
def envelope():
    return Envelope(token=TOKEN, aes_key=AES_KEY, receiver=CORP_ID)


def test_official_vector_of_the_address_check_is_answered_with_the_exact_plaintext(client):
    answer = client.get(f"{URL}?{urlencode(OFFICIAL_ECHO_QUERY | {'echostr': OFFICIAL_ECHO})}")

    assert (answer.status_code, answer.content) == (200, b"1616140317555161061")


def test_address_check_survives_a_plus_sign_that_was_not_percent_encoded(client):
    raw = urlencode(OFFICIAL_ECHO_QUERY) + "&echostr=" + OFFICIAL_ECHO.replace("=", "%3D")

    assert client.get(f"{URL}?{raw}").content == b"1616140317555161061"


def test_official_vector_of_a_message_opens(envelope):
    assert envelope.open(OFFICIAL_MESSAGE, **OFFICIAL_MESSAGE_QUERY) == OFFICIAL_MESSAGE_TEXT


def test_signature_is_compared_in_constant_time_before_anything_is_decrypted(envelope, monkeypatch):
    compared = []
    compare = hmac.compare_digest
    monkeypatch.setattr(envelopes.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or compare(a, b))
    monkeypatch.setattr(envelopes, "_crypto", lambda *_: pytest.fail("decrypted an unsigned payload"))

    with pytest.raises(BadSignature):
        envelope.open(OFFICIAL_MESSAGE, **OFFICIAL_MESSAGE_QUERY | {"signature": "0" * 40})

    assert compared == [(OFFICIAL_MESSAGE_QUERY["signature"].encode(), b"0" * 40)]


def test_payload_sealed_for_another_company_is_refused(envelope):
    payload = seal(b"<xml/>", receiver="ww_somebody_else")
    query = sign(payload)

    with pytest.raises(WrongReceiver):
        envelope.open(payload, signature=query["msg_signature"], timestamp=query["timestamp"], nonce=query["nonce"])


@given(st.binary(max_size=500))
def test_every_padding_length_opens_to_what_was_sealed(content):
    envelope = Envelope(token=TOKEN, aes_key=AES_KEY, receiver=CORP_ID)
    text = content.decode("latin-1")
    payload = seal(text.encode())
    query = sign(payload)

    opened = envelope.open(
        payload, signature=query["msg_signature"], timestamp=query["timestamp"], nonce=query["nonce"]
    )

    assert opened == text


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode())))
def test_a_signed_payload_that_is_not_one_is_malformed_and_nothing_else(payload):
    envelope = Envelope(token=TOKEN, aes_key=AES_KEY, receiver=CORP_ID)
    signature = envelope.signature(timestamp="1", nonce="2", payload=payload)

    with pytest.raises(BadEnvelope):
        envelope.open(payload, signature=signature, timestamp="1", nonce="2")


@given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(lambda text: f"<xml>{text}</xml>".encode())))
def test_a_body_is_a_packet_or_malformed_and_nothing_else(body):
    try:
        payload = encrypted_payload(body)
    except MalformedPacket:
        return

    assert payload.strip() == payload != ""


def test_json_packet_is_accepted_too():
    assert encrypted_payload(b' {"tousername": "x", "encrypt": "abc", "agentid": "1"}') == "abc"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"{}", b'{"encrypt": 1}', b"<xml></xml>", b"<xml><Encrypt> </Encrypt></xml>",
        b'<?xml version="1.0" encoding="x-unheard-of"?><xml/>', b'{"a":' * 100_000,
        b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><Encrypt>a</Encrypt></xml>',
    ],
)  # fmt: skip
def test_body_that_is_no_packet_is_malformed(body):
    with pytest.raises(MalformedPacket):
        encrypted_payload(body)


def test_aes_key_of_a_wrong_length_stops_the_start():
    with pytest.raises(ImproperlyConfigured, match="43 位"):
        Envelope(token=TOKEN, aes_key="short", receiver=CORP_ID)


def test_secrets_do_not_show_when_an_envelope_is_printed(envelope):
    assert TOKEN not in repr(envelope)
    assert AES_KEY not in repr(envelope)


def test_sealed_packet_opens_again(envelope):
    sealed = envelope.seal("你好", timestamp="1767571200", nonce="n1")
    payload = encrypted_payload(sealed.encode())

    assert (
        envelope.open(payload, signature=sign(payload)["msg_signature"], timestamp="1767571200", nonce="n1") == "你好"
    )
    assert packet(payload).count(payload) == 1
