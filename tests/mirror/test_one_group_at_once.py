"""Two workers apply the same reading of a group; and any order of readings ends with the newest."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from communities.models import CustomerGroup, GroupMembership
from communities.services import groups
from communities.services.groups import Difference, apply_group
from tests.racing import race

CORP = "ww1"
NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)


def reading(people: list[int], *, version: str = "v1", joined: int = 1_767_571_200) -> dict:
    members = [{"userid": f"wm{n}", "type": 2, "join_time": joined, "join_scene": 3} for n in people]
    return {"chat_id": "wr1", "name": "福利群", "owner": "boss", "member_list": members, "member_version": version}


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_reading_write_one_stay_a_person():
    apply = partial(apply_group, group=reading([1, 2, 3]), corp_id=CORP, read_at=NOON, at=NOON)

    results = race(apply, apply)

    assert sorted(len(result.joined) for result in results) == [0, 3]
    assert GroupMembership.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_on_the_group_one_of_two_workers_fails():
    group = CustomerGroup.objects.create(chat_id="wr1")
    both_have_looked = threading.Barrier(2)

    def unlocked():
        with transaction.atomic():
            found = reading([1, 2, 3])["member_list"]
            known = list(groups._live(group))
            both_have_looked.wait(30)
            assert known == []
            difference = Difference()
            groups._diff_members(group, found, difference, corp_id=CORP, read_at=NOON, at=NOON)
            return difference

    results = race(unlocked, unlocked)

    assert sum(isinstance(result, IntegrityError) for result in results) == 1


class AnyOrder(TransactionTestCase):
    @settings(max_examples=25, deadline=None)
    @given(
        history=st.lists(st.sets(st.integers(1, 6)), min_size=1, max_size=5),
        data=st.data(),
    )
    def test_readings_in_any_order_and_number_end_with_the_newest(self, history, data):
        readings = [
            (reading(sorted(people), version=f"v{turn}"), NOON + timedelta(minutes=turn))
            for turn, people in enumerate(history)
        ]
        order = data.draw(st.permutations(readings + data.draw(st.lists(st.sampled_from(readings), max_size=3))))

        for group, read_at in order:
            apply_group(group=group, corp_id=CORP, read_at=read_at, at=NOON)

        row = CustomerGroup.objects.get()
        live = {bytes(one.who) for one in GroupMembership.objects.filter(left_at=None)}
        newest = {groups.people.key_of_member(one, corp_id=CORP) for one in readings[-1][0]["member_list"]}
        assert (live, row.member_count, row.member_version) == (newest, len(history[-1]), f"v{len(history) - 1}")
