"""Banned wordings are found however they are dressed up, and ordinary speech is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communities.services.content.banned import Words, plain

WORDS = Words([
    ("国家级", False, False, ""), ("第一", False, False, ""), ("100%", False, False, ""), ("BEST", False, False, ""),
    ("转发有奖", True, False, ""), ("第一次", False, True, ""),
])  # fmt: skip
FULL_WIDTH = {ord(a): ord(a) + 0xFEE0 for a in "BESTbest100%"}


def said(text):
    return [hit.said for hit in WORDS.find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("国家级产地", ["国家级"]),
        ("国 家 级产地", ["国 家 级"]),
        ("国　家\u200b级产地", ["国　家\u200b级"]),
        ("国·家-级", ["国·家-级"]),
        ("ＢＥＳＴ的", ["ＢＥＳＴ"]),
        ("Best 的", ["Best"]),
        ("１００％甜", ["１００％"]),
        ("100 %甜", ["100 %"]),
        ("集满38个赞换一斤", ["集满38个赞"]),
        ("分享到朋友圈就送一斤", ["分享到朋友圈就送"]),
        ("转发给3个好友，领红包", ["转发给3个好友，领"]),
        ("邀请5位好友进群领券", ["邀请5位好友进群领"]),
    ],
)
def test_a_dressed_up_word_is_found_as_it_was_written(text, found):
    assert said(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "我家第一次种",
        "第 一次来", "甜度高\n国家\n级别不同", "卖得好，第。一", "bestow", "5100%", "9.9 元一斤，19.9 两斤",
        "分享一个小知识", "转发通知：明天休息",
        "邀请大家来试吃", "",
    ],
)  # fmt: skip
def test_ordinary_speech_is_left_alone(text):
    assert said(text) == []


def test_an_allowed_phrase_frees_only_itself():
    assert said("第一次来，全城第一") == ["第一"]


@given(
    st.text(alphabet="水果新鲜，。\n", max_size=6),
    st.lists(st.sampled_from(["", " ", "　", "\u200b", "·", "*", "~"]), min_size=2, max_size=2),
    st.text(alphabet="水果新鲜，。\n", max_size=6),
)
def test_a_word_is_found_wherever_it_stands_and_whatever_is_put_between_its_letters(before, gaps, behind):
    dressed = f"国{gaps[0]}家{gaps[1]}级"

    hits = WORDS.find(before + dressed + behind)

    assert [(hit.start, hit.end, hit.said) for hit in hits] == [(len(before), len(before) + len(dressed), dressed)]


@given(st.sampled_from(["BEST", "100%"]), st.booleans(), st.booleans(), st.sampled_from(["", " "]))
def test_width_and_case_make_no_difference(word, is_wide, is_small, gap):
    dressed = gap.join(word.lower() if is_small else word)
    dressed = dressed.translate(FULL_WIDTH) if is_wide else dressed

    assert said(f"真的{dressed}哦") == [dressed]


@given(st.text(max_size=80))
def test_any_text_can_be_searched_and_each_hit_lies_where_it_says(text):
    looked = plain(text)

    assert len(looked.text) == len(looked.origins)
    assert list(looked.origins) == sorted(looked.origins)
    for hit in WORDS.find(text):
        assert text[hit.start : hit.end] == hit.said
