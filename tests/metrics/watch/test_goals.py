"""Goals within reach, how far they are, and HQ's word on them."""

import io
from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.goal_import import GoalImport
from metrics.models import Goal
from metrics.services.goals.adjusting import GoalRefused, adjust_goal
from metrics.services.goals.making import make_goals
from metrics.services.goals.progress import count_month
from metrics.stretching import forecast_level, forecast_share, forecast_sum, stretch, stretch_growth
from stores.models import ImportJob
from stores.sheets.writing import write_xlsx
from tests.factories import ManagerFactory, StaffFactory, StoreFactory
from tests.metrics.watch.worlds import at, days_of

MARCH = date(2026, 3, 1)


def test_a_share_goes_a_quarter_of_the_way_to_the_peers_upper_quarter():
    # (3·0.6 + 2·0.6 + 1·0.6) / 6 = 0.6, half believed against a middle of 0.7: 0.65; a quarter of the way to 0.85.
    found = stretch([0.6, 0.6, 0.6], weight=60, peers=[0.5, 0.7, 0.7, 0.85, 0.9], half_trust=60, ceiling=1)

    assert (found.level, found.upper, found.trust) == pytest.approx((0.65, 0.85, 0.5))
    assert found.target == pytest.approx(0.65 + 0.25 * 0.20)


def test_the_latest_month_weighs_most_and_a_month_without_figures_none():
    assert stretch([0.6, None, 0.3], weight=1, peers=[], half_trust=1).level == pytest.approx((3 * 0.6 + 0.3) / 4)


def test_who_is_far_behind_is_asked_for_a_fifth_more_and_the_best_for_a_little():
    behind = stretch([100, 100, 100], weight=1e9, peers=[100, 1000, 1000, 1000], half_trust=1)
    best = stretch([1000, 1000, 1000], weight=1e9, peers=[100, 100, 100, 1000], half_trust=1)

    assert behind.target == pytest.approx(120)
    assert best.target == pytest.approx(1020)


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=3),
    st.floats(0, 1e4),
    st.lists(st.floats(0, 1), max_size=9),
)
def test_a_share_s_goal_stays_a_share_and_never_asks_for_less(history, weight, peers):
    found = stretch(history, weight=weight, peers=peers, half_trust=60, ceiling=1)

    if found is not None:
        assert found.level - 1e-9 <= found.target <= 1 + 1e-9


def test_a_small_store_s_lucky_growth_counts_little():
    small = stretch_growth([0.5, 0.5], weight=15, peers=[0.0, 0.04, 0.08], half_trust=150)
    large = stretch_growth([0.1, 0.1], weight=15_000, peers=[0.0, 0.04, 0.08], half_trust=150)

    assert small.target == pytest.approx(0.04 + (0.46 * 15 / 165))
    assert large.target == pytest.approx(0.0994, abs=1e-3)


def test_a_month_s_sum_is_forecast_by_its_weekdays():
    days = [(date(2026, 1, 5) + timedelta(days=n), 200.0 if n % 7 > 4 else 100.0) for n in range(70)]  # Mondays on

    found = forecast_sum(days, through=date(2026, 3, 15), last=date(2026, 3, 31))

    # The month's first half brought 5 weekend days and 10 others; 4 and 12 are to come, pulled to the mean by two.
    mean = 900 / 7
    weekend, other = (10 * 200 + 2 * mean) / 12, (10 * 100 + 2 * mean) / 12
    assert found.point == pytest.approx(5 * 200 + 10 * 100 + 4 * weekend + 12 * other)
    assert found.low < found.point < found.high


def test_of_a_month_that_is_over_nothing_is_guessed():
    days = [(MARCH + timedelta(days=n), 10.0) for n in range(31)]

    found = forecast_sum(days, through=date(2026, 3, 31), last=date(2026, 3, 31))

    assert (found.low, found.point, found.high) == (310, 310, 310)


def test_a_standing_figure_goes_on_as_it_went_and_a_share_without_denominator_has_no_forecast():
    levels = [(MARCH + timedelta(days=n), 100.0 + 2 * n) for n in range(11)]

    found = forecast_level(levels, through=date(2026, 3, 11), last=date(2026, 3, 31))

    assert (found.low, found.point, found.high) == pytest.approx((160, 160, 160))
    assert forecast_share([(MARCH, 0, 0)], through=MARCH, last=date(2026, 3, 31)) is None


@pytest.fixture
def store(db):
    """A store with three even months: punctual at 60 %, 100 members, ¥1,000 a day."""
    store = StoreFactory(code="S1", name="东门店")
    days_of(store, last=date(2026, 2, 28), count=90, expected=10, on_time=6, people_end=100, paid_fen=100_000,
            orders=10)  # fmt: skip
    return store


def goal_of(store, metric) -> Goal:
    return Goal.objects.get(store=store, metric=metric, month=MARCH)


