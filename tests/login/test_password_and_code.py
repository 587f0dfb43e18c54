"""HQ's password and the code it is worth nothing without."""

from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from stores.models import AuditEntry, RecoveryCode
from stores.services import second_factor
from stores.services.second_factor import NothingEnrolled, TooManyTries, WrongCode
from tests.factories import PASSWORD, GuideFactory, ManagerFactory, RegionLeadFactory, StaffFactory
from tests.racing import race

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 10, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """A standing clock, for codes change every 30 seconds; `clock.shift` moves it."""
    with time_machine.travel(START, tick=False) as travel:
        yield travel


def digits(device, *, wrong: bool = False) -> str:
    device.refresh_from_db()
    totp = TOTP(device.bin_key)
    totp.time = timezone.now().timestamp()
    return f"{(totp.token() + wrong) % 1_000_000:06d}"


def enrol(person):
    """A phone of this person, its code used up, and the ten recovery codes."""
    device = second_factor.begin_enrolment(staff=person)
    return second_factor.confirm_enrolment(staff=person, code=digits(device), at=timezone.now())


@pytest.fixture
def enrolled(clock):
    person = StaffFactory(is_staff=True, is_superuser=True)
    device, codes = enrol(person)
    clock.shift(30)
    return person, device, codes


def type_password(client, person, password=PASSWORD, **more):
    return client.post("/login/", {"username": person.username, "password": password, **more})


