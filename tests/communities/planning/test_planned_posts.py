"""What the plan wants posted on a day, from rows."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from communities.models import CalendarDay, SlotHour, StorePost
from communities.selectors.planned import plan_of, planned_posts
from tests.factories import (
    CustomerGroupFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    RegionFactory,
    StoreFactory,
)

MONDAY = date(2026, 11, 23)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture
def plan(db):
    return PlanVersionFactory()


def own_post(store, **fields):
    fields = {"day": MONDAY, "slot_id": 1, "made_at": NOW, "material": MaterialFactory()} | fields
    return StorePost.objects.create(store=store, **fields)


def test_a_group_gets_the_cells_material_at_the_slots_hour_in_shanghai(plan):
    group = CustomerGroupFactory(owner_userid="zhang")
    cell = PlanCellFactory(version=plan, slot_id=3, must_do=False, wish="group_send")

    [post] = planned_posts(day=MONDAY)

    assert post == (
        group.pk, group.store_id, 3, datetime(2026, 11, 23, 16, tzinfo=SHANGHAI),
        datetime(2026, 11, 23, 17, tzinfo=SHANGHAI), cell.rotation.get().material.current_id, cell.pk, None, False,
        "group_send", "zhang",
    )  # fmt: skip


def test_suspended_stores_dissolved_groups_and_groups_of_no_store_get_nothing(plan):
    PlanCellFactory(version=plan)
    CustomerGroupFactory(store=StoreFactory(stage="suspended", suspended_on=MONDAY))
    CustomerGroupFactory(dismissed_at=timezone.now())
    CustomerGroupFactory(store=None)

    assert planned_posts(day=MONDAY) == []


def test_a_regions_own_hour_holds_below_it_and_the_deepest_counts(plan):
    area = RegionFactory()
    city = RegionFactory(parent=area)
    PlanCellFactory(version=plan)
    groups = [CustomerGroupFactory(store=StoreFactory(region=region)) for region in (RegionFactory(), area, city)]
    SlotHour.objects.create(slot_id=1, region=city, at=time(9, 30))
    SlotHour.objects.create(slot_id=1, region=area, at=time(11))

    due = {post.group_id: post.due_at.astimezone(SHANGHAI).time() for post in planned_posts(day=MONDAY)}

    assert due == dict(zip([group.pk for group in groups], [time(10), time(11), time(9, 30)], strict=True))


def test_a_stores_own_post_replaces_a_may_do_cell_and_fills_an_empty_slot(plan):
    group = CustomerGroupFactory()
    PlanCellFactory(version=plan, must_do=False)
    own = [own_post(group.store), own_post(group.store, slot_id=2)]

    posts = planned_posts(day=MONDAY)

    assert [(post.slot_number, post.own_post_id, post.cell_id, post.must_do) for post in posts] == [
        (1, own[0].pk, None, False), (2, own[1].pk, None, False),
    ]  # fmt: skip


def test_a_must_do_cell_cannot_be_replaced(plan):
    group = CustomerGroupFactory()
    cell = PlanCellFactory(version=plan, must_do=True)
    own_post(group.store)

    [post] = planned_posts(day=MONDAY)

    assert (post.cell_id, post.own_post_id) == (cell.pk, None)


def test_one_must_do_group_keeps_its_post_while_the_others_get_the_stores_own(plan):
    store = StoreFactory()
    strict, free = CustomerGroupFactory(store=store, kind="super"), CustomerGroupFactory(store=store)
    cell = PlanCellFactory(version=plan, group_kind="super", must_do=True)
    own = own_post(store)

    posts = {post.group_id: (post.cell_id, post.own_post_id) for post in planned_posts(day=MONDAY)}

    assert posts == {strict.pk: (cell.pk, None), free.pk: (None, own.pk)}


def test_a_post_for_one_group_goes_before_one_for_the_whole_store(plan):
    store = StoreFactory()
    one, other = CustomerGroupFactory(store=store), CustomerGroupFactory(store=store)
    for_all, for_one = own_post(store), own_post(store, group=one)

    posts = {post.group_id: post.own_post_id for post in planned_posts(day=MONDAY)}

    assert posts == {one.pk: for_one.pk, other.pk: for_all.pk}


def test_an_archived_material_drops_out_and_a_cell_left_empty_posts_nothing(plan):
    CustomerGroupFactory()
    kept, gone = MaterialFactory(), MaterialFactory(archived_at=timezone.now())
    PlanCellFactory(version=plan, materials=[gone, kept])
    PlanCellFactory(version=plan, slot_id=2, materials=[gone])

    posts = planned_posts(day=MONDAY)

    assert [(post.slot_number, post.version_id) for post in posts] == [(1, kept.current_id)]


def test_the_countdown_follows_each_stores_own_opening(plan):
    soon = CustomerGroupFactory(store=StoreFactory(stage="fitout", opened_on=MONDAY + timedelta(days=3)))
    opens = CustomerGroupFactory(store=StoreFactory(stage="opening", opened_on=MONDAY))
    CustomerGroupFactory(store=StoreFactory(opened_on=MONDAY - timedelta(days=900)))
    cells = {n: PlanCellFactory(version=plan, days_to_opening=n).pk for n in (0, 3)}

    posts = {post.group_id: post.cell_id for post in planned_posts(day=MONDAY)}

    assert posts == {soon.pk: cells[3], opens.pk: cells[0]}


def test_the_calendar_bends_a_day_and_silences_another(plan):
    CustomerGroupFactory()
    PlanCellFactory(version=plan, weekday=0)
    saturday = PlanCellFactory(version=plan, weekday=5)
    CalendarDay.objects.create(day=MONDAY, kind="holiday", name="假", as_weekday=5)
    CalendarDay.objects.create(day=date(2026, 11, 28), kind="holiday", name="静", is_silent=True)

    assert [post.cell_id for post in planned_posts(day=MONDAY)] == [saturday.pk]
    assert planned_posts(day=date(2026, 11, 28)) == []


@pytest.mark.django_db
def test_of_the_plans_valid_by_a_day_the_one_published_last_counts():
    old = PlanVersionFactory(valid_from=date(2026, 11, 1), published_at=NOW - timedelta(days=20))
    later = PlanVersionFactory(valid_from=date(2026, 11, 30), published_at=NOW)
    PlanVersionFactory(valid_from=None, published_at=None)

    days = [date(2026, 10, 31), date(2026, 11, 29), date(2026, 11, 30)]

    assert [plan_of(day) for day in days] == [None, old, later]


@pytest.mark.parametrize("count", [1, 3, 300])
def test_a_day_costs_the_same_number_of_queries_for_any_number_of_groups(plan, count, django_assert_num_queries):
    store = StoreFactory()
    for slot in (1, 2):
        PlanCellFactory(version=plan, slot_id=slot, materials=[MaterialFactory(), MaterialFactory()])
    PlanCellFactory(version=plan, slot_id=3, stores=[store], must_do=False)
    own_post(store, slot_id=3)
    for _ in range(count):
        CustomerGroupFactory(store=store)

    with django_assert_num_queries(11):
        posts = planned_posts(day=MONDAY)

    assert len(posts) == 3 * count
