"""The estimator alone: arrays in, figures out."""

import numpy as np
import pytest

from dashboard.benches.lift import trial
from metrics.lift.estimating import TooFew, lift
from metrics.lift.matching import MONTHS, Anchors, matched, together
from metrics.lift.raw import compared, times_of
from metrics.lift.shops import BadShop, Shop

SEEDS = range(4)


@pytest.fixture(scope="module")
def trials():
    return [trial(seed=seed, members=800, draws=120) for seed in SEEDS]


def test_interval_holds_the_true_effect_in_all_but_one_of_a_few_chains(trials):
    held = [one.found.ratio.holds(one.truth) for one in trials]

    assert sum(held) >= len(held) - 1


def test_raw_comparison_of_the_same_chains_never_holds_it(trials):
    assert [one.raw.ratio.holds(one.truth) for one in trials] == [False] * len(trials)
    assert all(one.raw.ratio.value > one.truth + 0.1 for one in trials)


def test_joins_pretended_two_months_earlier_find_next_to_nothing(trials):
    placebos = [one.found.placebo.value for one in trials]

    assert abs(np.mean(placebos) - 1) < 0.05


def anchors(rows):
    """Anchors of (joiner?, spend in month -2, -1, 1), all in one cell with thirty days a month."""
    spend, days = np.zeros((len(rows), len(MONTHS))), np.zeros((len(rows), len(MONTHS)))
    for n, (_, *paid) in enumerate(rows):
        for month, fen in zip((-2, -1, 1), paid, strict=True):
            spend[n, MONTHS.index(month)], days[n, MONTHS.index(month)] = fen, 30
    return Anchors(
        cell=np.zeros(len(rows), np.int64), member=np.arange(len(rows)),
        is_joiner=np.array([joiner for joiner, *_ in rows]), spend=spend, days=days,
        joiners=len(rows), short=0, unmatched=0,
    )  # fmt: skip


def test_difference_in_differences_of_a_toy_is_what_a_hand_computes():
    # Joiners 40 and 60 before, so 50; then 90. Controls 20, then 24: times 1.2. Expected 60, so 30 more, 1.5 times.
    toy = anchors([(True, 4000, 6000, 9000)] * 60 + [(False, 2000, 2000, 2400)] * 120)

    found = lift(toy, seed=1, draws=20)

    assert (found.before, found.after, found.expected) == pytest.approx((5000, 9000, 6000))
    assert (found.effect.value, found.ratio.value) == pytest.approx((3000, 1.5))
    assert [month.month for month in found.months] == [-2, -1, 1]
    assert (found.placebo, found.alike) == (None, None)


def test_too_few_joiners_or_controls_are_refused_with_their_numbers():
    with pytest.raises(TooFew, match="进群会员 59 人、对照会员 120 人"):
        lift(anchors([(True, 1, 1, 1)] * 59 + [(False, 1, 1, 1)] * 120), seed=1)


def test_member_of_before_the_period_is_neither_joiner_nor_control():
    shop = Shop.of(days=120, member=[0, 1], day=[60, 60], spend=[100, 100], since=[-400, -400], joined=[60, -5])

    found = matched(shop, seed=1)

    assert (len(found), found.joiners, found.unmatched) == (0, 1, 1)


def test_joiner_is_compared_with_a_visit_of_one_who_had_not_joined():
    shop = Shop.of(
        days=120, member=[0, 0, 1, 1, 2], day=[40, 60, 41, 61, 62], spend=[100.0] * 5, since=[-400] * 3,
        joined=[60, None, -5],
    )  # fmt: skip

    found = matched(shop, seed=1)

    assert found.is_joiner.tolist() == [True, False]
    assert found.spend[1, MONTHS.index(-1)] == 100  # day 41, seen from day 61
    assert found.joiners - found.short - found.unmatched == 1


def test_raw_comparison_counts_the_day_of_joining_as_before():
    shop = Shop.of(days=61, member=[0, 0], day=[30, 31], spend=[310.0, 600.0], since=[0], joined=[30])

    raw = compared(times_of(shop), seed=1)

    assert (raw.before, raw.after, raw.ratio.value) == pytest.approx((300, 600, 2))


def test_nobody_joined_gives_no_raw_comparison_and_too_few_for_a_lift():
    shop = Shop.of(days=60, member=[0], day=[3], spend=[1.0], since=[0], joined=[None])

    assert compared(times_of(shop), seed=1) is None
    with pytest.raises(TooFew):
        lift(together([matched(shop, seed=1)]), seed=1)


@pytest.mark.parametrize(
    "wrong", [{"day": [99]}, {"member": [7]}, {"spend": [1.0, 2.0]}, {"joined": []}, {"days": 0}],
    ids=["day", "member", "length", "joins", "no days"],
)  # fmt: skip
def test_arrays_that_do_not_belong_together_are_refused(wrong):
    with pytest.raises(BadShop):
        Shop.of(**{"days": 60, "member": [0], "day": [3], "spend": [1.0], "since": [0], "joined": [None]} | wrong)
