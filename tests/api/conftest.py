from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from stores.services.tokens import SCOPES, create_token


@pytest.fixture(autouse=True)
def _no_throttle_left_from_before():
    cache.clear()


@pytest.fixture
def api():
    """A client with a fresh key of this person: `api(staff)`, `api(staff, "stores:read")`."""

    def make(staff, *scopes) -> APIClient:
        now = timezone.now()
        make.token, make.secret = create_token(
            staff=staff, name="测试", scopes=scopes or list(SCOPES), expires_at=now + timedelta(days=1), at=now
        )
        return APIClient(headers={"Authorization": f"Bearer {make.secret}"})

    return make
