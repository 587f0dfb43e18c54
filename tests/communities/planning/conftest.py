from importlib import import_module

import pytest
from django.apps import apps

from communities.models import Slot


@pytest.fixture(autouse=True)
def _what_a_chain_begins_with(request):
    """Slots and checks for tests with transactions of their own: each empties the tables behind itself."""
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        if not Slot.objects.exists():
            import_module("communities.migrations.0004_the_cadence_begins_with").begin(apps, None)
