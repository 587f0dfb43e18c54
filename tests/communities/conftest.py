import pytest

from tests.config.conftest import own_queues  # noqa: F401 -- a fixture of these tests too
from tests.wecom.conftest import company, connect_to, store  # noqa: F401 -- the same company and client


@pytest.fixture
def site(connect_to):  # noqa: F811 -- pytest's way of asking for a fixture
    """A client of a scripted WeCom: `site.fake.script[api]`, `site.wecom`."""
    return connect_to()
