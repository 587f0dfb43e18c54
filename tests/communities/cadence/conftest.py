import pytest

from tests.communities.cadence.days import Chain
from tests.mirror.conftest import connect  # noqa: F401 -- a fixture of these tests too
from tests.wecom.sandbox.conftest import company, path, run  # noqa: F401 -- the company they post to
from wecom.gateway import wecom


@pytest.fixture
def chain(db, company, connect) -> Chain:  # noqa: F811 -- pytest's way of asking for a fixture
    """Two stores beside a sandbox company: each manager owns two groups. WeCom's clock is moved by `chain.at`."""
    company.control("settings", token_seconds=10**7)
    connect(company)
    return Chain.beside(company, wecom())
