from importlib import import_module

import pytest
from django.apps import apps

from communities.models import Slot
from tests.communities.cadence.days import Chain
from tests.mirror.conftest import connect  # noqa: F401 -- a fixture of these tests too
from tests.wecom.sandbox.conftest import company, path, run  # noqa: F401 -- the company they post to
from wecom.gateway import wecom


@pytest.fixture
def hours(db) -> None:
    """What the migrations begin with, which the tests that really commit wipe out behind them."""
    if not Slot.objects.exists():
        import_module("communities.migrations.0004_the_cadence_begins_with").begin(apps, None)


@pytest.fixture(autouse=True)
def _with_hours(request) -> None:
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        request.getfixturevalue("hours")


@pytest.fixture
def chain(hours, company, connect) -> Chain:  # noqa: F811 -- pytest's way of asking for a fixture
    """Two stores beside a sandbox company: each manager owns two groups. WeCom's clock is moved by `chain.at`."""
    company.control("settings", token_seconds=10**7)
    connect(company)
    return Chain.beside(company, wecom())
