"""What the tests of campaigns share: a clock that stands still."""

import pytest
import time_machine
from django.core.cache import cache


@pytest.fixture
def clock(request):
    """It is the module's `NOW`, and nothing is left in the cache from before."""
    cache.clear()
    with time_machine.travel(request.module.NOW, tick=False):
        yield
    cache.clear()
