"""del_follow_user: she deleted the colleague. Whether he goes on listing her is not known of WeCom; both must do."""

import pytest

from members.models import Contact
from members.services.wecom_contacts import external_hash
from tests.wecom.sandbox.company import CORP


@pytest.fixture(params=[False, True], ids=["delisted", "listed still"])
def lost(mirror, request) -> str:
    """A customer of manager0001 who has just deleted him; the event is on its way."""
    mirror.company.control("settings", lists_deserters=request.param)
    mirror.read_all()
    [customer, *_] = mirror.company.customers("manager0001")
    mirror.do("part", userid="manager0001", contact=customer, by="customer")
    return customer


def contact(external: str) -> Contact:
    who = external_hash(external_userid=external, corp_id=CORP)
    return Contact.objects.get(member__identities__value_hash=who)


def test_the_event_ends_the_contact_whether_wecom_lists_her_or_not(mirror, lost):
    mirror.deliver()

    row = contact(lost)
    assert (row.ended_at is not None, row.lost_at is not None) == (True, True)


def test_no_later_reading_brings_her_back(mirror, lost):
    mirror.deliver()

    runs = mirror.read_all()

    assert contact(lost).ended_at is not None
    assert [run.drifts.count() for run in runs.values()] == [0, 0, 0, 0]


def test_when_she_adds_him_again_the_contact_lives(mirror, lost):
    mirror.deliver()
    mirror.do("befriend", userid="manager0001", contact=lost, add_way=1)

    mirror.deliver()

    row = contact(lost)
    assert (row.ended_at, row.lost_at) == (None, None)
    mirror.read_all()
    assert contact(lost).ended_at is None


def test_deletion_that_is_told_after_the_new_friendship_changes_nothing(mirror, lost):
    mirror.do("befriend", userid="manager0001", contact=lost, add_way=1)

    mirror.deliver(mirror.news()[::-1])

    assert contact(lost).ended_at is None


def test_deletion_told_twice_is_one(mirror, lost):
    events = mirror.news()

    mirror.deliver(events)
    before = contact(lost)
    mirror.deliver(events)

    after = contact(lost)
    assert (after.ended_at, after.lost_at) == (before.ended_at, before.lost_at)


def test_colleague_who_deletes_her_ends_the_contact_too(mirror):
    mirror.read_all()
    [customer, *_] = mirror.company.customers("manager0001")
    mirror.do("part", userid="manager0001", contact=customer, by="member")

    mirror.deliver()

    row = contact(customer)
    assert (row.ended_at is not None, row.lost_at) == (True, None)
