from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings as django_settings

from tests.factories import StoreFactory
from tests.mirror.mirroring import Mirror
from tests.wecom.sandbox.company import CORP, SECRET, Company
from tests.wecom.sandbox.conftest import company, path, run  # noqa: F401 -- fixtures of these tests too
from wecom.gateway import _connected, wecom


@pytest.fixture
def connect(db, settings) -> Iterator[Callable[[Company], None]]:
    """Let the platform's client speak to a sandbox company."""
    shared = redis.Redis.from_url(django_settings.REDIS_URL)
    shared.flushdb()

    def connect_(to: Company) -> None:
        settings.WECOM_CORP_ID, settings.WECOM_SECRET, settings.WECOM_AGENT_ID = CORP, SECRET, "1000002"
        settings.WECOM_API_BASE = to.base

    yield connect_
    shared.flushdb()
    shared.close()
    transport = wecom().transport
    transport._http.close()
    transport.limiter._store.close()
    _connected.cache_clear()


@pytest.fixture
def mirror(company, connect) -> Mirror:  # noqa: F811 -- pytest's way of asking for a fixture
    """The platform beside a sandbox company of two managers, four groups and 40 customers, stores made, not read."""
    connect(company)
    return Mirror(company=company, stores=[StoreFactory(name=f"{number:04}店") for number in (1, 2)])
