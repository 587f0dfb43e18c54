import pytest

from tests.handover.handing import Handing
from tests.mirror.conftest import connect, mirror  # noqa: F401 -- fixtures of these tests too
from tests.wecom.sandbox.conftest import company, path, run  # noqa: F401 -- what it stands on


@pytest.fixture
def handing(mirror):  # noqa: F811 -- pytest's way of asking for a fixture
    mirror.company.control("settings", token_seconds=10**8)
    mirror.read_all()
    handing = Handing(mirror=mirror)
    mirror.company.control("clock", freeze=handing.now.timestamp())
    return handing
