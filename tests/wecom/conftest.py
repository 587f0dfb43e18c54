import pytest
import redis
from django.conf import settings as django_settings

from tests.wecom.envelopes import AES_KEY, CORP_ID, TOKEN
from wecom import registry


@pytest.fixture(autouse=True)
def company(settings):
    """Every test of this package runs as WeCom's official test company."""
    settings.WECOM_CORP_ID = CORP_ID
    settings.WECOM_TOKEN = TOKEN
    settings.WECOM_AES_KEY = AES_KEY
    settings.WECOM_AGENT_ID = "218"
    settings.WECOM_SECRET = "the-secret-of-the-app"


@pytest.fixture
def store():
    """The test run's own Valkey, empty."""
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
