"""A store's own posts: added, put in place of may-do ones, refused with a reason; the manager's page."""

import threading
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import time_machine

from communities.models import LintRule, PostTask, Slot, StorePost
from communities.selectors.planned import planned_posts
from communities.services.planning import own_posts
from communities.services.planning.own_posts import OwnPostRefused, put_own_post
from tests.clients import signed_in
from tests.factories import (
    CustomerGroupFactory,
    GuideFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    StaffFactory,
    StoreFactory,
)
from tests.racing import race

NOW = datetime(2026, 11, 22, 9, 5, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Sunday, before the first slot
TODAY, MONDAY = NOW.date(), NOW.date() + timedelta(days=1)


@pytest.fixture
def plan(db):
    return PlanVersionFactory()


@pytest.fixture
def manager(plan):
    manager = ManagerFactory()
    CustomerGroupFactory(store=manager.store)
    return manager


def put(manager, *, slot=1, day=MONDAY, material=None, at=NOW):
    return put_own_post(
        store=manager.store, day=day, slot=Slot.objects.get(pk=slot), material=material or MaterialFactory(),
        by=manager, at=at,
    )  # fmt: skip


def test_a_must_do_post_is_not_replaced_and_the_manager_is_told_why(manager, plan):
    PlanCellFactory(version=plan, must_do=True, materials=[MaterialFactory(name="新品榴莲")])

    with pytest.raises(OwnPostRefused, match=r"总部的必做内容「新品榴莲」，不能替换"):
        put(manager)

    assert not StorePost.objects.exists()


def test_a_may_do_post_is_replaced_and_comes_back(manager, plan):
    cell = PlanCellFactory(version=plan, must_do=False)
    done = put(manager)
    assert [post.own_post_id for post in planned_posts(day=MONDAY)] == [done.post.pk]

    own_posts.remove_own_post(post=done.post, at=NOW)

    assert [post.cell_id for post in planned_posts(day=MONDAY)] == [cell.pk]


def test_choosing_again_replaces_the_choice(manager):
    put(manager)
    second = MaterialFactory()
    put(manager, material=second)

    assert StorePost.objects.get().material == second


def test_where_only_some_groups_are_must_do_the_others_get_the_stores_own(manager, plan):
    CustomerGroupFactory(store=manager.store, kind="super")
    PlanCellFactory(version=plan, must_do=True, group_kind="super")

    done = put(manager)

    assert done.kept_must_do == 1
    assert sorted(post.own_post_id is None for post in planned_posts(day=MONDAY)) == [False, True]


def test_a_day_that_is_full_takes_no_more_but_may_swap(manager, plan):
    LintRule.objects.filter(check_name="day_limit").update(limit=2)
    PlanCellFactory(version=plan, slot_id=1, must_do=False)
    put(manager, slot=2)

    with pytest.raises(OwnPostRefused, match="每个群一天最多 2 条"):
        put(manager, slot=3)
    put(manager, slot=1)

    assert sorted(StorePost.objects.values_list("slot_id", flat=True)) == [1, 2]


def test_where_hq_checks_no_number_of_posts_there_is_no_limit(manager):
    LintRule.objects.filter(check_name="day_limit").update(severity="off", limit=1)

    for slot in (1, 2, 3):
        put(manager, slot=slot)

    assert StorePost.objects.count() == 3


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"day": TODAY, "at": NOW.replace(hour=10, minute=1)}, "已经过了"),
        ({"day": TODAY - timedelta(days=1)}, "只能安排今天起 7 天内"),
        ({"day": TODAY + timedelta(days=7)}, "只能安排今天起 7 天内"),
    ],
)
def test_what_comes_too_late_or_too_early_is_refused(manager, how, reason):
    with pytest.raises(OwnPostRefused, match=reason):
        put(manager, **how)

    assert not StorePost.objects.exists()


def test_a_material_of_another_store_or_an_archived_one_is_refused(manager):
    for material in (MaterialFactory(store=StoreFactory()), MaterialFactory(archived_at=NOW)):
        with pytest.raises(OwnPostRefused, match="这个素材用不了"):
            put(manager, material=material)


