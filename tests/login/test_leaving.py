"""Somebody left: from WeCom's event, through the callback address, to the closed door."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from stores.models import ApiToken, AuditEntry
from stores.services import second_factor
from stores.services.staff import end_employment
from stores.services.tokens import create_token
from tests.factories import PASSWORD, StaffFactory
from tests.mirror.mirroring import staff
from wecom.models import CallbackJob
from wecom.services import inbox


@pytest.fixture
def reached(door, live_server, settings):
    """The sandbox sends its events to our callback address, signed and encrypted."""
    told = door.company.see("settings")
    settings.WECOM_TOKEN, settings.WECOM_AES_KEY = told["callback_token"], told["callback_aes_key"]
    door.company.control("settings", callback_url=f"{live_server.url}/wecom/callback/")
    return door


def key_of(person) -> APIClient:
    now = timezone.now()
    _, secret = create_token(
        staff=person, name="收银", scopes=["stores:read"], expires_at=now + timedelta(days=1), at=now
    )
    browser = APIClient()
    browser.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return browser


@pytest.mark.django_db(transaction=True)
def test_whoever_leaves_at_wecom_loses_sessions_and_keys_within_the_minute(reached):
    reached.come_in("manager0001")
    key = key_of(staff("manager0001"))
    assert (reached.is_open(), key.get("/api/v1/stores/").status_code) == (True, 200)

    reached.company.do("resign", userid="manager0001")
    reached.company.control("deliver")
    jobs = CallbackJob.objects.filter(event__kind="change_contact.delete_user", queue="fast")
    happened = jobs.get().event
    while inbox.run_next(queue="fast", at=timezone.now()):
        pass

    assert (reached.is_open(), key.get("/api/v1/stores/").status_code) == (False, 401)
    left = AuditEntry.objects.get(action="staff.left")
    assert left.at - happened.received_at < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_while_wecom_cannot_be_asked_its_word_is_enough_and_a_mistake_is_mended(reached):
    reached.come_in("manager0001")
    reached.company.do("resign", userid="manager0001")
    reached.company.control("deliver")
    reached.stop()
    now = timezone.now()

    assert inbox.run_next(queue="fast", at=now)
    closed = reached.is_open()
    reached.company.control("settings", outage="")
    reached.company.control("staff", userid="manager0001", status=1)  # the event had been late: she works here again
    assert inbox.run_next(queue="fast", at=now + timedelta(minutes=1))

    assert (closed, staff("manager0001").is_active, reached.is_open()) == (False, True, False)


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["full reading", "back office", "single reading"])
def test_every_other_way_of_leaving_closes_the_door_too(door, mirror, way):
    door.come_in("manager0001")
    person = staff("manager0001")
    key = key_of(person)
    door.company.do("resign", userid="manager0001")

    if way == "full reading":
        mirror.read_all("staff")
    elif way == "back office":
        office = Client()
        office.force_login(StaffFactory(is_staff=True, is_superuser=True))
        form = {"username": person.username, "name": person.name, "role": person.role, "store": person.store_id}
        assert office.post(f"/admin/stores/staff/{person.pk}/change/", form).status_code == 302
    else:
        mirror.deliver()

    assert (door.is_open(), key.get("/api/v1/stores/").status_code) == (False, 401)
    assert AuditEntry.objects.filter(action="staff.left", target=f"staff:{person.pk}").count() == 1


@pytest.mark.django_db
def test_whoever_comes_back_finds_no_old_session_key_password_or_phone(client):
    person, at = StaffFactory(), timezone.now()
    client.force_login(person)
    key = key_of(person)
    second_factor.begin_enrolment(staff=person)

    end_employment(staff=person, actor=None, at=at)
    person.refresh_from_db()
    person.is_active = True
    person.save(update_fields=["is_active"])

    assert client.get("/account/").status_code == 302
    assert key.get("/api/v1/stores/").status_code == 401
    assert ApiToken.objects.get().revoked_at == at
    assert not person.check_password(PASSWORD)
    assert not person.totpdevice_set.exists()


@pytest.mark.django_db
def test_somebody_out_of_the_apps_range_neither_leaves_nor_stops_the_reading(door, mirror):
    door.company.control("staff", userid="manager0001", visible=0)

    mirror.read_all("staff")

    assert staff("manager0001").is_active
