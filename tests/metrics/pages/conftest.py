"""A morning at headquarters."""

import pytest
import time_machine

from tests.factories import StaffFactory
from tests.metrics.pages.tallying import NOW


@pytest.fixture
def _morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hq(client):
    client.force_login(StaffFactory())
    return client