def is_open(client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.parametrize("factory", [ManagerFactory, GuideFactory, RegionLeadFactory])
def test_where_only_hq_has_passwords_others_are_told_the_way_in(client, settings, factory):
    settings.PASSWORD_FOR_EVERYONE = False
    person = factory()

    right, wrong = type_password(client, person), type_password(client, person, "wrong")

    assert "请从企业微信进入" in right.content.decode()
    assert "请从企业微信进入" not in wrong.content.decode()
    assert not is_open(client)
    assert type_password(client, StaffFactory()).status_code == 302


def test_where_a_code_is_required_hq_enrols_a_phone_before_anything_opens(client, settings, clock):
    settings.TOTP_REQUIRED = True
    person = StaffFactory()

    asked = type_password(client, person, next="/stores/")
    page = client.get("/login/enrol/")
    before = is_open(client)
    device = TOTPDevice.objects.get(user=person)
    wrong = client.post("/login/enrol/", {"code": digits(device, wrong=True)})
    clock.shift(1)
    done = client.post("/login/enrol/", {"code": digits(device)})

    assert asked.headers["Location"] == "/login/enrol/"
    assert (page.status_code, "data:image/svg+xml" in page.content.decode(), before) == (200, True, False)
    assert (wrong.status_code, "动态码不对" in wrong.content.decode()) == (422, True)
    assert is_open(client)
    assert done.content.decode().count("<li>") == 10
    assert 'href="/stores/"' in done.content.decode()
    assert AuditEntry.objects.get(action="staff.logged_in").detail == {"way": "password_and_code"}
    assert "no-store" in done.headers["Cache-Control"]


def test_with_a_phone_the_password_alone_opens_nothing(client, enrolled):
    person, device, _ = enrolled

    asked = type_password(client, person, next="/stores/")
    closed = [client.get(path).status_code for path in ("/account/", "/stores/", "/admin/", "/login/enrol/")]
    done = client.post("/login/code/", {"code": f" {digits(device)[:3]} {digits(device)[3:]}"})

    assert asked.headers["Location"] == "/login/code/"
    assert closed == [302, 302, 302, 302]
    assert done.headers["Location"] == "/stores/"
    assert is_open(client)
    assert client.get("/admin/").status_code == 200


def test_a_code_works_once(client, enrolled):
    person, device, _ = enrolled
    used = digits(device)
    type_password(client, person)
    client.post("/login/code/", {"code": used})
    elsewhere = Client()
    type_password(elsewhere, person)

    assert elsewhere.post("/login/code/", {"code": used}).status_code == 422
    assert not is_open(elsewhere)


def test_a_recovery_code_works_once_however_it_is_typed(client, enrolled):
    person, _, codes = enrolled
    type_password(client, person)
    first = client.post("/login/code/", {"code": f" {codes[0].lower().replace('-', ' ')} "})
    elsewhere = Client()
    type_password(elsewhere, person)

    assert first.status_code == 302
    assert elsewhere.post("/login/code/", {"code": codes[0]}).status_code == 422
    assert second_factor.codes_left(staff=person) == 9
    assert AuditEntry.objects.filter(action="staff.recovery_code_used").count() == 1


def test_of_a_recovery_code_nothing_readable_is_kept(enrolled):
    _, _, codes = enrolled
    kept = [bytes(digest) for digest in RecoveryCode.objects.values_list("digest", flat=True)]

    assert {len(digest) for digest in kept} == {32}
    assert len(set(codes)) == len(kept) == 10
    assert not any(code.replace("-", "") in str(kept) + str(list(AuditEntry.objects.values())) for code in codes)


def test_each_wrong_code_of_either_kind_doubles_the_wait(enrolled, clock):
    person, device, codes = enrolled
    at = timezone.now

    for typed, wait in ((digits(device, wrong=True), 1), ("A" * 16, 2), ("", 4), ("12345", 8)):
        with pytest.raises(WrongCode):
            second_factor.check_code(staff=person, code=typed, at=at())
        with pytest.raises(TooManyTries) as refused:
            second_factor.check_code(staff=person, code=digits(device), at=at())
        assert refused.value.seconds == wait
        clock.shift(wait)

    assert second_factor.check_code(staff=person, code=codes[3], at=at()) == device
    clock.shift(30)
    assert second_factor.check_code(staff=person, code=digits(device), at=at()) == device


def test_the_wait_is_said_in_words(client, enrolled):
    person, device, _ = enrolled
    type_password(client, person)
    client.post("/login/code/", {"code": "000000"})

    again = client.post("/login/code/", {"code": digits(device)})

    assert (again.status_code, "请过 1 秒再试" in again.content.decode()) == (422, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["phone", "recovery"])
def test_of_two_browsers_with_one_code_one_comes_in(enrolled, kind):
    """The control: two different recovery codes both come in."""
    person, device, codes = enrolled
    same = digits(device) if kind == "phone" else codes[0]

    def give(code):
        return lambda: second_factor.check_code(staff=person, code=code, at=timezone.now())

    results = race(give(same), give(same))
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    control = race(give(codes[1]), give(codes[2]))

    assert sorted(type(one).__name__ for one in results) == ["TOTPDevice", "WrongCode"]
    assert [type(one).__name__ for one in control] == ["TOTPDevice", "TOTPDevice"]


@pytest.mark.parametrize("path", ["/login/code/", "/login/enrol/"])
def test_the_password_waits_five_minutes_for_its_code(client, settings, clock, path):
    settings.TOTP_REQUIRED = True
    person = StaffFactory()
    if path == "/login/code/":
        enrol(person)
    type_password(client, person)
    clock.shift(299)
    waiting = client.get(path).status_code
    clock.shift(1)

    assert (waiting, client.get(path).headers["Location"]) == (200, "/login/")


@pytest.mark.parametrize("change", ["left", "new password"])
def test_a_password_that_holds_no_longer_waits_for_nothing(client, enrolled, change):
    person, device, _ = enrolled
    type_password(client, person)
    if change == "left":
        person.is_active = False
    else:
        person.set_password("something else entirely")
    person.save()

    assert client.post("/login/code/", {"code": digits(device)}).headers["Location"] == "/login/"
    assert not is_open(client)


@pytest.mark.parametrize("path", ["/login/code/", "/login/enrol/"])
def test_without_a_password_there_is_no_code_to_give(client, path):
    assert client.get(path).headers["Location"] == "/login/"
    assert client.post(path, {"code": "123456"}).headers["Location"] == "/login/"


def test_the_back_office_wants_the_code_of_whoever_has_a_phone_however_she_came_in(client, enrolled):
    person, device, _ = enrolled
    client.force_login(person)  # as WeCom's door does

    sent = client.get("/admin/stores/staff/", follow=True)
    given = client.post("/account/second-factor/verify/", {"code": digits(device), "next": "/admin/stores/staff/"})

    assert sent.redirect_chain[-1][0] == "/account/second-factor/verify/?next=%2Fadmin%2Fstores%2Fstaff%2F"
    assert given.headers["Location"] == "/admin/stores/staff/"
    assert client.get("/admin/stores/staff/").status_code == 200


def test_where_a_code_is_required_the_back_office_has_every_administrator_enrol(client, settings):
    settings.TOTP_REQUIRED = True
    client.force_login(StaffFactory(is_staff=True, is_superuser=True))

    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/account/second-factor/"


def test_the_back_office_has_no_log_in_of_its_own(client):
    assert client.get("/admin/login/?next=/admin/stores/").headers["Location"] == "/login/?next=/admin/stores/"
    client.force_login(ManagerFactory())
    assert client.get("/admin/login/").status_code == 403


def test_an_administrator_resets_the_phone_of_another_and_it_is_noted(client, enrolled):
    person, device, codes = enrolled
    hers = Client()
    type_password(hers, person)
    hers.post("/login/code/", {"code": digits(device)})
    office = StaffFactory(is_staff=True, is_superuser=True)
    client.force_login(office)

    client.post("/admin/stores/staff/", {"action": "reset_second_factors", "_selected_action": [person.pk]})

    assert second_factor.device_of(staff=person) is None
    assert second_factor.codes_left(staff=person) == 0
    assert AuditEntry.objects.get(action="staff.second_factor_reset").actor == office
    with pytest.raises(NothingEnrolled):
        second_factor.check_code(staff=person, code=codes[0], at=timezone.now())
    assert hers.get("/account/").status_code == 200  # the session stays, the proof is gone
    assert "otp_device_id" not in hers.session


def test_the_secrets_of_phones_are_not_in_the_back_office(client, enrolled):
    person, device, _ = enrolled
    type_password(client, person)
    client.post("/login/code/", {"code": digits(device)})

    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404


def test_the_last_administrator_is_freed_from_the_shell(enrolled):
    person, _, _ = enrolled
    said = StringIO()

    call_command("reset_second_factor", person.username, stdout=said)

    assert "已重置" in said.getvalue()
    assert second_factor.device_of(staff=person) is None
    for username in (person.username, "nobody"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", username)


def test_hq_enrols_by_choice_changes_the_phone_and_renews_the_codes(client, clock):
    person = StaffFactory()
    client.force_login(person)
    client.get("/account/second-factor/")
    old = TOTPDevice.objects.get()
    shown = client.post("/account/second-factor/", {"code": digits(old)})
    clock.shift(30)
    client.get("/account/second-factor/?change")
    new = TOTPDevice.objects.exclude(pk=old.pk).get()
    client.post("/account/second-factor/?change", {"code": digits(new)})
    before = set(RecoveryCode.objects.values_list("pk", flat=True))
    client.post("/account/second-factor/codes/")

    assert shown.content.decode().count("<li>") == 10
    assert list(TOTPDevice.objects.all()) == [new]
    assert before.isdisjoint(RecoveryCode.objects.values_list("pk", flat=True))
    assert "恢复码还剩" in client.get("/account/second-factor/").content.decode()


def test_a_session_without_the_code_changes_neither_phone_nor_codes(client, enrolled):
    person, device, _ = enrolled
    client.force_login(person)
    verify = "/account/second-factor/verify/?next=%2Faccount%2Fsecond-factor%2F"

    for answer in (
        client.get("/account/second-factor/?change"),
        client.post("/account/second-factor/?change", {"code": "123456"}),
        client.post("/account/second-factor/codes/"),
    ):
        assert answer.headers["Location"] == verify
    assert list(TOTPDevice.objects.all()) == [device]


def test_the_shop_has_no_second_factor_page(client):
    client.force_login(ManagerFactory())

    assert client.get("/account/second-factor/").status_code == 404


def test_a_wrong_code_locks_nobody_out_of_the_password(client, enrolled):
    """axes counts passwords; the throttle counts codes."""
    person, _, _ = enrolled
    for _ in range(6):
        type_password(client, person)
        client.post("/login/code/", {"code": "000000"})

    assert type_password(client, person).status_code == 302
