"""Through WeCom's door and back, against the sandbox: who comes in, who does not, and what each of them reads."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from stores.models import AuditEntry, Staff
from stores.services.staff import end_employment
from tests.factories import StaffFactory
from tests.login.doors import IN_WECOM, parameters
from tests.mirror.mirroring import staff
from tests.racing import race

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("agent", "gate", "way"), [
    (IN_WECOM, "/connect/oauth2/authorize", "wecom_client"),
    ("Mozilla/5.0 (Windows NT 10.0)", "/wwlogin/sso/login", "wecom_scan"),
])  # fmt: skip
def test_a_manager_comes_in_from_the_client_and_from_the_desk(door, agent, gate, way):
    started = door.start(agent=agent)
    response = door.client.get(door.identify(started.headers["Location"], "manager0001"))

    assert started.headers["Location"].startswith(door.company.base + gate)
    assert response.headers["Location"] == "/account/"
    assert staff("manager0001").name in door.client.get("/account/").content.decode()
    entry = AuditEntry.objects.get(action="staff.logged_in")
    assert (entry.actor, entry.detail, entry.address) == (staff("manager0001"), {"way": way}, "127.0.0.1")


def test_in_the_client_whoever_was_on_the_way_is_sent_on_without_a_tap(door):
    def asked(**headers):
        return door.client.get("/login/", {"next": "/stores/"}, headers={"User-Agent": IN_WECOM, **headers})

    assert asked().headers["Location"] == "/login/wecom/?next=%2Fstores%2F"
    assert asked(**{"HX-Request": "true"}).status_code == 200
    assert door.client.get("/login/", headers={"User-Agent": IN_WECOM}).status_code == 200


def test_the_session_key_changes_when_somebody_comes_in(door):
    back = door.back("manager0001")
    before = door.client.session.session_key

    door.client.get(back)

    assert door.client.session.session_key != before


def test_letters_of_a_userid_have_no_case(door):
    door.company.do("hire", userid="XiaoLi", name="小李", department=2)

    assert door.come_in("XiaoLi").status_code == 302
    assert staff("xiaoli").name == "小李"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_nobody_is_led_to_another_host(door, target):
    assert door.come_in("manager0001", page=target).headers["Location"] == "/"


def test_a_colleague_whose_event_is_late_is_read_and_comes_in(door):
    door.company.do("hire", userid="newcomer", name="小周", department=3)

    assert door.come_in("newcomer").headers["Location"] == "/account/"
    assert staff("newcomer").role == Staff.Role.GUIDE


def test_a_member_in_no_store_reads_what_to_send_to_whom(door):
    door.company.do("hire", userid="Office1", name="会计", department=1)

    response = door.come_in("Office1")

    assert response.status_code == 403
    assert "你还没有开通店圈" in response.content.decode()
    assert "office1" in response.content.decode()
    assert not door.is_open()
    refused = AuditEntry.objects.get(action="staff.login_refused")
    assert (refused.target, refused.detail) == ("wecom:office1", {"reason": "unknown"})


def test_somebody_hq_sent_away_stays_out_although_wecom_still_has_her(door):
    end_employment(staff=staff("manager0001"), actor=StaffFactory(), at=timezone.now())

    response = door.come_in("manager0001")

    assert (response.status_code, "这个账号已停用" in response.content.decode()) == (403, True)
    assert not door.is_open()


def test_somebody_whom_wecom_took_back_comes_in_before_the_event_does(door):
    end_employment(staff=staff("manager0001"), actor=None, at=timezone.now())
    Staff.objects.filter(wecom_userid="manager0001").update(wecom_left_at=timezone.now())

    assert door.come_in("manager0001").status_code == 302
    assert staff("manager0001").is_active


def test_a_customer_is_shown_out(door):
    response = door.come_in(door.company.customers()[0], agent=IN_WECOM)

    assert (response.status_code, "这里只给公司员工使用" in response.content.decode()) == (403, True)
    assert AuditEntry.objects.get(action="staff.login_refused").detail == {"reason": "visitor"}


def test_a_state_is_random_and_another_sessions_state_opens_nothing(door):
    """Log-in CSRF: an attacker's code in a victim's browser."""
    attackers = door.back("manager0002")
    victim = Client()
    victim.get("/login/wecom/")

    response = victim.get(attackers)

    assert (response.status_code, "登录页放太久了" in response.content.decode()) == (400, True)
    assert victim.get("/account/").status_code == 302
    states = {parameters(door.start().headers["Location"])["state"] for _ in range(20)}
    assert (len(states), min(map(len, states))) == (20, 32)


@pytest.mark.parametrize("query", ["", "?code=c", "?code=c&state=", "?code=c&state=made-up"])
def test_a_return_nobody_started_opens_nothing(door, query):
    response = door.client.get(f"/login/wecom/return/{query}")

    assert response.status_code == 400
    assert not any(entry["name"] == "auth/getuserinfo" for entry in door.company.see("ledger", kind="api")["entries"])


def test_a_state_works_once(door):
    back = door.back("manager0001")
    door.client.get(back)
    door.client.post("/logout/")

    assert door.client.get(back).status_code == 400


def test_a_second_tap_of_whoever_is_in_already_leads_home(door):
    back = door.back("manager0001")
    door.client.get(back)

    assert door.client.get(back).headers["Location"] == "/"


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_with_one_state_one_comes_in(door):
    """The two browsers share the cookie. The control: a second state of its own comes in."""
    back = door.back("manager0001")
    cookies = dict(door.client.cookies.items())

    def arrive():
        browser = Client()
        browser.cookies.update(cookies)
        return browser.get(back).status_code

    answers = race(arrive, arrive)
    control = door.come_in("manager0002").status_code

    assert sorted(answers) == [302, 400]
    assert control == 302


def test_a_state_lives_ten_minutes(door):
    start = datetime(2026, 11, 10, 4, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        late = door.back("manager0001")
        in_time = door.back("manager0001")
    with time_machine.travel(start + timedelta(seconds=600), tick=False):
        expired = door.client.get(late)
    with time_machine.travel(start + timedelta(seconds=599), tick=False):
        good = door.client.get(in_time)

    assert (expired.status_code, good.status_code) == (400, 302)


def test_only_the_latest_five_tabs_are_remembered(door):
    first, *others = [door.start().headers["Location"] for _ in range(6)]

    assert door.client.get(door.identify(first, "manager0001")).status_code == 400
    assert door.client.get(door.identify(others[0], "manager0001")).status_code == 302


def test_a_code_that_was_used_or_is_too_old_says_so(door):
    back = door.back("manager0001")
    door.company.get("auth/getuserinfo", code=parameters(back)["code"])
    used = door.client.get(back)
    late = door.back("manager0001")
    door.company.advance(300)

    for response in (used, door.client.get(late)):
        assert (response.status_code, "已经用过或过期" in response.content.decode()) == (400, True)
    assert not door.is_open()


def test_somebody_who_does_not_confirm_is_asked_to_try_again(door):
    state = parameters(door.start().headers["Location"])["state"]

    response = door.client.get("/login/wecom/return/", {"state": state})

    assert (response.status_code, "登录没有完成" in response.content.decode()) == (400, True)


@pytest.mark.parametrize("fault", [{"outage": "down"}, {"outage": "busy"}, {"app_disabled": True}, {"trusted_ips": []}])
def test_a_wecom_that_does_not_answer_is_nobodys_fault_here(door, fault):
    back = door.back("manager0001")
    door.company.control("settings", **fault)

    response = door.client.get(back)

    assert (response.status_code, "企业微信暂时连不上" in response.content.decode()) == (503, True)
    assert not door.is_open()


def test_wecom_refuses_a_platform_that_is_no_trusted_domain(door):
    door.company.control("settings", trusted_domains=["dianquan.example"])

    page = door.company.http.get(door.start().headers["Location"])

    assert (page.status_code, "redirect_uri 需使用应用可信域名" in page.text) == (400, True)


def test_without_a_wecom_there_is_only_the_password(client, db):
    assert client.get("/login/wecom/").status_code == 404
    assert client.get("/login/wecom/return/").status_code == 404
    assert "企业微信登录" not in client.get("/login/").content.decode()
