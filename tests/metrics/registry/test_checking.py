"""The nightly comparison with the facts, by queries of its own."""

from datetime import timedelta

import pytest

from metrics.models import DirtyDay, RolledDay, StoreTally, TallyDifference
from metrics.services.rolling import checking
from metrics.services.rolling.checking import check_day, check_last_days
from metrics.services.rolling.days import roll_days
from tests.metrics.world import DAY, NIGHT, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(checking, "_SAMPLE", 1)  # thirty days of every store, not of one in a hundred
    made = World()
    roll_days(first=DAY - timedelta(days=2), last=DAY, at=NIGHT)
    DirtyDay.objects.all().delete()
    return made


def test_the_roll_up_and_an_independent_count_agree(world):
    assert [check_day(day=DAY - timedelta(days=back), at=NIGHT) for back in (0, 1, 2)] == [0, 0, 0]

    newest = RolledDay.objects.get(day=DAY)
    assert newest.checked_at == NIGHT
    assert newest.compared == 2 * 20  # both stores, sixteen flows and four windows each


def test_a_wrong_number_is_reported_and_counted_again(world):
    StoreTally.objects.filter(store=world.store, day=DAY).update(paid_fen=1, buyers_30d=99)

    assert check_last_days(at=NIGHT) == 2

    found = TallyDifference.objects.order_by("component").values_list("component", "kept", "facts")
    assert list(found) == [("buyers_30d", 99, 3), ("paid_fen", 1, 10_500)]
    assert list(DirtyDay.objects.values_list("store_id", "day", "cause")) == [(world.store.pk, DAY, "rest")]


def test_what_was_mended_is_reported_no_longer(world):
    StoreTally.objects.filter(store=world.store, day=DAY).update(joins=7)
    check_day(day=DAY, at=NIGHT)
    roll_days(first=DAY, last=DAY, at=NIGHT)
    DirtyDay.objects.all().delete()

    assert check_day(day=DAY, at=NIGHT) == 0
    assert not TallyDifference.objects.exists()


def test_a_store_with_late_facts_waiting_is_not_accused(world):
    StoreTally.objects.filter(store=world.store, day=DAY).update(joins=7)
    DirtyDay.objects.create(store=world.store, day=DAY, cause="stay", noted_at=NIGHT)

    assert check_day(day=DAY, at=NIGHT) == 0


def test_without_a_counted_day_there_is_nothing_to_compare():
    assert check_last_days(at=NIGHT) == 0