def test_a_slot_already_released_is_not_changed_any_more(manager, plan):
    cell = PlanCellFactory(version=plan, must_do=False)
    done = put(manager)
    post = planned_posts(day=MONDAY)[0]
    PostTask.objects.create(
        group_id=post.group_id, store_id=post.store_id, day=MONDAY, slot_id=1, cell=cell, version_id=post.version_id,
        due_at=post.due_at, release_at=post.due_at, closes_at=post.closes_at, state="skipped",
        skip_reason="short_handed",
    )  # fmt: skip

    with pytest.raises(OwnPostRefused, match="已经开始发送"):
        put(manager)
    with pytest.raises(OwnPostRefused, match="已经开始发送"):
        own_posts.remove_own_post(post=done.post, at=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_phones_cannot_fill_the_last_place_of_a_day_twice():
    """Four slots are raced for one place; without the store's lock each would count a day with room."""
    LintRule.objects.filter(check_name="day_limit").update(limit=1)
    manager = ManagerFactory()
    CustomerGroupFactory(store=manager.store)

    results = race(*[partial(put, manager, slot=slot) for slot in (1, 2, 3, 4)])

    assert sum(isinstance(result, own_posts.Put) for result in results) == 1
    assert StorePost.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_stores_lock_a_day_is_overfilled():
    """The same race with the lock taken away: proves that the test above can fail."""
    LintRule.objects.filter(check_name="day_limit").update(limit=1)
    manager = ManagerFactory()
    CustomerGroupFactory(store=manager.store)

    both_have_counted = threading.Barrier(2)

    def put_unlocked(slot):
        room = len(planned_posts(day=MONDAY, store_ids=[manager.store_id])) < own_posts.day_limit()
        both_have_counted.wait(30)
        assert room
        return StorePost.objects.create(
            store=manager.store, day=MONDAY, slot_id=slot, material=MaterialFactory(), made_at=NOW
        )

    results = race(*[partial(put_unlocked, slot) for slot in (1, 2)])

    assert [type(result) for result in results] == [StorePost, StorePost]


@pytest.fixture
def at_nine():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.usefixtures("at_nine")
def test_a_manager_swaps_in_two_taps(manager, plan):
    PlanCellFactory(version=plan, must_do=False, slot_id=2)
    material = MaterialFactory(name="我的西瓜", store=manager.store)
    client = signed_in(manager)
    choose = f"/plan/mine/{MONDAY}/2/"
    assert choose in client.get(f"/plan/mine/?day={MONDAY}").content.decode()
    assert "我的西瓜" in client.get(choose).content.decode()

    answer = client.post(choose, {"material": material.pk}, follow=True)

    assert "换成「我的西瓜」" in answer.content.decode()
    assert "本店自选" in answer.content.decode()


@pytest.mark.usefixtures("at_nine")
def test_the_page_says_why_a_must_do_post_stays(manager, plan):
    PlanCellFactory(version=plan, must_do=True, slot_id=2)
    client = signed_in(manager)

    page = client.get(f"/plan/mine/?day={MONDAY}").content.decode()
    answer = client.post(f"/plan/mine/{MONDAY}/2/", {"material": MaterialFactory().pk}, follow=True)

    assert "必做，不能换" in page
    assert f"/plan/mine/{MONDAY}/2/" not in page
    assert "不能替换" in answer.content.decode()


@pytest.mark.usefixtures("at_nine")
def test_a_guide_looks_and_changes_nothing(manager, plan):
    PlanCellFactory(version=plan, must_do=False, slot_id=2)
    own = put(manager, slot=2).post
    guide = signed_in(GuideFactory(store=manager.store))

    assert guide.get(f"/plan/mine/?day={MONDAY}").status_code == 200
    assert guide.get(f"/plan/mine/{MONDAY}/2/").status_code == 404
    assert guide.post(f"/plan/mine/{own.pk}/back/").status_code == 404


@pytest.mark.usefixtures("at_nine")
def test_another_stores_own_post_is_not_there_and_hq_has_no_own_page(manager):
    own = put(manager).post
    stranger = signed_in(ManagerFactory())

    assert stranger.post(f"/plan/mine/{own.pk}/back/").status_code == 404
    assert signed_in(StaffFactory()).get("/plan/mine/").status_code == 404
    assert StorePost.objects.filter(pk=own.pk).exists()


@pytest.mark.usefixtures("at_nine")
@pytest.mark.parametrize("path", ["?day=x", "?day=2026-12-24", "2026-13-01/1/", "2026-11-23/77/"])
def test_a_day_or_slot_that_is_not_offered_is_not_there(manager, path):
    assert signed_in(manager).get(f"/plan/mine/{path}").status_code == 404


@pytest.mark.usefixtures("at_nine")
@pytest.mark.parametrize("count", [1, 3, 300])
def test_the_managers_page_costs_the_same_for_any_number_of_groups(manager, plan, count, django_assert_num_queries):
    for slot in (1, 2, 3, 4):
        PlanCellFactory(version=plan, slot_id=slot)
    for _ in range(count - 1):
        CustomerGroupFactory(store=manager.store)
    client = signed_in(manager)

    with django_assert_num_queries(45):
        client.get(f"/plan/mine/?day={MONDAY}")
