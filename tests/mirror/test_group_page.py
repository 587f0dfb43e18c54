from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import CustomerGroup, GroupMembership
from stores.models import AuditEntry
from tests.factories import CustomerGroupFactory, GuideFactory, ManagerFactory, StaffFactory

pytestmark = pytest.mark.django_db
LIST = reverse("communities:list")


def stay(group, who: bytes, *, joined_days_ago: int, left_days_ago: int | None = None) -> GroupMembership:
    at = timezone.now()
    left_at = None if left_days_ago is None else at - timedelta(days=left_days_ago)
    return GroupMembership.objects.create(
        group=group, who=who, joined_at=at - timedelta(days=joined_days_ago), left_at=left_at
    )


def test_list_shows_own_groups_with_the_joins_and_quits_of_seven_days(client):
    manager = ManagerFactory()
    group = CustomerGroupFactory(store=manager.store, name="城西福利群", member_count=312)
    CustomerGroupFactory(name="别店的群")
    stay(group, b"a", joined_days_ago=2)
    stay(group, b"b", joined_days_ago=30, left_days_ago=1)
    stay(group, b"c", joined_days_ago=30, left_days_ago=20)
    client.force_login(manager)

    page = client.get(LIST).content.decode()

    assert "城西福利群" in page
    assert "别店的群" not in page
    assert "312/500 人 · 7 天 +1 −1" in page


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_queries_for_one_group_and_three(client, django_assert_num_queries, count):
    manager = ManagerFactory()
    for _ in range(count):
        CustomerGroupFactory(store=manager.store, owner=GuideFactory(store=manager.store))
    client.force_login(manager)

    with django_assert_num_queries(4):  # session, user, count, page
        client.get(LIST)


def test_dismissed_groups_are_not_listed(client):
    CustomerGroupFactory(name="解散的群", dismissed_at=timezone.now())
    client.force_login(StaffFactory())

    assert "解散的群" not in client.get(LIST).content.decode()


def test_manager_says_what_a_group_is_for_and_a_guide_cannot(client):
    manager = ManagerFactory()
    group = CustomerGroupFactory(store=manager.store)
    url = reverse("communities:classify", args=[group.pk])
    client.force_login(GuideFactory(store=manager.store))
    assert client.post(url, {"kind": "flash"}).status_code == 404
    client.force_login(manager)

    assert client.post(url, {"kind": "flash"}).status_code == 302

    group.refresh_from_db()
    assert group.kind == CustomerGroup.Kind.FLASH
    assert client.post(url, {"kind": "unheard-of"}).status_code == 404


def test_group_of_another_store_is_not_there(client):
    group = CustomerGroupFactory()
    client.force_login(ManagerFactory())

    assert client.post(reverse("communities:classify", args=[group.pk]), {"kind": "flash"}).status_code == 404


def test_hq_says_how_many_a_group_may_hold_and_a_manager_cannot(client):
    manager = ManagerFactory()
    group = CustomerGroupFactory(store=manager.store)
    url = reverse("communities:classify", args=[group.pk])
    client.force_login(manager)
    client.post(url, {"kind": "flash", "capacity": "100"})
    group.refresh_from_db()
    assert (group.kind, group.capacity) == ("flash", 500)
    client.force_login(StaffFactory())

    client.post(url, {"kind": "super", "capacity": "２００"})

    group.refresh_from_db()
    assert (group.kind, group.capacity) == ("super", 200)
    assert AuditEntry.objects.filter(action="group.classify").count() == 2


@pytest.mark.parametrize("typed", ["501", "1", "0", "-3", "很多", "99999999"])
def test_a_capacity_no_group_has_is_refused_with_the_bounds(client, typed):
    group = CustomerGroupFactory()
    client.force_login(StaffFactory())

    page = client.post(
        reverse("communities:classify", args=[group.pk]), {"kind": "flash", "capacity": typed}, HTTP_HX_REQUEST="true"
    ).content.decode()

    group.refresh_from_db()
    assert "人数上限要在 2 到 500 之间" in page
    assert (group.kind, group.capacity) == ("daily", 500)
