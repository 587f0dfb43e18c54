"""The secrets of WeCom reach neither a log line, nor a stored error, nor a page, whatever goes wrong around them."""

import base64
import io
import json
import logging
import traceback
from urllib.parse import urlencode

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from config import logging as house_logging
from tests.factories import ManagerFactory, StaffFactory
from tests.wecom.envelopes import URL, event_xml, packet, seal, sign
from tests.wecom.fake import BASE, FakeWeCom, refusal
from wecom import gateway
from wecom.client.errors import WeComError
from wecom.configuration import application, envelope
from wecom.gateway import connect, wecom
from wecom.models import CallbackJob, GatewayAlert, SyncRun
from wecom.services import inbox, syncing

SECRET = "s3cr3t-of-the-app-0123456789"
TOKEN = "CallbackToken7f3a9c"
AES_KEY = base64.b64encode(bytes(range(7, 39))).decode().rstrip("=").replace("+", "a").replace("/", "b")
CONTACTS = "s3cr3t-of-the-contacts-98765"
ACCESS = "access-token-that-nobody-may-read-1234567890"
WELCOME = "WELCOME-CODE-ONE-TIME-5566"
HIDDEN = (SECRET, TOKEN, AES_KEY, CONTACTS, ACCESS, WELCOME)


@pytest.fixture
def written(settings, monkeypatch):
    """Everything any logger writes, as in production, from DEBUG on."""
    usual, stream = settings.LOGGING, io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    house_logging.configure({"json": True, "level": "DEBUG"})
    yield stream
    monkeypatch.undo()
    house_logging.configure(usual)


@pytest.fixture
def fake(settings, store, monkeypatch) -> FakeWeCom:
    """A WeCom that gives the token we watch for; the gateway speaks to it, and keeps alerts as rows."""
    settings.WECOM_SECRET, settings.WECOM_TOKEN, settings.WECOM_AES_KEY = SECRET, TOKEN, AES_KEY
    settings.WECOM_CONTACTS_SECRET = CONTACTS
    token = {"errcode": 0, "access_token": ACCESS, "expires_in": 7200}
    serving = {"errcode": 0, "follow_user": ["Lin"]}
    it = FakeWeCom(script={"gettoken": [token], "externalcontact/get_follow_user_list": [serving]})

    def connected(app, *_):
        return connect(app=app, base=BASE, store=store, http=it.http(), sleep=lambda _: None)

    monkeypatch.setattr(gateway, "_connected", connected)
    return it


def quoting(event, *, at):
    """A handler whose errors quote the address it called, as libraries' do."""
    wecom().customers.member_ids()
    address = f"https://qyapi.weixin.qq.com/cgi-bin/user/get?access_token={ACCESS}&corpsecret={SECRET}"
    raise RuntimeError(f"{address} welcome_code={event.text('WelcomeCode')}")


def deliveries(client) -> None:
    """One good, one whose signature is of something else, one cut short."""
    added = event_xml("change_external_contact", "add_external_contact", WelcomeCode=WELCOME)
    good, other = seal(added.encode(), aes_key=AES_KEY), seal(b"<xml/>", aes_key=AES_KEY)
    for signed, body, status in ((good, packet(good), 200), (other, packet(good), 403), (good, packet(good)[:40], 400)):
        address = f"{URL}?{urlencode(sign(signed, token=TOKEN))}"
        assert client.post(address, body, content_type="text/xml").status_code == status


def everything_goes_wrong(fake: FakeWeCom) -> None:
    """A handler that fails to the end; calls refused, broken and without an answer; a reading given up."""
    at = timezone.now()
    for _ in range(inbox.MAX_ATTEMPTS):
        CallbackJob.objects.update(due_at=at)
        inbox.run_next(queue="default", at=at)
    fake.script |= {
        "externalcontact/list": [refusal(60020, "not allow to access from your ip")],
        "user/get": [httpx.ReadTimeout(f"GET /cgi-bin/user/get?access_token={ACCESS}")],
        "department/get": [httpx.Response(502, text=ACCESS)],
        "externalcontact/get": [httpx.Response(200, text=f"<html>{ACCESS}")],
        "externalcontact/send_welcome_msg": [refusal(40058)],
    }
    soon = timezone.now().timestamp() + 20
    asks = {
        "refused": lambda: wecom().customers.ids_of(userid="Lin"),
        "slow": lambda: wecom().contacts.user(userid="Lin"),
        "broken": lambda: wecom().contacts.department(department_id=1),
        "not JSON": lambda: wecom().customers.get(external_userid="wm1"),
        "welcome": lambda: wecom().welcome.send(welcome_code=WELCOME, text="你好", deadline=soon),
    }
    for ask in asks.values():
        with pytest.raises(WeComError) as raised:
            ask()
        said = "".join(traceback.format_exception(raised.value))
        assert [one for one in HIDDEN if one in said] == []
        logging.getLogger("somebody").error("it failed", exc_info=raised.value)
    run = syncing.open_run(kind="groups", at=at)
    syncing.give_up(run, error=f"GET ?access_token={ACCESS}&corpsecret={SECRET}", at=at)


def addresses(resolver: URLResolver, before: str = "/") -> list[str]:
    """Every page that needs no argument."""
    found = []
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            found += addresses(one, route)
        elif isinstance(one, URLPattern) and not any(sign_ in route for sign_ in "<(^?$"):
            found.append(route)
    return found


@pytest.mark.django_db
def test_no_log_line_stored_error_or_page_carries_a_secret(client, fake, handlers, written, woken):
    handlers("change_external_contact", quoting, name="tests.quoting")
    deliveries(client)
    everything_goes_wrong(fake)

    told = written.getvalue()
    assert len(told.splitlines()) > 10
    assert [one for one in HIDDEN if one in told] == []
    stored = json.dumps(
        [
            *CallbackJob.objects.values_list("error", flat=True),
            *GatewayAlert.objects.values_list("message", flat=True),
            *SyncRun.objects.values_list("error", flat=True),
        ],
        ensure_ascii=False,
    )  # fmt: skip
    assert "***" in stored
    assert [one for one in HIDDEN if one in stored] == []
    pages = addresses(get_resolver())
    assert "/operations/" in pages
    everybody = [None, StaffFactory(is_superuser=True, is_staff=True), ManagerFactory()]
    for person in everybody:
        client.logout()
        if person is not None:
            client.force_login(person)
        for page in pages:
            answer = client.get(page)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            shown = content.decode(errors="replace") + str(answer.headers)
            assert [one for one in HIDDEN if one in shown] == [], page


def test_no_secret_shows_when_what_holds_it_is_printed(fake):
    shown = f"{application()!r} {envelope()!r} {wecom()!r} {wecom().transport.application!r}"

    assert [one for one in HIDDEN if one in shown] == []
