"""The morning review: from the chain's figures to the slot one store missed."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from metrics.services.rolling.days import roll_days
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.looks import SIDEWAYS, UNNAMED
from tests.execution.posts import post
from tests.factories import CustomerGroupFactory, StaffFactory, StoreFactory


def test_hq_finds_the_missed_slot_behind_a_low_figure_in_four_clicks(open_page):
    now = timezone.now()
    yesterday = timezone.localdate(now) - timedelta(days=1)
    for name, state in (("滨江店", "missed"), ("科技园店", "sent")):
        group = CustomerGroupFactory(name=f"{name}福利群", store=StoreFactory(name=name))
        post(group=group, day=yesterday, slot=3, state=state)
    roll_days(first=yesterday - timedelta(days=1), last=yesterday, at=now)
    page = open_page("/", user=StaffFactory(), size=DESKTOP)

    page.get_by_role("link", name="经营", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("经营总览")
    expect(page.locator("#heat tbody tr").first).to_contain_text("50")
    page.locator(".ends").get_by_role("link", name="滨江店").last.click()
    expect(page.locator(".figures th[scope=row]")).to_have_text("滨江店福利群")
    page.locator(".slot-heat tbody tr").first.get_by_role("link").click()
    page.locator(".post-link").click()

    expect(page.locator("main")).to_contain_text("到点未发")
    phone = open_page("/metrics/stores/", user=StaffFactory(), size=PHONE)
    assert phone.evaluate(SIDEWAYS) == 0
    assert phone.evaluate(UNNAMED) == []
