"""Headless Chromium against a live server: the machine's own browser, and no request may leave the machine.

`open_page(path, user=…, size=PHONE)` is the way in; at the end of the test it fails on any request to another host,
any script error and any breach of the content security policy.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from stores.models import Staff
from tests.browser.looks import DESKTOP, PHONE
from tests.wecom.sandbox.company import CORP, SECRET, Company
from tests.wecom.sandbox.conftest import company, path, run  # noqa: F401 -- fixtures of these tests too
from wecom.gateway import _connected, wecom

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
_HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests and run them last: Playwright keeps an event loop in the main thread ever after.

    After pytest has grouped the tests by the parameters of wide fixtures, as Playwright's own browser is one.
    """
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
    items.sort(key=lambda item: _HERE in item.path.parents)


@pytest.fixture(scope="session", autouse=True)
def _sync_database_beside_the_event_loop():
    """Django refuses the database in a thread with an event loop; Playwright's sync API runs one in ours."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture(scope="session", autouse=True)
def _front_end_assets():
    vendor = settings.BASE_DIR / ".local" / "vendor"
    if not (vendor / "bootstrap" / "bootstrap.min.css").exists():
        call_command("assets")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if not Path(CHROMIUM).exists():
        pytest.skip("没有 Chromium：apt-get install chromium，或用 CHROMIUM=/path 指明")
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": FLAGS}


@dataclass
class Watch:
    """What the pages of one test asked for and complained about."""

    host: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    neighbours: set[str] = field(default_factory=set)

    def allow(self, url: str) -> None:
        """Announce another host of this machine that the pages may ask: the WeCom sandbox."""
        self.neighbours.add(urlsplit(url).netloc)

    def expect(self, fragment: str) -> None:
        """Announce a complaint that the test provokes on purpose, such as a 404."""
        self.expected.append(fragment)

    def on_request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.netloc not in {self.host, *self.neighbours}:
            self.foreign.append(url)

    def on_complaint(self, text: str) -> None:
        if not any(fragment in text for fragment in self.expected):
            self.complaints.append(text)


@pytest.fixture
def watch(live_server) -> Watch:
    return Watch(host=urlsplit(live_server.url).netloc)


@pytest.fixture
def open_page(browser, live_server, watch) -> Callable[..., Page]:
    """Open a path as a user (or nobody) in a window of a size; every such page is watched."""
    contexts: list[BrowserContext] = []

    def open_(address: str, *, user=None, size: dict[str, int] = DESKTOP) -> Page:
        context = browser.new_context(
            viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce",
            has_touch=size is PHONE, is_mobile=size is PHONE,
        )  # fmt: skip
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        context.on("request", lambda request: watch.on_request(request.url))
        context.on("console", lambda m: watch.on_complaint(m.text) if m.type in {"error", "warning"} else None)
        context.on("weberror", lambda error: watch.on_complaint(str(error.error)))
        page = context.new_page()
        page.goto(live_server.url + address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert watch.foreign == []
    assert watch.complaints == []


@dataclass
class Sandboxed:
    """The platform beside a sandbox company of two managers and four groups, and browsers that see both."""

    company: Company
    home: str  # the sandbox as browsers call it: a phone's cookie is seen by pages of the same host name only
    site: str
    open_page: Callable[..., Page]

    def page_in_phone(self, address: str, *, person: Staff, **phone: str) -> Page:
        """A page of ours in this person's phone of the sandbox, logged in."""
        page = self.open_page("/account/", user=person, size=PHONE)
        self.reopen(page, address, person=person, **phone)
        return page

    def reopen(self, page: Page, address: str, *, person: Staff, **phone: str) -> None:
        query = {"userid": person.wecom_userid, "url": self.site + address, **phone}
        page.goto(f"{self.home}/sandbox/open?{urlencode(query)}", wait_until="networkidle")


@pytest.fixture
def sandboxed(open_page, live_server, watch, company, settings):  # noqa: F811 -- pytest's way of asking for a fixture
    """The platform configured for a sandbox company whose 可信域名 it is; tokens and limits start afresh."""
    settings.WECOM_CORP_ID, settings.WECOM_SECRET, settings.WECOM_AGENT_ID = CORP, SECRET, "1000002"
    home = company.base.replace("127.0.0.1", "localhost")
    settings.WECOM_API_BASE = settings.WECOM_OAUTH_BASE = settings.WECOM_LOGIN_BASE = home
    settings.WECOM_JSSDK_URL = f"{home}/sandbox/jssdk.js"
    own = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    widened = {name: [*own[name], home] for name in ("script-src", "connect-src")}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": own | widened}
    company.control("settings", public_base=home, trusted_domains=[urlsplit(live_server.url).netloc])
    watch.allow(home)
    shared = redis.Redis.from_url(settings.REDIS_URL)
    shared.flushdb()
    yield Sandboxed(company=company, home=home, site=live_server.url, open_page=open_page)
    shared.flushdb()
    shared.close()
    transport = wecom().transport
    transport._http.close()
    transport.limiter._store.close()
    _connected.cache_clear()
