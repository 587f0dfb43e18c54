from collections.abc import Iterator

import pytest

from tests.login.doors import Door
from tests.mirror.conftest import connect, mirror  # noqa: F401 -- fixtures of these tests too
from tests.mirror.mirroring import Mirror
from tests.wecom.sandbox.company import Company
from tests.wecom.sandbox.conftest import company, path, run  # noqa: F401 -- fixtures of these tests too


@pytest.fixture
def door(mirror: Mirror, company: Company, client, settings) -> Iterator[Door]:  # noqa: F811 -- pytest's way of asking for a fixture
    """The platform, whose WeCom is the sandbox; its staff were read."""
    settings.WECOM_OAUTH_BASE = settings.WECOM_LOGIN_BASE = company.base
    company.control("settings", trusted_domains=["testserver"])
    mirror.read_all("staff")
    return Door(company=company, client=client)
