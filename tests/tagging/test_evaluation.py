"""How recommenders are graded: the tasks asked of tiny data by hand, the measures by hand, and the reader's words."""

import gzip
import math
from datetime import date

import numpy as np
import pytest

from tagging.evaluation import tasks
from tagging.evaluation.baselines import personal_frequency, popularity, untied
from tagging.evaluation.data import DataMissing, Purchases, read_folder
from tagging.evaluation.measures import interval, measure
from tagging.evaluation.speed import measure_speed
from tagging.recommending.facts import Catalogue, History

APPLE, PEAR, PLUM, OTHER = range(4)


def purchases(rows, *, members=2, cut=100):
    """Rows of (member, product, day); what is called "other" may never be recommended."""
    rows = sorted(rows)
    catalogue = Catalogue(
        category=np.zeros(4, np.int32), taste=np.full((4, 6), np.nan, np.float32),
        offered=np.asarray([True, True, True, False]),
    )  # fmt: skip
    return Purchases(
        name="tiny", history=History.of(*zip(*rows, strict=True), members=members), catalogue=catalogue,
        households=["a", "b"], varieties=["apple", "pear", "plum", "other"], starts=date(2020, 1, 1), cut=cut,
        species=np.full(4, -1, np.int32),
    )  # fmt: skip


def asked(task, data):
    (situation,) = tasks.held_out_situations(task, data)
    return situation, {
        query.household: (np.flatnonzero(query.candidates).tolist(), np.flatnonzero(query.bought).tolist())
        for query in situation.queries
    }


def test_new_asks_for_what_was_never_bought_before_the_cut():
    data = purchases([(0, APPLE, 10), (0, PEAR, 120), (0, APPLE, 121), (1, PEAR, 20), (1, PEAR, 130)])

    situation, queries = asked(tasks.NEW, data)

    assert queries == {0: ([PEAR, PLUM], [PEAR])}  # the other bought nothing new, so nothing is asked of it
    assert situation.as_of == 100
    assert situation.history.day.max() == 20


def test_repeat_asks_for_what_is_bought_again_within_28_days_and_repeat_all_for_ever_after():
    data = purchases([(0, APPLE, 10), (0, PEAR, 11), (0, APPLE, 110), (0, PEAR, 150)])

    assert asked(tasks.REPEAT, data)[1] == {0: ([APPLE, PEAR], [APPLE])}
    assert asked(tasks.REPEAT_ALL, data)[1] == {0: ([APPLE, PEAR], [APPLE, PEAR])}


def test_a_label_that_names_no_variety_is_neither_candidate_nor_answer():
    data = purchases([(0, APPLE, 10), (0, OTHER, 11), (0, OTHER, 110), (0, PEAR, 111)])

    assert asked(tasks.NEW, data)[1] == {0: ([PEAR, PLUM], [PEAR])}


def test_training_questions_never_look_past_the_cut():
    data = purchases([(0, day % 3, day) for day in range(0, 200, 5)], cut=150)

    for window in tasks.training_situations(tasks.REPEAT, data):
        for situation in window:
            assert situation.as_of + situation.horizon <= 150
            assert situation.history.day.max() <= situation.as_of


def test_ndcg_and_hit_are_what_a_hand_counts():
    situation, _ = asked(tasks.NEW, purchases([(0, APPLE, 10), (0, PEAR, 120)]))

    second = measure([situation], [np.asarray([[0.0, 1.0, 2.0, 9.0]] * 2)])
    first = measure([situation], [np.asarray([[0.0, 2.0, 1.0, 9.0]] * 2)])

    assert second.ndcg.tolist() == pytest.approx([1 / math.log2(3)])
    assert first.ndcg.tolist() == [1.0]
    assert (second.hit.tolist(), second.lists, second.coverage) == ([1.0], ((PLUM, PEAR),), 2 / 3)


def test_an_interval_draws_households_whole():
    found = interval(np.asarray([1.0, 1.0, 0.0]), np.asarray([0, 0, 1]))

    assert found.mean == pytest.approx(2 / 3)
    assert (found.low, found.high) == (0.0, 1.0)


def test_what_a_baseline_knows_nothing_of_is_settled_by_lot_and_the_rest_is_left():
    utility = np.asarray([[1.0, 0.0, 0.0, 0.0]] * 200, np.float32)

    settled = untied(utility)

    assert (settled.argmax(1) == 0).all()
    assert len(set(settled[:, 1:].argmax(1).tolist())) == 3


def test_popularity_counts_everybody_and_frequency_the_household():
    situation, _ = asked(
        tasks.REPEAT,
        purchases([(0, APPLE, 1), (0, APPLE, 2), (0, PEAR, 3), (1, PEAR, 4), (1, PEAR, 5), (0, PEAR, 110)]),
    )

    assert popularity(situation)[0].tolist() == [2, 3, 0, 0]
    assert personal_frequency(situation)[0].argmax() == APPLE


def folder(tmp_path, orders):
    place = tmp_path / "shop"
    place.mkdir()
    with gzip.open(place / "orders.csv.gz", "wt", encoding="utf-8") as file:
        file.write(orders)
    return place


def test_a_folder_that_is_not_there_or_empty_is_refused_in_words(tmp_path):
    with pytest.raises(DataMissing, match="找不到文件夹"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(DataMissing, match=r"里没有 orders\.csv\.gz"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("orders", "reason"),
    [
        ("household_id,date\n1,2020-01-01\n", "缺少列：variety"),
        ("household_id,variety\n1,apple\n", "缺少 date 列"),
        ("household_id,variety,date\n", "是空的"),
        ("household_id,variety,date\n1,apple,2020-01-01\n", r"找不到文件：.*products\.csv\.gz"),
    ],
)
def test_a_table_that_lacks_something_is_refused_in_words(tmp_path, orders, reason):
    with pytest.raises(DataMissing, match=reason):
        read_folder(folder(tmp_path, orders))


def test_the_speed_bench_counts_every_member_once():
    figures = measure_speed(members=10_000, products=40)

    assert list(figures["linear"])[-1] == "10000"
    assert set(figures["workers"]) == {"members", "1_seconds", "2_seconds"}
