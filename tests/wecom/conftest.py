from dataclasses import dataclass

import pytest
import redis
from django.conf import settings as django_settings

from tests.config.conftest import own_queues  # noqa: F401 -- a fixture of these tests too
from tests.wecom.envelopes import AES_KEY, CORP_ID, TOKEN
from tests.wecom.fake import BASE, Clock, FakeWeCom, NotedAlerts
from wecom import registry, tasks
from wecom.client.limits import Limiter
from wecom.configuration import Application
from wecom.gateway import WeCom, connect

SECRET = "the-secret-of-the-app"


@pytest.fixture(autouse=True)
def company(settings):
    """Every test of this package runs as WeCom's official test company."""
    settings.WECOM_CORP_ID = CORP_ID
    settings.WECOM_TOKEN = TOKEN
    settings.WECOM_AES_KEY = AES_KEY
    settings.WECOM_AGENT_ID = "218"
    settings.WECOM_SECRET = SECRET


@pytest.fixture
def store():
    """This test process's own Redis database, empty, for limits, tokens and wake-ups."""
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def handlers():
    """Register handlers for one test; apps' own are set aside."""
    own = dict(registry._registrations)
    registry._registrations.clear()
    yield registry.register
    registry._registrations.clear()
    registry._registrations.update(own)


@dataclass
class Site:
    """A client, the WeCom it talks to, and what surrounds both."""

    wecom: WeCom
    fake: FakeWeCom
    clock: Clock
    alerts: NotedAlerts
    limiter: Limiter


@pytest.fixture
def connect_to(store):
    """Build a client of a scripted WeCom."""

    def build(*, secret=SECRET, parallel: int = 8, fake=None, **script) -> Site:
        fake = fake or FakeWeCom()
        fake.script.update({name.replace("__", "/"): steps for name, steps in script.items()})
        clock, alerts = Clock(), NotedAlerts()
        limiter = Limiter(store, corp_id=CORP_ID, parallel=parallel, clock=clock, sleep=clock.sleep)
        client = connect(
            app=Application("app", CORP_ID, secret, "218"), base=BASE, store=store, http=fake.http(),
            alerts=alerts, limiter=limiter, sleep=clock.sleep,
        )  # fmt: skip
        return Site(client, fake, clock, alerts, limiter)

    return build


@pytest.fixture
def woken(store, monkeypatch):
    """The queues that were woken and after how long, at the one boundary that is faked here: the broker."""
    sent = []
    monkeypatch.setattr(
        tasks.work_callbacks, "apply_async", lambda *, queue, countdown=None, **_: sent.append((queue, countdown))
    )
    return sent
