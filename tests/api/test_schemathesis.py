"""The OpenAPI schema and the API agree: whatever schemathesis makes up gets an answer the schema knows, never a 500."""

import pytest
import schemathesis
from django.core import signals
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from campaigns.services.confirming import confirm
from stores.services.tokens import SCOPES
from tests.api.test_scopes import NAMED
from tests.api.world import furnish
from tests.factories import StaffFactory

EXAMPLES = 5
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
QUICKLY = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def _one_connection():
    """As Django's own test client has it: a request must not take the test's transaction away."""
    ends = (signals.request_started, signals.request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


@pytest.fixture
def schema():
    loaded = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    loaded.app = get_wsgi_application()
    loaded.location = "/api/schema/"
    return loaded


@pytest.mark.django_db
@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_its_schema_says(api, schema, mode):
    shop = furnish("A1", number=1)
    confirm(order=shop.order, at=shop.order.reserved_at)
    api(StaffFactory(), *SCOPES)
    headers = {"Authorization": f"Bearer {api.secret}"}
    walked = 0
    for operation in (found.ok() for found in schema.get_all_operations()):
        _walk(operation, mode, _rows(operation.path, shop), headers)
        cache.clear()  # what counts requests
        walked += 1

    assert walked >= 28


def _rows(path, shop):
    """What names a row that is there, in the parameters of a path."""
    named = NAMED.get(path.removeprefix("/api/v1"))
    return {name: str(value) for name, value in named(shop).items()} if named else {}


def _walk(operation, mode, known_rows, headers):
    @QUICKLY
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def answers(case, known):
        if known and known_rows:
            case.path_parameters = known_rows  # past the 404
        case.call_and_validate(headers=headers, checks=CHECKS)

    answers()
