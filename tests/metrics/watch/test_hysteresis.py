"""When a figure becomes an alert and when it is none any more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.hysteresis import Thresholds, Watch, look

LINES = Thresholds(raise_at=15, clear_at=8, raise_after=2, clear_after=3)
figures = st.one_of(st.none(), st.floats(0, 30))


def states(values, thresholds=LINES, watch=Watch()):  # noqa: B008 -- a frozen value
    found = []
    for value in values:
        watch = look(watch, value, thresholds)
        found.append(watch)
    return found


def test_it_is_raised_after_two_bad_looks_in_a_row_and_cleared_after_three_good_ones():
    raised = [watch.is_raised for watch in states([20, 20, 5, 5, 5, 5])]

    assert raised == [False, True, True, True, False, False]


def test_a_look_between_the_lines_breaks_the_run_on_either_side():
    assert [watch.is_raised for watch in states([20, 10, 20, 20])] == [False, False, False, True]
    assert [watch.is_raised for watch in states([20, 20, 5, 5, 10, 5, 5, 5])][-3:] == [True, True, False]


def test_a_look_that_tells_nothing_changes_nothing():
    assert states([20, None, 20])[-1] == states([20, 20])[-1]


@settings(max_examples=60)
@given(st.lists(figures, max_size=40))
def test_between_being_raised_and_being_cleared_lie_as_many_looks_as_the_rule_asks(values):
    before, since = False, 0
    for watch, value in zip(states(values), values, strict=True):
        since += value is not None
        if watch.is_raised != before:
            assert since >= (LINES.raise_after if watch.is_raised else LINES.clear_after)
            before, since = watch.is_raised, 0


@settings(max_examples=60)
@given(st.floats(0, 30), st.lists(st.floats(-3.4, 3.4), min_size=1, max_size=60))
def test_a_figure_that_trembles_by_less_than_the_band_never_flaps(level, tremors):
    raised = [watch.is_raised for watch in states([level + tremor for tremor in tremors])]

    changes = sum(one != other for one, other in zip([False, *raised], raised, strict=False))
    assert changes <= 1


def test_lines_that_would_raise_and_clear_at_once_are_refused():
    with pytest.raises(ValueError, match="cleared at or below"):
        Thresholds(raise_at=5, clear_at=6)
