"""A wrong secret, from the settings to the operations page, over HTTP against a WeCom that counts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.services.reconciling import reconcile
from stores.models import Staff
from tests.factories import StaffFactory
from tests.wecom.envelopes import event_xml
from wecom.client.errors import CredentialsRefused
from wecom.gateway import wecom
from wecom.models import CallbackJob, GatewayAlert
from wecom.services import inbox

WRONG = "not-the-secret-of-this-app"


@pytest.fixture
def wrong_secret(mirror, settings):
    """The platform has a wrong secret; the right one is what the test may set."""
    right, settings.WECOM_SECRET = settings.WECOM_SECRET, WRONG
    wrong = wecom()
    yield right
    wrong.transport._http.close()
    wrong.transport.limiter._store.close()
    settings.WECOM_SECRET = right


def gettokens(mirror) -> int:
    return mirror.company.see("calls")["calls"].get("gettoken", 0)


def test_wrong_secret_makes_exactly_one_gettoken_and_one_alert_whoever_calls(mirror, wrong_secret, client):
    results = reconcile(wecom=wecom(), clock=timezone.now)
    for number in range(3):
        inbox.store_event(
            plaintext=event_xml("change_external_chat", "create", ChatId=f"wr{number}"), at=timezone.now()
        )
    while inbox.run_next(queue="default", at=timezone.now()):
        pass
    with pytest.raises(CredentialsRefused):
        wecom().contacts.departments()
    with pytest.raises(CredentialsRefused):
        wecom().bulk().customers.member_ids()

    assert {type(result) for result in results.values()} == {CredentialsRefused}
    assert CallbackJob.objects.dead().count() == 3
    assert gettokens(mirror) == 1
    alert = GatewayAlert.objects.get()
    assert (alert.kind, alert.times, alert.cleared_at) == ("errcode_40001", 1, None)
    client.force_login(StaffFactory())
    page = client.get(reverse("dashboard:operations")).content.decode()
    alerts, readings = page.split('id="alerts"')[1].split('id="readings"')
    assert (alerts.count("应用 Secret 不正确"), "应用 Secret 不正确" in readings) == (1, True)
    assert WRONG not in page


def test_right_secret_clears_the_alert_and_parked_work_goes_on(mirror, wrong_secret, settings):
    inbox.store_event(plaintext=event_xml("change_contact", "create_user", UserID="manager0001"), at=timezone.now())
    reconcile(wecom=wecom(), clock=timezone.now)
    while inbox.run_next(queue="default", at=timezone.now()):
        pass
    settings.WECOM_SECRET = wrong_secret

    mirror.read_all()
    inbox.replay_jobs(job_ids=CallbackJob.objects.dead().values_list("pk", flat=True), at=timezone.now())
    mirror.work()

    assert GatewayAlert.objects.get().cleared_at is not None
    assert Staff.objects.filter(wecom_userid="manager0001", is_active=True).exists()
    assert gettokens(mirror) == 2


def test_address_is_not_blocked_by_a_wrong_secret_that_is_used_for_a_day(mirror, wrong_secret, settings):
    mirror.company.control("settings", wrong_secrets_per_hour=2)

    for _ in range(24):
        reconcile(wecom=wecom(), clock=timezone.now)
        mirror.company.advance(timedelta(hours=1).total_seconds())
    settings.WECOM_SECRET = wrong_secret

    assert gettokens(mirror) == 1
    mirror.read_all("staff")
