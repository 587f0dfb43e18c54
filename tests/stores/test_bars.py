"""Bars drawn by the server: their heights, their numbers, and what they do with nothing and with less."""

import pytest

from stores.templatetags.bars import bars, short


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, ""), (739.4, "739"), (9_999, "9999"), (12_345.6, "1.2万"), (-10.49, "-10"), (-20_000, "-2.0万")],
)
def test_a_number_is_short_enough_for_a_narrow_bar(value, text):
    assert short(value) == text


def test_the_highest_bar_fills_the_height_and_is_marked():
    columns = bars([("周一", 5.0), ("周二", 20.0), ("周三", -3.0)], label="到店")["columns"]

    assert [(column["top"], column["height"], column["is_most"]) for column in columns] == [
        (75.0, 25.0, False), (0.0, 100.0, True), (100, 0, False),
    ]  # fmt: skip


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [-1.0, -2.0]])
def test_without_anything_above_zero_there_are_no_bars(values):
    columns = bars([(str(value), value) for value in values], label="实付")["columns"]

    assert [(column["height"], column["is_most"]) for column in columns] == [(0, False)] * len(values)
