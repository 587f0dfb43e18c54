"""Publishing: one wins, what was looked at is what is published, posts already made follow; the diff in numbers."""

import threading
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from communities.models import CalendarDay, PlanVersion, PostTask
from communities.selectors.plan_cells import Saying, Scope, cell_facts, facts_of, fingerprint, the_draft
from communities.selectors.plan_diff import plan_diff
from communities.selectors.planned import plan_of, planned_posts
from communities.services.cadence.materialising import materialise
from communities.services.planning import cells, drafts
from communities.services.planning.errors import DraftGone, PlanChanged, PlanRefused
from communities.services.planning.publishing import publish
from communities.squares import Column
from stores.models import AuditEntry
from tests.factories import (
    CustomerGroupFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    StaffFactory,
    StoreFactory,
)
from tests.racing import race

NOW = datetime(2026, 11, 22, 9, 5, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Sunday
MONDAY = NOW.date() + timedelta(days=1)


@pytest.fixture
def published(db):
    plan = PlanVersionFactory()
    PlanCellFactory(version=plan, weekday=0, slot_id=1)
    return plan


def begin(by=None):
    return drafts.start_draft(by=by or StaffFactory(), at=NOW)


def change(cell, **fields):
    facts = facts_of(cell.pk)
    saying = Saying(
        theme=fields.get("theme", facts.saying.theme), must_do=fields.get("must_do", facts.saying.must_do),
        material_ids=fields.get("material_ids", facts.saying.material_ids),
    )  # fmt: skip
    return cells.change_cell(cell=cell, seen=fields.get("seen", facts.fingerprint), scope=facts.scope, saying=saying)


def seen(draft):
    return fingerprint(cell_facts(draft.cells.all()))


def put_out(draft, *, by, valid_from=MONDAY, looked=None, at=NOW):
    return publish(draft=draft, valid_from=valid_from, note="", seen=looked or seen(draft), by=by, at=at)


def test_a_published_draft_counts_from_its_day_on_and_is_audited(published):
    hq = StaffFactory()
    draft = begin(hq)

    plan = put_out(draft, by=hq)

    assert (plan_of(MONDAY - timedelta(days=1)), plan_of(MONDAY)) == (published, plan)
    assert AuditEntry.objects.get(action="plan.published").target == f"plan:{plan.number}"


@pytest.mark.parametrize("who", [ManagerFactory])
def test_only_hq_publishes(published, who):
    with pytest.raises(PlanRefused, match="只有总部"):
        put_out(begin(), by=who())


def test_neither_an_empty_plan_nor_one_for_yesterday_is_published(published):
    hq, draft = StaffFactory(), begin()
    with pytest.raises(PlanRefused, match="不能早于今天"):
        put_out(draft, by=hq, valid_from=NOW.date() - timedelta(days=1))
    draft.cells.all().delete()
    with pytest.raises(PlanRefused, match="没有任何内容"):
        put_out(draft, by=hq)


def test_what_is_published_can_be_neither_changed_nor_published_again_nor_thrown_away(published):
    hq, draft = StaffFactory(), begin()
    put_out(draft, by=hq)

    for work in (
        partial(put_out, draft, by=hq), partial(change, draft.cells.get(), theme="flash"),
        partial(drafts.discard_draft, draft=draft),
    ):  # fmt: skip
        with pytest.raises(DraftGone):
            work()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_one_wins():
    PlanCellFactory(version=PlanVersionFactory())
    people, draft = [StaffFactory(), StaffFactory()], begin()

    results = race(*[partial(put_out, draft, by=hq) for hq in people])

    assert {type(result) for result in results} == {DraftGone, PlanVersion}
    assert AuditEntry.objects.filter(action="plan.published").count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_reading_first_and_saving_then_publishes_twice():
    """The race above without its lock: both find a draft, both publish it."""
    PlanCellFactory(version=PlanVersionFactory())
    draft, both_have_read = begin(), threading.Barrier(2)

    def naive(hq):
        plan = PlanVersion.objects.get(pk=draft.pk)
        both_have_read.wait(30)
        if plan.published_at is not None:
            raise DraftGone
        plan.published_at, plan.published_by, plan.valid_from = NOW, hq, MONDAY
        plan.save()
        return plan

    results = race(*[partial(naive, hq) for hq in (StaffFactory(), StaffFactory())])

    assert [type(result) for result in results] == [PlanVersion, PlanVersion]


@pytest.mark.django_db(transaction=True)
def test_an_edit_that_races_a_publication_is_in_it_and_seen_or_refused():
    PlanCellFactory(version=PlanVersionFactory())
    hq, draft = StaffFactory(), begin()
    cell, looked = draft.cells.get(), seen(draft)

    published, edited = race(partial(put_out, draft, by=hq, looked=looked), partial(change, cell, theme="flash"))

    outcome = (isinstance(published, PlanVersion), isinstance(edited, DraftGone))
    assert outcome in {(True, True), (False, False)}
    assert isinstance(published, PlanChanged) is not outcome[0]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_the_same_cell_one_is_refused():
    PlanCellFactory(version=PlanVersionFactory())
    cell = begin().cells.get()
    looked = facts_of(cell.pk).fingerprint

    results = race(*[partial(change, cell, theme=theme, seen=looked) for theme in ("flash", "offer")])

    assert sorted(isinstance(result, PlanChanged) for result in results) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_share_one_draft():
    PlanCellFactory(version=PlanVersionFactory())

    results = race(*[partial(begin, StaffFactory()) for _ in range(4)])

    assert {result.pk for result in results} == {the_draft().pk}
    assert the_draft().cells.count() == 1


def test_the_difference_counts_stores_groups_and_posts(published):
    near, far = StoreFactory(), StoreFactory()
    for store in (near, near, far):
        CustomerGroupFactory(store=store)
    draft = begin()
    change(draft.cells.get(), material_ids=(MaterialFactory().pk,))
    cells.create_cell(
        draft=draft, slot=2, column=Column(weekday=3), scope=Scope(store_ids=(far.pk,)),
        saying=Saying(theme="flash", material_ids=(MaterialFactory().pk,)),
    )  # fmt: skip

    diff = plan_diff(draft=draft, first=MONDAY)

    assert (diff.stores, diff.groups, diff.posts_before, diff.posts_after, diff.posts_changed) == (2, 3, 3, 4, 4)
    assert [(c.kind, c.cell.slot, len(c.store_ids), len(c.group_ids)) for c in diff.changes] == [
        ("修改", 1, 2, 3), ("新增", 2, 1, 1),
    ]  # fmt: skip


def test_a_change_overruled_by_a_more_specific_cell_reaches_nobody(published):
    CustomerGroupFactory(kind="super")
    PlanCellFactory(version=published, group_kind="super")
    draft = begin()
    wide = draft.cells.get(group_kind="")
    change(wide, material_ids=(MaterialFactory().pk,))

    diff = plan_diff(draft=draft, first=MONDAY)

    assert (diff.groups, [len(c.group_ids) for c in diff.changes]) == (0, [0])


def test_a_cell_taken_out_and_put_back_counts_last_among_equals_and_the_difference_sees_it(published):
    store = CustomerGroupFactory().store
    first = PlanCellFactory(version=published, stores=[store])
    PlanCellFactory(version=published, stores=[store, StoreFactory()])
    draft = begin()
    copy = next(cell for cell in cell_facts(draft.cells.all()) if cell.scope == facts_of(first.pk).scope)
    draft.cells.get(pk=copy.id).delete()
    drafts.add_cell(version_id=draft.pk, slot=1, column=copy.column, scope=copy.scope, saying=copy.saying)

    diff = plan_diff(draft=draft, first=MONDAY)

    assert (diff.changes, diff.groups, diff.posts_changed) == ([], 1, 1)


def test_a_stores_own_post_that_stays_is_no_change(published):
    store = CustomerGroupFactory().store
    cell = published.cells.get()
    cell.must_do = False
    cell.save()
    store.own_posts.create(day=MONDAY, slot_id=1, material=MaterialFactory(), made_at=NOW)
    draft = begin()
    change(draft.cells.get(), material_ids=(MaterialFactory().pk,))

    assert plan_diff(draft=draft, first=MONDAY).posts_changed == 0


@pytest.mark.parametrize("count", [3, 300])
def test_the_difference_costs_the_same_for_three_groups_and_three_hundred(published, count, django_assert_num_queries):
    store = StoreFactory()
    for _ in range(count):
        CustomerGroupFactory(store=store)
    draft = begin()

    with django_assert_num_queries(92):
        plan_diff(draft=draft, first=MONDAY)


def test_reverting_brings_back_the_cells_and_says_whose_they_were(published):
    hq = StaffFactory()
    second = begin(hq)
    change(second.cells.get(), theme="flash", must_do=False)
    put_out(second, by=hq)

    draft = drafts.revert_to(version=published, by=hq, at=NOW)
    put_out(draft, by=hq, at=NOW + timedelta(minutes=1))

    assert plan_of(MONDAY).reverts == published
    assert seen(draft) == seen(published)


def test_a_draft_keeps_the_order_that_decides_between_equals(published):
    CustomerGroupFactory()
    twin = PlanCellFactory(version=published, weekday=0, slot_id=1)
    draft = begin()

    [post] = planned_posts(day=MONDAY, plan=draft)

    assert post.version_id == twin.rotation.get().material.current_id


def test_days_already_made_and_today_follow_a_new_plan(published):
    CustomerGroupFactory()
    materialise(day=MONDAY, at=NOW)
    before = PostTask.objects.get()
    hq, draft, fresh = StaffFactory(), begin(), MaterialFactory()
    change(draft.cells.get(), material_ids=(fresh.pk,))
    put_out(draft, by=hq, valid_from=NOW.date())

    entry = AuditEntry.objects.get(action="plan.published")
    materialise(day=MONDAY, at=NOW)

    after = PostTask.objects.get(pk=before.pk)
    assert entry.detail["remade"] == [NOW.date().isoformat(), MONDAY.isoformat()]
    assert (after.version_id, after.cell_id) == (fresh.current_id, draft.cells.get().pk)


def test_what_was_released_stays_as_it_was(published):
    CustomerGroupFactory()
    materialise(day=MONDAY, at=NOW)
    PostTask.objects.update(state="skipped", skip_reason="short_handed")
    before = PostTask.objects.values().get()
    hq, draft = StaffFactory(), begin()
    change(draft.cells.get(), material_ids=(MaterialFactory().pk,))
    put_out(draft, by=hq, valid_from=NOW.date())

    materialise(day=MONDAY, at=NOW)

    assert PostTask.objects.values().get() == before


def test_a_silenced_day_withdraws_its_posts(published):
    CustomerGroupFactory()
    materialise(day=MONDAY, at=NOW)
    CalendarDay.objects.create(day=MONDAY, kind="flash", name="静", is_silent=True)

    assert materialise(day=MONDAY, at=NOW).withdrawn == 1
