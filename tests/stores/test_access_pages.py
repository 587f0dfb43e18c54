"""Log-in, lock-out, sessions, and what happens when someone leaves."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from stores.models import AuditEntry
from stores.services.staff import end_employment
from tests.factories import PASSWORD, ManagerFactory, RegionLeadFactory, StaffFactory

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


def log_in(client: Client, username: str, password: str = PASSWORD, **extra: str):
    return client.post(LOGIN, {"username": username, "password": password} | extra)


def test_a_manager_logs_in_and_lands_on_the_own_stores_day(client):
    manager = ManagerFactory()

    log_in(client, manager.username)
    response = client.get("/", follow=True)

    assert response.redirect_chain == [("/today/", 302)]
    assert manager.store.name in response.content.decode()


def test_a_password_is_kept_as_argon2():
    assert ManagerFactory().password.startswith("argon2")


def test_the_session_key_changes_at_log_in(client):
    manager = ManagerFactory()
    client.session["before"] = 1
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = before = session.session_key

    log_in(client, manager.username)

    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_log_in_never_leads_to_another_host(client, target):
    response = log_in(client, ManagerFactory().username, next=target)

    assert response.headers["Location"] == "/"


def test_log_in_leads_back_to_the_page_that_was_asked_for(client):
    manager = ManagerFactory()
    asked = client.get("/account/")
    assert asked.headers["Location"] == "/login/?next=/account/"
    assert 'value="/account/"' in client.get("/login/?next=/account/").content.decode()

    response = log_in(client, manager.username, next="/account/")

    assert response.headers["Location"] == "/account/"


@pytest.mark.parametrize("case", ["wrong password", "unknown account", "left"])
def test_every_failed_log_in_reads_the_same(client, case):
    person = ManagerFactory(is_active=case != "left")
    username = "nobody" if case == "unknown account" else person.username

    response = log_in(client, username, "wrong" if case == "wrong password" else PASSWORD)

    assert response.status_code == 200
    assert "账号或密码不对" in response.content.decode()


def test_five_wrong_tries_lock_the_account_for_fifteen_minutes(client):
    manager = ManagerFactory()
    start = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        answers = [log_in(client, manager.username, "wrong").status_code for _ in range(5)]
        locked = log_in(client, manager.username)
    with time_machine.travel(start.replace(minute=14), tick=False):
        still = log_in(client, manager.username).status_code
    with time_machine.travel(start.replace(minute=16), tick=False):
        freed = log_in(client, manager.username).status_code

    assert answers == [200, 200, 200, 200, 429]
    assert locked.status_code == 429
    assert "15 分钟" in locked.content.decode()
    assert (still, freed) == (429, 302)


def test_a_locked_account_does_not_lock_a_colleague_behind_the_same_address(client):
    victim, colleague = ManagerFactory(), ManagerFactory()
    for _ in range(6):
        log_in(client, victim.username, "wrong")

    assert log_in(client, colleague.username).status_code == 302


def test_log_out_needs_a_post(client):
    client.force_login(ManagerFactory())

    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").headers["Location"] == LOGIN
    assert client.get("/account/").status_code == 302


def test_someone_who_leaves_loses_access_at_once(client):
    hq, manager = StaffFactory(), ManagerFactory()
    log_in(client, manager.username)
    assert client.get("/account/").status_code == 200

    at = datetime(2026, 3, 1, tzinfo=UTC)
    end_employment(staff=manager, actor=hq, at=at)
    end_employment(staff=manager, actor=hq, at=at)

    assert client.get("/account/").headers["Location"] == "/login/?next=/account/"
    assert AuditEntry.objects.filter(action="staff.left").count() == 1


def test_a_new_password_ends_every_other_session(client):
    manager = ManagerFactory()
    elsewhere = Client()
    for each in (client, elsewhere):
        log_in(each, manager.username)
    new = "another fresh password"

    response = client.post(
        "/account/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}, follow=True
    )

    assert "密码已修改" in response.content.decode()
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert log_in(Client(), manager.username, new).status_code == 302
    assert AuditEntry.objects.get(action="staff.password_changed").actor == manager


def test_a_weak_or_mistyped_new_password_is_refused_in_words(client):
    manager = ManagerFactory()
    client.force_login(manager)

    response = client.post(
        "/account/password/", {"old_password": "wrong", "new_password1": "12345", "new_password2": "12345"}
    )

    assert response.status_code == 422
    text = response.content.decode()
    assert "你的旧密码不正确" in text
    assert "密码太短" in text


@pytest.mark.parametrize(
    ("factory", "place"), [(StaffFactory, "全部门店"), (RegionLeadFactory, "及下属全部门店"), (ManagerFactory, "店")]
)
def test_my_account_says_who_i_am_and_when_i_logged_in(client, factory, place):
    person = factory(name="王芳")
    log_in(client, person.username)

    text = client.get(reverse("stores:account")).content.decode()

    assert "王芳" in text
    assert place in text
    assert "最近一次" in text


@pytest.mark.parametrize("path", ["/", "/stores/", "/stores/1/", "/stores/1/sales/", "/account/", "/account/password/"])
def test_every_page_asks_a_stranger_to_log_in(client, path):
    assert client.get(path).headers["Location"] == f"/login/?next={path}"
