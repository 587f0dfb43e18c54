"""Intervals that hold: against simulation, at the edges, and silent where there is too little."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communities.estimates import MEASURES, Sums, gamma_interval, total, wilson


def unit(people=200, **measures):
    return Sums.of_unit(posts=1, people=people, measures=dict.fromkeys(MEASURES, 0) | measures)


def test_wilson_is_the_textbooks():
    low_high = wilson(0.5, 100)

    assert (round(low_high.low, 4), round(low_high.high, 4)) == (0.4038, 0.5962)
    nobody = wilson(0.0, 100)
    assert nobody.low == 0
    assert round(nobody.high, 4) == 0.0370


def test_a_share_of_alike_units_is_wilsons_and_of_unlike_ones_is_wider():
    alike = total(unit(buyers=20) for _ in range(50)).share("buyers")
    unlike = total(unit(buyers=40 if n % 2 else 0) for n in range(50)).share("buyers")

    assert alike == wilson(0.1, 10_000)
    assert alike.point == unlike.point
    assert unlike.high - unlike.low > 3 * (alike.high - alike.low)


@pytest.mark.parametrize("name", ["buyers", "sales_fen"])
def test_too_little_says_nothing(name):
    few_units = total(unit(people=1000, buyers=10, sales_fen=100) for _ in range(7))
    few_people = total(unit(people=60, buyers=10, sales_fen=100) for _ in range(8))

    for sums in (few_units, few_people, Sums()):
        assert sums.is_thin
        assert sums.share(name) is None
        assert sums.per_hundred(name) is None


def test_95_of_100_intervals_hold_the_truth_although_people_of_a_shop_buy_together():
    dice = np.random.default_rng(7)
    held = {"buyers": 0, "sales_fen": 0}
    for _ in range(400):
        units = []
        for _ in range(40):
            people = int(dice.integers(100, 450))
            buyers = int(dice.binomial(people, min(1.0, dice.gamma(4, 0.04 / 4))))
            units.append(unit(people=people, buyers=buyers, sales_fen=int(dice.gamma(2, 1500, buyers).sum())))
        sums = total(units)
        for name, truth, found in (
            ("buyers", 0.04, sums.share("buyers")),
            ("sales_fen", 100 * 0.04 * 3000, sums.per_hundred("sales_fen")),
        ):
            held[name] += found.low <= truth <= found.high

    assert all(0.91 <= count / 400 <= 0.98 for count in held.values()), held


@given(st.floats(0.01, 1e7), st.floats(1e-3, 1e12))
def test_an_amounts_interval_holds_its_point_and_is_never_negative(mean, variance):
    found = gamma_interval(mean, variance)

    assert 0 <= found.low <= found.point <= found.high


def test_no_sales_at_all_is_zero():
    found = total(unit() for _ in range(10)).per_hundred("sales_fen")

    assert (found.low, found.point, found.high) == (0, 0, 0)
