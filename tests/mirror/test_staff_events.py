"""Colleagues and departments follow the events, late ones too."""

from django.urls import reverse

from stores.models import Staff
from tests.factories import GuideFactory, StaffFactory
from tests.mirror.mirroring import staff
from tests.wecom.envelopes import event_xml


def test_new_colleague_in_a_department_of_a_store_becomes_its_guide(mirror):
    mirror.read_all("staff")
    mirror.do("hire", userid="XiaoLi", name="小李", department=2)

    mirror.deliver()

    person = staff("xiaoli")
    assert (person.name, person.role, person.store) == ("小李", Staff.Role.GUIDE, mirror.stores[0])


def test_colleague_who_left_is_logged_out_by_the_event(mirror, client):
    mirror.read_all("staff")
    client.force_login(staff("manager0001"))
    assert client.get(reverse("stores:account")).status_code == 200
    mirror.do("resign", userid="manager0001")

    mirror.deliver()

    assert client.get(reverse("stores:account")).status_code == 302
    assert staff("manager0001").is_active is False


def test_event_of_leaving_that_comes_late_does_not_end_a_new_employment(mirror):
    mirror.read_all("staff")
    mirror.do("resign", userid="manager0001")
    late = mirror.news()
    mirror.company.control("staff", userid="manager0001", status=1)

    mirror.deliver(late)

    assert staff("manager0001").is_active


def test_colleague_whom_wecom_ended_comes_back_with_wecom_and_one_whom_hq_ended_does_not(mirror):
    mirror.read_all("staff")
    mirror.do("resign", userid="manager0001")
    mirror.deliver()
    Staff.objects.filter(wecom_userid="manager0002").update(is_active=False)
    mirror.company.control("staff", userid="manager0001", status=1)

    mirror.read_all("staff")

    assert (staff("manager0001").is_active, staff("manager0002").is_active) == (True, False)


def test_disabled_colleague_loses_access(mirror):
    mirror.read_all("staff")
    mirror.company.control("staff", userid="manager0001", status=2)

    mirror.deliver([event_xml("change_contact", "update_user", UserID="Manager0001", Status="2")])

    assert staff("manager0001").is_active is False


def test_colleague_who_moves_goes_to_the_other_store_unless_he_is_its_manager(mirror):
    mirror.read_all("staff")
    Staff.objects.filter(wecom_userid="manager0002").update(role=Staff.Role.MANAGER)
    mirror.do("move", userid="manager0001", department=3)
    mirror.do("move", userid="manager0002", department=2)

    mirror.deliver()

    assert {staff("manager0001").store, staff("manager0002").store} == {mirror.stores[1]}


def test_changed_userid_keeps_the_person(mirror):
    mirror.read_all("staff")
    before = staff("manager0001").pk
    mirror.do("hire", userid="wang.fang", name="王芳", department=2)
    mirror.news()

    mirror.deliver([event_xml("change_contact", "update_user", UserID="manager0001", NewUserID="wang.fang")])

    assert staff("wang.fang").pk == before


def test_account_of_hq_is_never_taken_by_a_userid_of_the_same_name(mirror):
    admin = StaffFactory(username="admin")
    mirror.read_all("staff")
    mirror.do("hire", userid="admin", name="某人", department=2)

    mirror.deliver()

    admin.refresh_from_db()
    assert (admin.wecom_userid, staff("admin").username, staff("admin").role) == ("", "admin@wecom", "guide")


def test_account_a_store_made_before_is_the_colleague_of_that_store(mirror):
    mine = GuideFactory(username="Manager0001", store=mirror.stores[0])

    mirror.read_all("staff")

    assert staff("manager0001") == mine


def test_new_department_with_the_name_of_a_store_stands_for_it(mirror):
    mirror.stores[0].name = "城西店"
    mirror.stores[0].save()
    mirror.read_all("staff")
    number = mirror.do("create_department", name="城西店")

    mirror.deliver()

    assert list(mirror.stores[0].departments.values_list("pk", flat=True)) == [number]
