import pytest

from tests.wecom.conftest import company, connect_to, store  # noqa: F401 -- the same company and client


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def site(connect_to):  # noqa: F811 -- pytest's way of asking for a fixture
    """A client of a scripted WeCom: `site.fake.script[api]`, `site.wecom`."""
    return connect_to()
