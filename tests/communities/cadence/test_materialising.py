"""The posts of a day follow the plan until they are released."""

from datetime import timedelta
from functools import partial

import pytest

from communities.models import PlanVersion, PostTask
from communities.services.cadence import materialising
from communities.services.cadence.materialising import Materialised, materialise
from communities.services.cadence.timing import release_at
from tests.communities.cadence.days import DAY, EVENING, cell, material, moment, published, store_of
from tests.racing import race


def posts(**fields):
    return dict(PostTask.objects.filter(**fields).values_list("slot_id", "state"))


@pytest.fixture
def plan(db) -> PlanVersion:
    plan = published()
    cell(plan, 1)
    cell(plan, 3)
    return plan


def test_a_day_becomes_one_post_per_group_and_planned_slot_and_a_repetition_changes_nothing(plan):
    store_of("zhang", "wr1", "wr2")

    first = materialise(day=DAY, at=EVENING)
    again = materialise(day=DAY, at=EVENING)

    assert (first, again) == (Materialised(created=4), Materialised())
    assert PostTask.objects.filter(state="planned").count() == 4
    post = PostTask.objects.filter(slot=3).first()
    assert (post.due_at, post.closes_at, post.owner_userid) == (moment(16), moment(17), "zhang")


def test_a_changed_plan_changes_and_withdraws_only_what_is_not_released(plan):
    store_of("zhang", "wr1")
    materialise(day=DAY, at=EVENING)
    PostTask.objects.filter(slot=1).update(state="skipped", skip_reason="out_of_stock")
    new = published()
    other = material("莲雾到店")
    cell(new, 2, other)
    cell(new, 4, other)

    result = materialise(day=DAY, at=EVENING)

    assert result == Materialised(created=2, withdrawn=1)
    assert posts() == {1: "skipped", 2: "planned", 3: "withdrawn", 4: "planned"}


def test_a_post_wanted_again_comes_back_and_another_wording_takes_its_place(plan):
    store_of("zhang", "wr1")
    materialise(day=DAY, at=EVENING)
    PostTask.objects.filter(slot=1).update(state="withdrawn")
    other = material("莲雾到店")
    new = published()
    cell(new, 1)
    cell(new, 3, other)

    result = materialise(day=DAY, at=EVENING)

    assert result == Materialised(changed=2)
    assert posts() == {1: "planned", 3: "planned"}
    assert PostTask.objects.get(slot=3).version == other.current


def test_a_change_in_the_afternoon_makes_no_posts_for_the_morning(plan):
    store_of("zhang", "wr1")

    result = materialise(day=DAY, at=moment(11, 1))

    assert result == Materialised(created=1)
    assert posts() == {3: "planned"}


def test_only_the_stores_asked_for_are_touched(plan):
    one, other = store_of("zhang"), store_of("li")

    materialise(day=DAY, store_ids=[one.pk], at=EVENING)
    first = set(PostTask.objects.values_list("store_id", flat=True))
    materialise(day=DAY, store_ids=[other.pk], at=EVENING)

    assert first == {one.pk}
    assert PostTask.objects.filter(state="planned").count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_day_make_each_post_once():
    plan = published()
    cell(plan, 1)
    store_of("zhang", "wr1", "wr2")
    run = partial(materialise, day=DAY, at=EVENING)

    results = race(run, run)

    assert sorted(result.created for result in results) == [0, 2]
    assert PostTask.objects.count() == 2


@pytest.mark.parametrize("hour", [9, 10, 12, 16, 20])
def test_releases_lie_before_the_hour_spread_the_same_in_every_run_and_off_the_busy_minutes(hour):
    due = moment(hour)

    moments = [release_at(due_at=due, owner=f"m{number}", slot_number=1) for number in range(500)]

    assert moments == [release_at(due_at=due, owner=f"m{number}", slot_number=1) for number in range(500)]
    assert all(moment(9) < one < due + timedelta(minutes=4) for one in moments)
    assert hour == 9 or all(due - timedelta(minutes=15) <= one < due - timedelta(minutes=4) for one in moments)
    assert not {one.minute for one in moments} & {0, 30}
    assert hour == 9 or len({one.minute for one in moments}) >= 9


def test_the_number_of_queries_does_not_grow_with_the_stores_of_a_shard(plan, django_assert_num_queries):
    stores = [store_of(f"m{number}") for number in range(33)]
    shard = [store.pk for store in stores if store.pk % 16 == stores[0].pk % 16]
    assert len(shard) == 3
    with django_assert_num_queries(31):
        materialise(day=DAY, store_ids=shard[:1], at=EVENING)
    with django_assert_num_queries(31):
        materialise(day=DAY, store_ids=shard, at=EVENING)
    assert materialising.shards(shard) == [shard]
