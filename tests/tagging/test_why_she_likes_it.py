"""The cases the chain's founders tell: the cheap pear, the lemon, and the wax apple."""

import numpy as np

from stores.simulation.catalogue import CATALOGUE
from tagging.recommending.crowd import read_crowd
from tagging.recommending.ranking import Task, fold, rank
from tagging.recommending.reasons import new_sentence
from tagging.recommending.signals import SIGNALS
from tests.tagging.tasting import NAMES, PLACE, TODAY, WORDS, histories, shop, taste_of

SOFT_AND_SCENTED = [
    (variety, 20 * times + 7 * place)
    for place, variety in enumerate(("金枕", "香蕉", "水蜜桃", "贵妃芒"))
    for times in range(1, 5)
]  # fmt: skip
CRISP_AND_JUICY = [
    (variety, 25 * times + 6 * place)
    for place, variety in enumerate(("冰糖心", "香梨", "秋月", "红玫瑰"))
    for times in range(1, 5)
]  # fmt: skip


def leaning(her, axis):
    return taste_of(her)[0][NAMES.index(axis)]


def test_one_cheap_pear_does_not_overturn_who_likes_it_soft_and_scented():
    before = taste_of(SOFT_AND_SCENTED)
    after = taste_of([*SOFT_AND_SCENTED, ("酥梨", 1)])

    assert before[2].startswith("绵软、香浓；")
    assert after[2].startswith("绵软、香浓；")
    assert "不爱脆" in after[2]
    assert np.abs(after[0] - before[0]).max() < 0.25


def test_a_cheap_pear_bought_by_somebody_unknown_says_nothing_for_certain():
    assert taste_of([("酥梨", 1)])[2] == "买得还少，看不出偏好"


def test_a_lemon_now_and_then_does_not_make_one_who_buys_sweet_things_like_it_sour():
    sweet = [(variety, 15 * times) for variety in ("水蜜桃", "红提", "哈密瓜", "西州蜜", "玉菇", "石硖", "蟠桃")
             if variety in PLACE for times in range(1, 5)]  # fmt: skip

    assert leaning([*sweet, ("柠檬", 40)], "酸") < 0
    assert "酸" not in taste_of([*sweet, ("柠檬", 40)])[2].partition("；")[0]


def test_who_never_buys_anything_sour_is_said_to_avoid_it_and_is_offered_no_lemon():
    assert "不爱酸" in taste_of(SOFT_AND_SCENTED)[2]
    assert PLACE["柠檬"] not in offered(SOFT_AND_SCENTED)


def test_who_bought_crisp_sweet_juicy_apples_and_pears_is_offered_the_wax_apple_and_told_why():
    leans, sure, _ = taste_of(CRISP_AND_JUICY)
    history = histories(CRISP_AND_JUICY)
    crowd = read_crowd(history, shop(), as_of=TODAY, horizon=28)

    reason = new_sentence(
        leaning=leans.tolist(), sure=sure.tolist(), taste=crowd.taste[PLACE["黑金刚"]].tolist(), words=WORDS,
        companion="", in_season=False,
    )  # fmt: skip

    assert PLACE["黑金刚"] in offered(CRISP_AND_JUICY)
    assert PLACE["黑金刚"] not in offered(SOFT_AND_SCENTED)
    assert reason.startswith("她爱的脆")


def offered(her):
    """Ten new products by taste alone."""
    history, shelf = histories(her), shop()
    crowd = read_crowd(history, shelf, as_of=TODAY, horizon=28)
    weights = np.asarray([float(name == "taste") for name in SIGNALS], np.float32)
    folded = fold(weights, crowd=crowd, catalogue=shelf)
    return set(rank(history, task=Task.NEW, folded=folded, crowd=crowd, catalogue=shelf).products[0].tolist())


def test_the_shops_own_fruit_is_all_there():
    assert {"黑金刚", "柠檬", "酥梨"} <= PLACE.keys()
    assert len(PLACE) == len(CATALOGUE)
