"""How much better than expected, and how sure that is."""

import numpy as np
import pytest

from metrics.surprise import Record, Unit, ordinary


def test_a_lucky_trifle_is_pulled_to_the_ordinary_and_a_proven_success_is_not():
    dice = np.random.default_rng(7)
    usual = [Record.of([Unit(dice.normal(10, 3), 10.0) for _ in range(20)]) for _ in range(60)]
    trifle, success = Record.of([Unit(3, 1.0)]), Record.of([Unit(20, 10.0)] * 30)

    kinds = ordinary([*usual, trifle, success])

    assert kinds.lift(trifle).point < 1.15
    assert kinds.lift(trifle).low < 1
    assert 1.5 < kinds.lift(success).low < kinds.lift(success).point < 2


def test_a_ratio_is_relative_to_what_is_ordinary():
    records = [Record.of([Unit(8, 10.0)] * 40) for _ in range(20)]

    assert ordinary(records).lift(records[0]).point == pytest.approx(1)


def test_the_interval_covers_the_truth_of_nine_in_ten():
    dice, covered = np.random.default_rng(3), 0
    truths = [max(0.2, dice.normal(1, 0.3)) for _ in range(300)]
    records = [Record.of([Unit(dice.normal(20 * truth, 20**0.5), 20.0) for _ in range(4)]) for truth in truths]
    kinds = ordinary(records)

    for truth, record in zip(truths, records, strict=True):
        lift = kinds.lift(record)
        covered += lift.low <= truth / kinds.mean <= lift.high

    assert 255 <= covered <= 285  # of 300: 90 % is 270, ± 3 standard errors


def test_with_nothing_to_compare_nothing_is_surprising():
    assert ordinary([]).lift(Record.of([Unit(5, 0.0)])).point == 1
