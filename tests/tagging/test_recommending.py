"""The fast path ranks what the signals say, weights are learnt from choices, and nothing forbidden is recommended."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagging.recommending import signals
from tagging.recommending.choosing import learn_weights
from tagging.recommending.crowd import read_crowd
from tagging.recommending.facts import Catalogue, History
from tagging.recommending.launching import expected_demand
from tagging.recommending.priors import prior_weights
from tagging.recommending.ranking import Task, best, fold, rank, scores

PRODUCTS, TODAY = 12, 800


def catalogue(*, offered=None):
    drawn = np.random.default_rng(1)
    return Catalogue(
        category=np.arange(PRODUCTS, dtype=np.int32) % 3,
        taste=drawn.uniform(0, 10, (PRODUCTS, 4)).astype(np.float32),
        offered=np.ones(PRODUCTS, bool) if offered is None else np.asarray(offered),
    )


@st.composite
def histories(draw):
    members = draw(st.integers(1, 6))
    lines = draw(
        st.lists(
            st.tuples(st.integers(0, members - 1), st.integers(0, PRODUCTS - 1), st.integers(0, TODAY)),
            min_size=1, max_size=60,
        )
    )  # fmt: skip
    lines.sort()
    return History.of(*zip(*lines, strict=True), members=members)


def read(history):
    return read_crowd(history, catalogue(), as_of=TODAY, horizon=28)


@settings(deadline=None)
@given(histories(), st.integers(0, 1_000))
def test_the_folded_product_says_what_the_signals_say(history, seed):
    weights = np.random.default_rng(seed).normal(size=len(signals.SIGNALS)).astype(np.float32)
    crowd, shelf = read(history), catalogue()
    pairs = signals.read_pairs(history, crowd=crowd, products=PRODUCTS)

    fast = scores(
        pairs, folded=fold(weights, crowd=crowd, catalogue=shelf), crowd=crowd, catalogue=shelf, members=history.members
    )

    slow = signals.table(history, crowd=crowd, catalogue=shelf) @ weights
    difference = fast - slow  # equal up to a constant per member
    np.testing.assert_allclose(difference - difference[:, :1], 0, atol=2e-3)


@settings(deadline=None)
@given(histories())
def test_a_block_of_members_ranks_as_the_whole_does(history):
    crowd, shelf = read(history), catalogue()
    folded = fold(prior_weights(repeats=False, horizon_days=28), crowd=crowd, catalogue=shelf)
    kinds = {"task": Task.NEW, "folded": folded, "crowd": crowd, "catalogue": shelf}

    whole = rank(history, **kinds)
    halves = [rank(history.of_members(*part), **kinds) for part in [(0, history.members // 2),
              (history.members // 2, history.members)] if part[0] < part[1]]  # fmt: skip

    np.testing.assert_allclose(np.concatenate([half.scores for half in halves]), whole.scores, rtol=1e-4, atol=1e-4)


@settings(deadline=None)
@given(histories())
def test_a_new_thing_was_not_bought_this_year_and_a_repeat_was_bought_before(history):
    crowd, shelf = read(history), catalogue()
    bought = {(int(m), int(p)): int(d) for m, p, d in zip(history.member, history.product, history.day, strict=True)}
    for task in Task:
        folded = fold(
            prior_weights(repeats=task is Task.REPEAT, horizon_days=28), crowd=crowd, catalogue=shelf
        )  # fmt: skip
        ranked = rank(history, task=task, folded=folded, crowd=crowd, catalogue=shelf)
        for member, row in enumerate(ranked.products):
            for product in row[row >= 0]:
                last = bought.get((member, int(product)))
                assert (last is None or last <= TODAY - 365) if task is Task.NEW else last is not None


def test_what_is_not_offered_or_not_stocked_is_never_recommended():
    history = History.of([0, 0, 1], [1, 2, 3], [790, 791, 792], members=2)
    shelf = catalogue(offered=[True] * 6 + [False] * 6)
    stocked = np.asarray([False] * 3 + [True] * 9)
    crowd = read_crowd(history, shelf, as_of=TODAY, horizon=28)
    folded = fold(prior_weights(repeats=False, horizon_days=28), crowd=crowd, catalogue=shelf)

    ranked = rank(history, task=Task.NEW, folded=folded, crowd=crowd, catalogue=shelf, stocked=stocked)

    assert set(ranked.products[0][ranked.products[0] >= 0].tolist()) == {3, 4, 5}
    assert set(ranked.products[1][ranked.products[1] >= 0].tolist()) == {4, 5}


def test_equal_products_stand_in_the_order_of_the_catalogue():
    ranked = best(np.zeros((1, 30), np.float32))

    assert ranked.products.tolist() == [list(range(10))]


def test_weights_are_learnt_from_what_was_chosen():
    drawn = np.random.default_rng(7)
    truth = np.asarray([2.0, -1.0, 0.0])
    choices = []
    for _ in range(400):
        offered = drawn.normal(size=(8, 3))
        chance = np.exp(offered @ truth)
        bought = np.zeros(8, bool)
        bought[drawn.choice(8, p=chance / chance.sum())] = True
        choices.append((offered, bought))

    learnt = learn_weights(choices, prior=np.zeros(3), caution=1.0)

    np.testing.assert_allclose(learnt, truth, atol=0.25)


def test_with_infinite_caution_nothing_is_learnt():
    prior = np.asarray([1.0, 2.0])
    learnt = learn_weights([(np.eye(2), np.asarray([True, False]))] * 50, prior=prior, caution=1e9)

    np.testing.assert_allclose(learnt, prior, atol=1e-5)


def test_a_newcomer_is_expected_to_sell_like_what_tastes_like_it():
    taste = np.asarray([[9, 1], [8.9, 1.1], [1, 9], [1.1, 8.8], [9, 1.1], [np.nan, 2]], np.float32)
    demand = np.log(np.asarray([0.5, 0.4, 0.01, 0.02, 1.0, 1.0], np.float32))
    known = np.asarray([True, True, True, True, False, False])

    expected = expected_demand(demand, taste=taste, known=known)

    assert expected[4] > expected[2] + 1
    assert expected[5] == pytest.approx(demand[known].mean(), abs=1e-5)
