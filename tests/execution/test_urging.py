"""催办: one card per owner, once a quarter of an hour for each post."""

from datetime import timedelta
from functools import partial

import pytest

from communities.models import PostUrge, SlotCard
from communities.services.cadence.urging import Urged, urge
from stores.models import AuditEntry
from tests.execution.posts import S, moment, post
from tests.factories import ManagerFactory, StaffFactory
from tests.racing import race

pytestmark = pytest.mark.django_db
AT = moment(10, 20)


def cards():
    return list(SlotCard.objects.order_by("pk").values_list("userid", "kind", "round"))


def test_an_owner_gets_one_card_for_all_groups(db):
    hq = StaffFactory()
    tasks = [post(owner_userid=owner) for owner in ("wangfang", "wangfang", "lina")]

    assert urge(tasks=tasks, by=hq, at=AT) == Urged(tasks=3, owners=2, too_soon=0)

    assert cards() == [("lina", "urge", 0), ("wangfang", "urge", 0)]
    assert SlotCard.objects.first().asked_by == hq
    assert AuditEntry.objects.get(action="posts.urged").detail["count"] == 3


def test_only_what_is_out_and_due_is_asked_for():
    tasks = [post(state=state) for state in (S.PLANNED, S.SENT, S.SKIPPED, S.MISSED, S.BLOCKED)]
    tasks.append(post(slot=2))  # released early, not due yet

    assert urge(tasks=tasks, by=StaffFactory(), at=AT) == Urged(tasks=0, owners=0, too_soon=0)
    assert not AuditEntry.objects.exists()


def test_within_a_quarter_of_an_hour_nobody_is_asked_again():
    hq, task = StaffFactory(), post()
    urge(tasks=[task], by=hq, at=AT)

    assert urge(tasks=[task], by=hq, at=AT + timedelta(minutes=14)) == Urged(tasks=0, owners=0, too_soon=1)
    assert urge(tasks=[task], by=hq, at=AT + timedelta(minutes=16)) == Urged(tasks=1, owners=1, too_soon=0)
    assert cards() == [("wangfang", "urge", 0), ("wangfang", "urge", 1)]


def test_a_group_without_an_owner_is_the_managers_business():
    manager = ManagerFactory(wecom_userid="zhaoli")

    urge(tasks=[post(store=manager.store, owner_userid="")], by=StaffFactory(), at=AT)

    assert cards() == [("zhaoli", "urge", 0)]


@pytest.mark.django_db(transaction=True)
def test_two_people_who_press_at_the_same_moment_ask_once():
    tasks = [post() for _ in range(5)]
    first, second = StaffFactory(), StaffFactory()

    done = race(partial(urge, tasks=tasks, by=first, at=AT), partial(urge, tasks=tasks, by=second, at=AT))

    assert sorted(one.tasks for one in done) == [0, 5]
    assert PostUrge.objects.count() == 5
