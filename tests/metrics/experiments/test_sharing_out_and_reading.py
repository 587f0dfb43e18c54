"""Experiments without a database: who gets what, how many it takes, and looking every day."""

from collections import Counter
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.experiments import power
from metrics.experiments.assigning import Arm, BadArms, arm_of
from metrics.experiments.reading import Arm as Seen
from metrics.experiments.reading import difference, false_alarms

HALVES = (Arm("A", 50), Arm("B", 50))
weights = st.lists(st.integers(1, 100), min_size=2, max_size=4)


@settings(max_examples=20, deadline=None)
@given(salt=st.text("abcdef0123456789", min_size=8, max_size=32), shares=weights)
def test_every_arm_gets_its_share_of_the_units(salt, shares):
    arms = [Arm(str(n), share) for n, share in enumerate(shares)]

    found = Counter(arm_of(salt=salt, unit=unit, arms=arms) for unit in range(2000))

    for arm in arms:
        share = arm.weight / sum(shares)
        assert abs(found[arm.key] / 2000 - share) < 5.5 * sqrt(share * (1 - share) / 2000)


@settings(max_examples=30, deadline=None)
@given(unit=st.integers(1, 10**15), before=weights, after=weights)
def test_unit_that_has_an_arm_keeps_it_whatever_the_weights_become(unit, before, after):
    first = arm_of(salt="s", unit=unit, arms=[Arm(str(n), share) for n, share in enumerate(before)])
    later = [Arm(str(n), share) for n, share in enumerate(after)]

    assert arm_of(salt="s", unit=unit, arms=later, known={unit: first}) == first


def test_two_experiments_share_out_independently():
    pairs = Counter(
        (arm_of(salt="one", unit=n, arms=HALVES), arm_of(salt="two", unit=n, arms=HALVES)) for n in range(4000)
    )

    assert all(abs(count / 4000 - 0.25) < 0.04 for count in pairs.values())


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        ([Arm("A", 100)], "至少要两组"),
        ([Arm("A", 100), Arm("B", 0)], "至少要两组"),
        ([Arm("A", 0), Arm("B", 0)], "份额都是 0"),
        ([Arm("A", -1), Arm("B", 2)], "不能是负数"),
        ([Arm("A", 1), Arm("A", 2)], "组名重复"),
    ],
)
def test_arms_that_cannot_share_are_refused_in_words(arms, says):
    with pytest.raises(BadArms, match=says):
        arm_of(salt="s", unit=1, arms=arms)


@pytest.mark.parametrize(("before", "after", "persons"), [(0.10, 0.12, 3841), (0.5, 0.6, 388), (0.05, 0.10, 435)])
def test_two_shares_take_the_numbers_of_the_textbooks(before, after, persons):
    assert power.for_shares(before, after) == persons


def test_two_means_half_a_deviation_apart_take_63_persons_an_arm():
    assert power.for_means(0.5, 1) == 63


def test_drawing_groups_of_twenty_with_an_icc_of_a_twentieth_nearly_doubles_the_persons():
    effect = power.design_effect(20, 0.05)

    assert effect == pytest.approx(1.95)
    assert power.for_means(0.5, 1, effect=effect) == 123
    assert power.clusters(123, 20) == 7


@pytest.mark.parametrize(
    "ask",
    [
        lambda: power.for_shares(0, 0.1), lambda: power.for_shares(0.1, 0.1), lambda: power.for_means(0, 1),
        lambda: power.for_means(1, 0), lambda: power.design_effect(0, 0.1), lambda: power.design_effect(5, 2),
    ],
)  # fmt: skip
def test_plan_without_an_answer_is_refused(ask):
    with pytest.raises(power.BadPlan):
        ask()


def test_looking_every_day_finds_nothing_more_often_than_allowed_and_an_ordinary_test_does():
    found = false_alarms(runs=600, units=60, days=28, seed=4)

    assert found["sequential"] <= 0.05
    assert found["fixed"] > 0.15  # the control: the same peeking with an ordinary interval
    assert found["once"] < 0.09


def test_difference_worth_finding_is_found_and_its_interval_holds_it():
    dice = np.random.default_rng(2)
    ones = np.ones(400)
    was, is_ = Seen(dice.normal(10, 2, 400), ones), Seen(dice.normal(11, 2, 400), ones)

    found = difference(was, is_, worth=1.0)

    assert found.low < 1 < found.high
    assert found.is_clear
    assert found.chance < 0.01


def test_ratio_weighs_its_units_by_what_they_are_divided_by():
    was = Seen(np.array([1.0] * 8 + [30.0] * 8), np.array([10.0] * 8 + [100.0] * 8))

    found = difference(was, was, worth=0.1)

    assert (found.control, found.value) == (pytest.approx(248 / 880), 0)
    assert not found.is_clear


def test_few_units_are_not_compared():
    few = Seen(np.ones(7), np.ones(7))

    assert difference(few, few, worth=1) is None
