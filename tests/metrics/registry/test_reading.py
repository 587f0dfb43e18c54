"""Readings: sums divided, not rates averaged; one query a question; nothing made up where nothing was counted."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.models import GroupTally, StoreTally
from metrics.registry import METRICS, UnknownMetric
from metrics.registry.components import Grain
from metrics.registry.expressions import Expression
from metrics.selectors.periods import BadPeriod, Period, period
from metrics.selectors.reading import Reading, of_groups, of_staff, of_stores, ranking, total, trend
from stores.models import Store
from stores.selectors import stores_for
from tests.factories import CustomerGroupFactory, ManagerFactory, RegionFactory, StoreFactory

DAY = date(2026, 3, 10)
BEFORE = DAY - timedelta(days=1)
TWO_DAYS = Period(BEFORE, DAY)


@pytest.fixture
def chain(db):
    """Three stores of one region; the last has no day counted."""
    region = RegionFactory()
    first, second, third = (StoreFactory(region=region) for _ in range(3))
    for store, day, fields in (
        (first, BEFORE, {"members_start": 10, "joins": 2, "quits": 1, "members_end": 11, "paid_fen": 100, "orders": 1}),
        (first, DAY, {"members_start": 11, "joins": 0, "quits": 3, "members_end": 8, "paid_fen": 500, "orders": 2}),
        (second, DAY, {"members_start": 90, "joins": 10, "quits": 0, "members_end": 100, "refunded_fen": 40}),
    ):
        StoreTally.objects.create(store=store, day=day, **fields)
    return first, second, third


def test_flows_add_up_openings_are_the_first_days_standings_the_last_days(chain):
    read = of_stores(["quit_rate", "members", "gmv", "aov"], TWO_DAYS, Store.objects.all())[chain[0].pk]

    assert read["quit_rate"] == Reading((1 + 3) / (10 + 2), 4, 12)
    assert read["members"] == Reading(8, 8)
    assert read["gmv"] == Reading(600, 600)
    assert read["aov"] == Reading(200.0, 600, 3)


def test_together_sums_are_divided(chain):
    found = total(["quit_rate", "aov"], Period(DAY, DAY), Store.objects.all())

    assert found["quit_rate"] == Reading(3 / 111, 3, 11 + 0 + 90 + 10)
    assert found["aov"] == Reading(230.0, 460, 2)


def test_nothing_counted_is_no_number_and_nothing_to_divide_by_neither(chain):
    nowhere = Store.objects.filter(pk=chain[2].pk)

    assert of_stores(["gmv"], TWO_DAYS, nowhere) == {}
    assert total(["gmv", "aov"], TWO_DAYS, nowhere) == {"gmv": Reading(None, None), "aov": Reading(None, None, None)}
    assert of_stores(["aov"], TWO_DAYS, Store.objects.all())[chain[1].pk]["aov"] == Reading(None, -40, 0)


def test_a_trend_has_the_days_that_were_counted(chain):
    first = Store.objects.filter(pk=chain[0].pk)

    found = trend(["members", "net_growth"], Period(BEFORE - timedelta(days=5), DAY), first)

    assert [(day, one["members"].value, one["net_growth"].value) for day, one in found] == [
        (BEFORE, 11, 1), (DAY, 8, -3),
    ]  # fmt: skip


def test_a_ranking_sorts_in_the_database_and_puts_what_is_unknown_last(chain):
    first, second, third = chain

    rows = list(ranking("quit_rate", TWO_DAYS, Store.objects.all()))
    assert [(row.pk, row.numerator, row.denominator) for row in rows] == [
        (first.pk, 4, 12), (second.pk, 0, None), (third.pk, None, None),
    ]  # fmt: skip
    upwards = ranking("gmv", Period(DAY, DAY), Store.objects.all(), descending=False)
    assert [(row.pk, row.value) for row in upwards] == [(second.pk, 0.0), (first.pk, 500.0), (third.pk, None)]
    assert upwards.count() == 3


@pytest.mark.parametrize("count", [1, 3])
def test_every_question_is_one_query(db, count, django_assert_num_queries):
    region = RegionFactory()
    for _ in range(count):
        group = CustomerGroupFactory(store=StoreFactory(region=region))
        StoreTally.objects.create(store=group.store, day=DAY, joins=1)
        GroupTally.objects.create(group=group, day=DAY, joins=1)
    codes = [code for code, one in METRICS.items() if Grain.STORE in one.grains]

    with django_assert_num_queries(5):
        assert len(of_stores(codes, TWO_DAYS, Store.objects.all())) == count
        assert len(of_groups(["joins", "quit_rate"], TWO_DAYS, Store.objects.all())) == count
        total(codes, TWO_DAYS, Store.objects.all())
        trend(codes, TWO_DAYS, Store.objects.all())
        list(ranking("joins", TWO_DAYS, Store.objects.all()))


def test_a_manager_reads_her_own_store_alone(chain):
    mine = stores_for(ManagerFactory(store=chain[0]))

    assert set(of_stores(["gmv"], TWO_DAYS, mine)) == {chain[0].pk}
    assert total(["members"], TWO_DAYS, mine)["members"].value == 8


def test_a_metric_is_read_only_where_it_has_a_meaning(chain):
    with pytest.raises(UnknownMetric, match="speak_rate（门店）"):
        of_stores(["speak_rate"], TWO_DAYS, Store.objects.all())
    with pytest.raises(UnknownMetric, match="gmv（员工）"):
        of_staff(["gmv"], TWO_DAYS, Store.objects.all())


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (DAY, BEFORE, "早于"),
        (BEFORE, DAY + timedelta(days=1), "还没到"),
        (DAY - timedelta(days=400), DAY, "400 天"),
        (date(1, 1, 1), date(9999, 12, 31), "还没到"),
    ],
)
def test_a_period_that_is_none_is_refused_in_words(first, last, why):
    with pytest.raises(BadPeriod, match=why):
        period(first, last, today=DAY)


@given(first=st.dates(date(2020, 1, 1), date(2026, 1, 1)), length=st.integers(0, 399))
def test_the_period_before_is_as_long_over_in_time_and_has_the_same_weekdays(first, length):
    one = period(first, first + timedelta(days=length), today=first + timedelta(days=length))

    earlier = one.before()

    assert len(earlier) == len(one) == len(list(one.days()))
    assert earlier.last < one.first
    assert earlier.first.weekday() == one.first.weekday()


@given(st.lists(st.tuples(st.sampled_from(["joins", "quits", "paid_fen"]), st.sampled_from([1, -1])), min_size=1))
def test_an_expression_is_read_as_it_was_written(terms):
    text = "".join(f" {'+' if sign > 0 else '-'} {name}" for name, sign in terms).strip()
    values = {"joins": 7, "quits": 3, "paid_fen": 1_000}

    made = Expression.parse(text)

    assert made.of(values) == sum(sign * values[name] for name, sign in terms)
    assert made.of(values | {"joins": None}) is None or "joins" not in made.components


@pytest.mark.parametrize("text", ["joins quits", "joins +", "nothing", "joins * 2", "1"])
def test_what_is_no_sum_of_components_is_refused(text):
    with pytest.raises(ValueError, match=re.escape(text)):
        Expression.parse(text)
