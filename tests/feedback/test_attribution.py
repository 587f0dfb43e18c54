"""What is a post's: each fact once, with the last post to her, within a day; refunds taken off; late facts counted."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communities.models import (
    CustomerGroup,
    FeedbackDay,
    GroupMembership,
    LinkClick,
    MaterialDay,
    PostEntry,
    PostResult,
    PostTask,
    ShortLink,
)
from communities.services.feedback.attributing import REOPENED, attribute, attribute_days
from communities.services.feedback.entries import record_entry, withdraw_entry
from members.models import Purchase
from members.services.merging import merge_members
from tests.execution.posts import DAY, Evidence, S, moment, post
from tests.factories import CustomerGroupFactory, MaterialFactory, MemberFactory, ProductFactory, StoreFactory, purchase

pytestmark = pytest.mark.django_db
_people = iter(range(1, 10**9))


def stay(group, *, member=None, joined_at=None, left_at=None, **fields):
    return GroupMembership.objects.create(
        group=group, who=next(_people).to_bytes(16, "big"), member=member, left_at=left_at,
        joined_at=joined_at or moment(8, day=DAY - timedelta(days=30)), **fields,
    )  # fmt: skip


@pytest.fixture
def group():
    return CustomerGroupFactory()


@pytest.fixture
def member(group):
    person = MemberFactory(home_store=group.store)
    stay(group, member=person)
    return person


def sent(group, slot=1, *, day=DAY, at=None, **fields):
    return post(group=group, slot=slot, state=S.SENT, day=day, **({"done_at": at} if at else {}) | fields)


def counted(day=DAY, **more):
    attribute_days(first=day - timedelta(days=1), last=day + timedelta(days=1), at=moment(23, day=day), **more)
    return {result.task_id: result for result in PostResult.objects.all()}


def bought(member, at, fen=1000, **fields):
    return purchase(member=member, bought_at=at, paid_fen=fen, quantity=Decimal(-1 if fen < 0 else 1), **fields)


def test_people_are_the_customers_who_were_there_when_it_was_sent(group, member):
    task = sent(group, at=moment(10))
    stay(group, left_at=moment(9, 59))
    stay(group, left_at=moment(10, 1))
    stay(group, joined_at=moment(10, 1))
    stay(group, is_staff=True)

    assert counted()[task.pk].people == 2


def test_a_sale_is_the_last_posts_within_24_hours(group, member):
    first, last = sent(group, 1, at=moment(10)), sent(group, 2, at=moment(12))
    for at, fen in ((moment(9, 59), 1), (moment(11, 59), 20), (moment(12), 300), (moment(20), 4000)):
        bought(member, at, fen)
    tomorrow = DAY + timedelta(days=1)
    bought(member, moment(11, 59, day=tomorrow), 50_000)
    bought(member, moment(12, day=tomorrow), 600_000)

    results = counted()

    assert (results[first.pk].sales_fen, results[first.pk].buyers) == (20, 1)
    assert (results[last.pk].sales_fen, results[last.pk].buyers) == (54_300, 1)


def test_what_strangers_of_the_group_or_other_stores_bought_is_nobodys(group, member):
    task = sent(group, at=moment(10))
    stranger = MemberFactory(home_store=group.store)
    stay(CustomerGroupFactory(store=group.store), member=stranger)
    bought(stranger, moment(11))
    bought(member, moment(11), store=StoreFactory())
    bought(None, moment(11), store=group.store)

    assert counted()[task.pk].sales_fen == 0


def test_who_joined_after_the_post_did_not_buy_because_of_it(group):
    task, late = sent(group, at=moment(10)), MemberFactory(home_store=group.store)
    stay(group, member=late, joined_at=moment(10, 30))
    bought(late, moment(11))

    assert counted()[task.pk].buyers == 0


def test_a_sale_to_a_member_of_two_groups_counts_in_one(group, member):
    other = CustomerGroupFactory(store=group.store)
    stay(other, member=member)
    first, second = sent(group, at=moment(10)), sent(other, at=moment(10))
    bought(member, moment(11), 700)

    results = counted()

    assert sorted(results[task.pk].sales_fen for task in (first, second)) == [0, 700]


def test_what_is_given_back_is_taken_off_the_post_that_sold_it(group, member):
    durian, apple = ProductFactory(), ProductFactory()
    first, second = sent(group, 1, at=moment(10)), sent(group, 2, at=moment(12))
    bought(member, moment(10, 30), 9000, product=durian)
    bought(member, moment(12, 30), 500, product=apple)
    bought(member, moment(13), -4000, product=durian)
    bought(member, moment(11, day=DAY + timedelta(days=6)), -500, product=apple)

    results = counted()

    assert (results[first.pk].sales_fen, results[first.pk].buyers) == (5000, 1)
    assert (results[second.pk].sales_fen, results[second.pk].buyers) == (0, 0)


def test_a_return_of_what_no_post_sold_touches_none(group, member):
    durian = ProductFactory()
    bought(member, moment(9), 9000, product=durian)
    task = sent(group, at=moment(10))
    bought(member, moment(11), 100, product=ProductFactory())
    bought(member, moment(12), -9000, product=durian)

    assert counted()[task.pk].sales_fen == 100


def test_quits_are_the_last_posts_but_not_removals_or_the_end_of_the_group(group, member):
    first, last = sent(group, 1, at=moment(10)), sent(group, 2, at=moment(12))
    stay(group, left_at=moment(11), quit_scene=0)
    stay(group, left_at=moment(12, 1))
    stay(group, left_at=moment(13), quit_scene=1)
    stay(group, left_at=moment(12, day=DAY + timedelta(days=1)))
    ended = CustomerGroupFactory(store=group.store)
    gone = sent(ended, at=moment(10))
    stay(ended, left_at=moment(15))
    CustomerGroup.objects.filter(pk=ended.pk).update(dismissed_at=moment(15))

    results = counted()

    assert [results[task.pk].quits for task in (first, last, gone)] == [1, 1, 0]


def link_of(task, *, own=True):
    return ShortLink.objects.create(
        token=f"t{ShortLink.objects.count()}", target="https://x.example/", content=task.content, day=task.day,
        task=task if own else None,
    )  # fmt: skip


def test_an_entry_is_the_posts_it_came_from_although_another_came_after(group, member):
    first, last = sent(group, 1, at=moment(10)), sent(group, 2, at=moment(12))
    record_entry(key="a", store_id=group.store_id, member_id=member.pk, link=link_of(first).token, at=moment(13))
    record_entry(key="b", store_id=group.store_id, member_id=member.pk, at=moment(13))
    record_entry(key="c", store_id=group.store_id, at=moment(13))

    results = counted()

    assert [results[task.pk].entries for task in (first, last)] == [1, 1]


def test_a_person_counts_once_a_post_and_a_stranger_by_each_entry(group, member):
    task = sent(group, at=moment(10))
    token = link_of(task).token
    for key in "ab":
        record_entry(key=key, store_id=group.store_id, member_id=member.pk, link=token, at=moment(11))
    for key in "cd":
        record_entry(key=key, store_id=group.store_id, link=token, at=moment(9, 58))  # quicker than 已发

    assert counted()[task.pk].entries == 3


def test_an_entry_withdrawn_or_told_twice_counts_once_or_not(group, member):
    task = sent(group, at=moment(10))
    for _ in range(2):
        record_entry(key="a", store_id=group.store_id, member_id=member.pk, at=moment(11))
    assert counted()[task.pk].entries == 1

    assert withdraw_entry(key="a", at=moment(12))
    assert not withdraw_entry(key="a", at=moment(13))
    assert counted()[task.pk].entries == 0
    assert PostEntry.objects.get().withdrawn_at == moment(12)


def test_an_entry_by_a_group_sends_link_is_of_the_group_she_is_in_or_of_the_only_one(group, member):
    material = MaterialFactory()
    other = CustomerGroupFactory(store=group.store)
    tasks = [sent(one, at=moment(10), material=material) for one in (group, other)]
    shared = link_of(tasks[0], own=False)
    record_entry(key="a", store_id=group.store_id, member_id=member.pk, link=shared.token, at=moment(11))
    record_entry(key="b", store_id=group.store_id, link=shared.token, at=moment(11))
    alone = sent(CustomerGroupFactory(), at=moment(10))
    record_entry(key="c", store_id=alone.store_id, link=link_of(alone, own=False).token, at=moment(11))

    results = counted()

    assert [results[task.pk].entries for task in (*tasks, alone)] == [1, 0, 1]


def click(link, who, *, member=None, at=None, task=None):
    return LinkClick.objects.create(
        link=link, who=who.encode().ljust(16), member=member, task=task or link.task, day=link.day,
        at=at or moment(11),
    )  # fmt: skip


def test_clicks_are_persons_however_many_browsers_one_member_has(group, member):
    task = sent(group, at=moment(10))
    own, card = link_of(task), link_of(task)
    click(own, "phone", member=member)
    click(card, "phone")  # learnt from the other one
    click(own, "laptop", member=member)
    click(own, "somebody")
    click(own, "late", at=moment(10, day=DAY + timedelta(days=1)))

    assert counted()[task.pk].clicks == 2


def test_a_group_sends_click_is_the_groups_only_where_it_can_be_no_other(group, member):
    material, twice = MaterialFactory(), MemberFactory()
    other = CustomerGroupFactory(store=group.store)
    for one in (group, other):
        stay(one, member=twice)
    tasks = [sent(one, at=moment(10), material=material, evidence=Evidence.API_VERIFIED) for one in (group, other)]
    shared = link_of(tasks[0], own=False)
    click(shared, "hers", member=member)
    click(shared, "both", member=twice)
    click(shared, "whose")
    alone = sent(CustomerGroupFactory(), at=moment(10))
    click(link_of(alone, own=False), "anybody")

    results = counted()

    assert [results[task.pk].clicks for task in (*tasks, alone)] == [1, 0, 1]
    day = MaterialDay.objects.get(material=material)
    assert (day.clicks, day.posts, day.units, day.people) == (3, 2, 1, 3)


def test_kinds_of_proof_are_summed_apart(group, member):
    material = MaterialFactory()
    other = CustomerGroupFactory(store=group.store)
    stay(other)
    sent(group, material=material, evidence=Evidence.API_VERIFIED)
    sent(other, material=material)
    counted()

    assert list(MaterialDay.objects.order_by("evidence").values_list("evidence", "posts", "people")) == [
        (Evidence.SELF_DECLARED, 1, 1), (Evidence.API_VERIFIED, 1, 1),
    ]  # fmt: skip


def test_counting_again_changes_nothing_and_counts_nothing(group, member):
    sent(group, at=moment(10))
    bought(member, moment(11), 700)
    assert attribute(at=moment(22)).stores == 1
    before = [list(model.objects.order_by("pk").values()) for model in (PostResult, FeedbackDay)]

    again = attribute(at=moment(23))

    assert (again.days, again.stores) == (0, 0)
    assert [list(model.objects.order_by("pk").values()) for model in (PostResult, FeedbackDay)] == before
    attribute_days(first=DAY, last=DAY, at=moment(22), everything=True)
    assert list(PostResult.objects.order_by("pk").values()) == before[0]


def test_a_late_fact_opens_its_day_again_and_only_that_stores(group, member):
    task, elsewhere = sent(group, at=moment(10)), sent(CustomerGroupFactory(), at=moment(10))
    attribute(at=moment(23))
    a_month_later = moment(3, day=DAY + timedelta(days=30))
    bought(member, moment(11), 700)

    done = attribute(at=a_month_later, reach_back=REOPENED)

    assert (done.days, done.stores) == (1, 1)
    assert PostResult.objects.get(task=task).sales_fen == 700
    assert MaterialDay.objects.get(material=task.version.material).sales_fen == 700
    assert FeedbackDay.objects.get(store=elsewhere.store).counted_at == moment(23)


def test_a_post_taken_back_brought_nothing(group, member):
    task = sent(group, at=moment(10))
    attribute(at=moment(11))
    PostTask.objects.filter(pk=task.pk).update(state=S.RELEASED, evidence=0, done_at=None)

    attribute(at=moment(12))

    assert not PostResult.objects.exists()
    assert not MaterialDay.objects.exists()


def test_a_merged_members_clicks_and_entries_are_the_survivors(group, member):
    task = sent(group, at=moment(10))
    survivor = MemberFactory(home_store=group.store)
    click(link_of(task), "phone", member=member)
    record_entry(key="a", store_id=group.store_id, member_id=member.pk, at=moment(11))

    merge_members(kept=survivor, absorbed=member, reason="同一人", evidence={}, by=None, at=moment(12))

    assert LinkClick.objects.get().member == survivor
    assert PostEntry.objects.get().member == survivor


def test_a_day_costs_the_same_queries_for_one_store_and_three(group, member, django_assert_max_num_queries):
    for _ in range(2):
        sent(CustomerGroupFactory(), at=moment(10))
    sent(group, at=moment(10))
    with django_assert_max_num_queries(34):
        attribute(at=moment(22))


hours = st.integers(0, 71)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    posts=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4), st.integers(0, 1)), max_size=10, unique=True),
    sales=st.lists(st.tuples(st.integers(0, 2), hours, st.integers(-500, 900), st.integers(0, 1)), max_size=14),
    entries=st.lists(st.tuples(st.integers(0, 2), hours), max_size=6),
    leaves=st.lists(st.tuples(st.integers(0, 1), hours), max_size=5),
)
def test_nothing_is_attributed_twice(posts, sales, entries, leaves):
    for model in (PostResult, LinkClick, MaterialDay, FeedbackDay, PostEntry, PostTask, GroupMembership):
        model.objects.all().delete()
    Purchase.objects.all().delete()
    store, products = StoreFactory(), [ProductFactory(), ProductFactory()]
    groups = [CustomerGroupFactory(store=store) for _ in range(2)]
    people = [MemberFactory(home_store=store) for _ in range(3)]
    for group, members in zip(groups, (people[:2], people[1:]), strict=True):
        for person in members:
            stay(group, member=person)
    for group, slot, day in posts:
        sent(groups[group], slot, day=DAY + timedelta(days=day))
    start = moment(0)
    for person, hour, fen, product in sales:
        bought(people[person], start + timedelta(hours=hour), fen, product=products[product])
    for n, (person, hour) in enumerate(entries):
        record_entry(key=str(n), store_id=store.pk, member_id=people[person].pk, at=start + timedelta(hours=hour))
    for group, hour in leaves:
        stay(groups[group], left_at=start + timedelta(hours=hour))

    attribute_days(first=DAY, last=DAY + timedelta(days=2), at=moment(23, day=date(2026, 3, 20)))

    results = list(PostResult.objects.all())
    assert sum(result.sales_fen for result in results) <= sum(max(0, fen) for _, _, fen, _ in sales)
    assert all(result.sales_fen >= 0 for result in results)
    assert sum(result.entries for result in results) <= len(entries)
    assert sum(result.quits for result in results) <= len(leaves)
    assert sum(day.sales_fen for day in MaterialDay.objects.all()) == sum(result.sales_fen for result in results)
    for result in results:
        assert result.buyers <= result.people
        assert result.entries <= result.people
