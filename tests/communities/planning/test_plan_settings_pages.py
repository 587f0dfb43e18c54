"""Around the week: hours, calendar and quota rules on their pages."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from communities.models import CalendarDay, QuotaRule, Slot, SlotHour
from tests.factories import (
    RegionFactory,
)


def test_the_hours_are_changed_for_all_and_for_a_region(hq):
    region = RegionFactory()
    hq.post("/plan/hours/", {"slot": 1, "name": "早市", "at": "09:30", "grace_minutes": 45, "is_active": "on"})
    hq.post("/plan/hours/", {"what": "region", "slot": 2, "region": region.pk, "at": "12:30"})

    slot = Slot.objects.get(pk=1)
    assert (f"{slot.at:%H:%M}", slot.grace_minutes) == ("09:30", 45)
    assert f"{SlotHour.objects.get(region=region).at:%H:%M}" == "12:30"


@pytest.mark.parametrize(
    ("at", "reason"), [("08:00", "免打扰时段"), ("21:00", "免打扰时段"), ("12:00", "时段顺序乱了")]
)
def test_an_hour_in_the_quiet_hours_or_out_of_order_is_refused(hq, at, reason):
    answer = hq.post("/plan/hours/", {"slot": 1, "name": "早市", "at": at, "grace_minutes": 60, "is_active": "on"})

    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert f"{Slot.objects.get(pk=1).at:%H:%M}" == "10:00"


def test_a_flash_day_is_added_changed_and_removed(hq):
    day = timezone.localdate() + timedelta(days=3)
    for name in ("快闪", "周年庆"):
        hq.post("/plan/calendar/", {"day": day, "kind": "flash", "name": name, "as_weekday": "5"})
    entry = CalendarDay.objects.get()

    hq.post(f"/plan/calendar/{entry.pk}/drop/")

    assert (entry.name, entry.as_weekday) == ("周年庆", 5)
    assert not CalendarDay.objects.exists()


def test_a_quota_rule_is_set_from_a_day_on_and_not_for_the_past(hq):
    today = timezone.localdate()
    hq.post("/plan/quota/", {"rule": "day_1", "valid_from": today, "reserve": 2})
    answer = hq.post("/plan/quota/", {"rule": "week_7", "valid_from": today - timedelta(days=1), "reserve": 2})

    assert answer.status_code == 422
    assert QuotaRule.objects.order_by("-valid_from").first().rule == "day_1"


@pytest.mark.django_db
def test_a_year_is_imported_once_and_what_hq_changed_stays(hq):
    CalendarDay.objects.create(day=date(2026, 10, 1), kind="flash", name="我们的国庆")

    first = hq.post("/plan/calendar/import/", {"year": 2026}, follow=True)
    again = hq.post("/plan/calendar/import/", {"year": 2026}, follow=True)

    assert "新导入 38 天，1 天已有" in first.content.decode()
    assert "新导入 0 天，39 天已有" in again.content.decode()
    assert CalendarDay.objects.get(day=date(2026, 10, 1)).name == "我们的国庆"


def test_a_year_nobody_knows_yet_is_not_guessed(hq):
    answer = hq.post("/plan/calendar/import/", {"year": 2029}, follow=True)

    assert "还没有 2029 年的放假安排" in answer.content.decode()
    assert not CalendarDay.objects.exists()
