"""A department that stands for another store takes its people, and the groups they own, with it."""

import pytest
from django.urls import reverse

from communities.models import CustomerGroup
from stores.models import Department, Staff
from tests.factories import StaffFactory, StoreFactory
from tests.mirror.mirroring import staff

pytestmark = pytest.mark.django_db


def remap(client, number: int, code: str) -> str:
    return client.post(reverse("dashboard:remap", args=[number]), {"code": code}, follow=True).content.decode()


@pytest.fixture
def hq(client, mirror):
    mirror.read_all()
    client.force_login(StaffFactory())
    return client


def test_people_and_their_groups_move_at_once(mirror, hq):
    new = StoreFactory(code="NEW1", name="新店")

    page = remap(hq, 2, "new1")

    assert "1 位员工、2 个群跟着过去" in page
    assert staff("manager0001").store == new
    assert CustomerGroup.objects.filter(store=new).count() == 2
    assert Department.objects.get(pk=2).people == 1


def test_a_manager_of_the_store_it_stood_for_moves_too_and_one_of_another_store_stays(mirror, hq):
    mine, elsewhere = mirror.stores[0], StoreFactory()
    mirror.do("hire", userid="other", name="兼职店长", department=2)
    mirror.deliver()
    Staff.objects.filter(wecom_userid="manager0001").update(role=Staff.Role.MANAGER, store=mine)
    Staff.objects.filter(wecom_userid="other").update(role=Staff.Role.MANAGER, store=elsewhere)
    new = StoreFactory(code="NEW1")

    remap(hq, 2, "NEW1")

    assert (staff("manager0001").store, staff("other").store) == (new, elsewhere)


def test_departments_below_without_a_store_go_along(mirror, hq):
    number = mirror.do("create_department", name="二组", parentid=2)
    mirror.do("hire", userid="xiaoli", name="小李", department=number)
    mirror.deliver()
    new = StoreFactory(code="NEW1")

    remap(hq, 2, "NEW1")

    assert staff("xiaoli").store == new


def test_without_a_store_everybody_stays(mirror, hq):
    page = remap(hq, 2, "")

    assert "不再对应门店" in page
    assert staff("manager0001").store == mirror.stores[0]
    assert Department.objects.get(pk=2).store is None


def test_wecom_out_of_reach_keeps_the_mapping_and_says_so(mirror, hq):
    mirror.company.control("settings", trusted_ips=["10.0.0.1"])
    new = StoreFactory(code="NEW1")

    page = remap(hq, 2, "NEW1")

    assert "下次核对时更新" in page
    assert Department.objects.get(pk=2).store == new
