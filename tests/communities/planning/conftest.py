from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from communities.models import PlanVersion
from tests.clients import signed_in
from tests.factories import PlanCellFactory, PlanVersionFactory, StaffFactory


@pytest.fixture
def hq(db) -> Client:
    return signed_in(StaffFactory())


@pytest.fixture
def published(db):
    plan = PlanVersionFactory(valid_from=timezone.localdate() - timedelta(days=7))
    PlanCellFactory(version=plan, weekday=0, slot_id=1)
    return plan


@pytest.fixture
def draft(hq, published):
    hq.post("/plan/draft/")
    return PlanVersion.objects.get(published_at=None)