def test_goals_come_from_the_months_before_and_a_repetition_changes_nothing(store):
    first, again = make_goals(month=MARCH, at=at(MARCH)), make_goals(month=MARCH, at=at(MARCH))

    assert (first, again) == (3, 0)  # no member bought: a goal of nothing would be none
    assert goal_of(store, "on_time_rate").target == pytest.approx(0.612)
    assert goal_of(store, "people").target == pytest.approx(102)
    assert goal_of(store, "net_sales").target == pytest.approx(1.02 * 31 * 100_000)
    assert "近三个月 60.0%" in goal_of(store, "on_time_rate").basis


def test_progress_is_counted_by_the_registry_and_the_end_of_the_month_decides(store):
    make_goals(month=MARCH, at=at(MARCH))
    days_of(store, last=date(2026, 3, 31), count=31, expected=10, on_time=7, people_end=101, paid_fen=100_000)

    count_month(month=MARCH, through=date(2026, 3, 10))
    under_way = goal_of(store, "on_time_rate")
    count_month(month=MARCH, through=date(2026, 3, 31))

    assert (under_way.value, under_way.is_met) == (pytest.approx(0.7), None)
    assert under_way.forecast_low < under_way.forecast < under_way.forecast_high
    assert [goal_of(store, code).is_met for code in ("on_time_rate", "people", "net_sales")] == [True, False, False]


def test_hq_adjusts_a_goal_and_takes_its_word_back(store):
    make_goals(month=MARCH, at=at(MARCH))
    hq, goal = StaffFactory(), goal_of(store, "on_time_rate")

    assert adjust_goal(goal=goal, target=0.8, by=hq, at=at(MARCH)).set_by == hq
    with pytest.raises(GoalRefused, match="最多 100%"):
        adjust_goal(goal=goal, target=1.2, by=hq, at=at(MARCH))
    assert adjust_goal(goal=goal, target=None, by=hq, at=at(MARCH)).target == goal.suggested


def test_a_spreadsheet_sets_goals_and_says_of_each_bad_row_what_is_wrong(store):
    make_goals(month=MARCH, at=at(MARCH))
    rows = [("S1", "2026年3月", "85%", 120_000.5), ("S1", "2026-01", "85%", ""), ("S9", "", "85%", ""),
            ("S1", "", "120%", "")]  # fmt: skip
    file = io.BytesIO()
    write_xlsx(file, ["门店编码", "月份", "准时率目标", "净销售额（元）"], rows)
    job = ImportJob.objects.create(kind="goals", filename="目标.xlsx", uploaded_by=StaffFactory(), created_at=at(MARCH))
    job.file.save("goals.xlsx", ContentFile(file.getvalue()))

    report = GoalImport().run(job, at=at(date(2026, 3, 5)))

    assert (report["rows"], report["adjusted"], report["rejected"]) == (4, 2, 3)
    assert (goal_of(store, "on_time_rate").target, goal_of(store, "net_sales").target) == (0.85, 12_000_050)


def test_a_manager_sees_her_goals_and_hq_everybody_s(client, store):
    make_goals(month=MARCH, at=at(MARCH))
    count_month(month=MARCH, through=MARCH)
    client.force_login(ManagerFactory(store=store))
    own = client.get("/metrics/goals/?month=2026-03").content.decode()
    goal = goal_of(store, "people")
    forbidden = [client.post(f"/metrics/goals/{goal.pk}/adjust/", {"target": "1"}).status_code,
                 client.get(f"/metrics/goals/stores/{StoreFactory().pk}/").status_code]  # fmt: skip
    client.force_login(StaffFactory())
    client.post(f"/metrics/goals/{goal.pk}/adjust/", {"target": "150"})
    bad = client.post(f"/metrics/goals/{goal.pk}/adjust/", {"target": "NaN"}, follow=True).content.decode()
    shown = client.get("/metrics/goals/?month=2026-03&metric=people").context["rows"]

    assert "群内去重人数" in own
    assert forbidden == [404, 404]
    assert "目标要大于 0" in bad
    assert [(one.target, one.goal.store.name) for one in shown] == [("150", "东门店")]


@pytest.mark.parametrize("query", ["?month=x", "?month=2026-13", "?month=9999-01", "?metric=zzz&sort=--&outlook=?"])
def test_nonsense_in_the_address_shows_this_month(client, db, query):
    client.force_login(StaffFactory())

    assert client.get(f"/metrics/goals/{query}").status_code == 200


def test_the_sheet_holds_every_store_s_goals(client, store):
    make_goals(month=MARCH, at=at(MARCH))
    client.force_login(StaffFactory())

    text = b"".join(client.get("/metrics/goals/export.csv?month=2026-03")).decode("utf-8-sig")

    assert text.splitlines()[1].startswith("S1,东门店,2026-03,102,31620")
