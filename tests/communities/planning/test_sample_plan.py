"""The demo's week: published once, every square filled, nothing that would be blocked for want of a 接龙."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from communities.models import PlanCell, Theme
from communities.selectors.planned import planned_posts
from communities.simulation.plan import add_sample_plan
from tests.factories import CustomerGroupFactory, MaterialFactory

NOW = datetime(2026, 11, 22, 9, 5, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.django_db
def test_every_slot_of_the_week_is_filled_from_the_day_it_is_made():
    for theme in Theme:
        MaterialFactory(theme=theme)
    MaterialFactory(theme=Theme.OFFER, version__link_url="{接龙链接}", name="要有接龙")
    CustomerGroupFactory()

    plan = add_sample_plan(at=NOW)

    assert [len(planned_posts(day=NOW.date() + timedelta(days=n))) for n in range(7)] == [4] * 7
    assert not PlanCell.objects.filter(version=plan, materials__name="要有接龙").exists()
    assert add_sample_plan(at=NOW) is None


@pytest.mark.django_db
def test_without_materials_there_is_no_week():
    assert add_sample_plan(at=NOW) is None
