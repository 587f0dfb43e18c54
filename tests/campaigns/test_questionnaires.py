"""Questionnaires: what is refused, what an answer becomes, and answering again."""

from datetime import timedelta
from functools import partial

import pytest

from members.models import Consent
from members.services.consents import record_consent
from members.services.merging import merge_members
from tagging.models import MemberFact, MemberTag, Response
from tagging.services.questionnaires.answering import AnswerRefused, QuestionnaireOver, answer
from tagging.services.questionnaires.drafting import (
    DraftChoice,
    DraftQuestion,
    QuestionnaireRefused,
    close,
    copy,
    publish,
    save_draft,
)
from tagging.services.tags import put_on
from tests.campaigns.asking import draft, household, picked, published
from tests.campaigns.selling import AT
from tests.factories import MemberFactory, StaffFactory
from tests.racing import race

pytestmark = pytest.mark.django_db
YES = [DraftChoice("是"), DraftChoice("否")]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (draft(title=" "), "请填问卷标题"),
        (draft(DraftQuestion("", YES)), "第 1 题没有写题目"),
        (draft(DraftQuestion("爱吃甜吗", YES[:1])), "第 1 题要有 2 到 12 个选项"),
        (draft(DraftQuestion("爱吃甜吗", [*YES, DraftChoice("是")])), "第 1 题有两个选项都叫“是”"),
        (
            draft(DraftQuestion("爱吃甜吗", [DraftChoice("是", "A"), DraftChoice("否", "A")])),
            "第 1 题的选项编码“A”用了两次",
        ),
        (draft(DraftQuestion("甜", YES, "7"), DraftQuestion("酸", YES, "7")), "题目编码“7”用了两次"),
        (draft(DraftQuestion("爱吃甜吗", [DraftChoice("是", tag_id=0), DraftChoice("否")])), "的标签已停用"),
        (draft(household(kind="many")), "第 1 题是多选，选项对“家里几口人”的说法互相矛盾"),
        (
            draft(household(), household(text="平时几个人吃")),
            "第 1 题和第 2 题都在问“家里几口人”，两个答案会互相矛盾",
        ),
        (
            draft(DraftQuestion("哪天来", [DraftChoice("周末", fact_key="weekday"), DraftChoice("周五")])),
            "要写成周一到周日",
        ),
        (draft(*[DraftQuestion(f"第{n}问", YES) for n in range(21)]), "最多 20 道题"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_words(asked, reason):
    with pytest.raises(QuestionnaireRefused, match=reason):
        save_draft(questionnaire=None, draft=asked, by=StaffFactory(), at=AT)


def test_codes_left_out_are_numbered_around_those_given():
    asked = draft(DraftQuestion("甜", [DraftChoice("是", "B"), DraftChoice("否")], "2"), DraftQuestion("酸", YES))

    row = save_draft(questionnaire=None, draft=asked, by=StaffFactory(), at=AT)

    codes = [(one.code, [each.code for each in one.choices.order_by("position")])
             for one in row.questions.order_by("position")]  # fmt: skip
    assert codes == [("2", ["B", "A"]), ("1", ["A", "B"])]


def test_an_empty_one_or_one_whose_time_is_over_is_not_published_and_a_published_one_not_changed():
    hq = StaffFactory()
    empty = save_draft(questionnaire=None, draft=draft(), by=hq, at=AT)
    late = save_draft(questionnaire=None, draft=draft(household(), ends_at=AT), by=hq, at=AT)

    with pytest.raises(QuestionnaireRefused, match="还没有题目"):
        publish(questionnaire=empty, at=AT)
    with pytest.raises(QuestionnaireRefused, match="截止时间已经过去"):
        publish(questionnaire=late, at=AT)
    row, _ = published()
    with pytest.raises(QuestionnaireRefused, match="复制一份再改"):
        save_draft(questionnaire=row, draft=draft(household()), by=hq, at=AT)
    again = copy(questionnaire=row, by=hq, at=AT)
    assert (again.state, again.title, again.questions.count()) == ("draft", "三道题帮您挑（副本）", 2)


def test_answers_become_tags_and_facts_and_new_answers_take_their_place():
    row, choices = published()
    member = MemberFactory()
    reply = partial(answer, questionnaire=row, member=member, store=None)

    def worn():
        return set(MemberTag.objects.filter(source="form").values_list("tag__name", flat=True))

    first = reply(chosen=picked(choices, "两口人", "怕上火", "长痘"), at=AT)
    assert (worn(), MemberFact.objects.get().value) == ({"怕上火", "长痘"}, "两口人")
    assert reply(chosen=picked(choices, "长痘", "两口人", "怕上火"), at=AT + timedelta(minutes=1)) == first
    reply(chosen=picked(choices, "三口以上", "长痘"), at=AT + timedelta(days=1))

    assert (worn(), MemberFact.objects.get().value) == ({"长痘"}, "三口以上")
    assert list(Response.objects.order_by("at").values_list("replaced_at", flat=True)) == [
        AT + timedelta(days=1), None
    ]  # fmt: skip
    assert first.answers.count() == 3  # kept


def test_what_a_colleague_gave_stays_when_she_answers_otherwise():
    row, choices = published()
    member = MemberFactory()
    put_on(member=member, tag=choices["怕上火"].tag, source="staff", by=None, at=AT)

    for words in (["两口人", "怕上火"], ["两口人", "长痘"]):
        answer(questionnaire=row, member=member, chosen=picked(choices, *words), store=None, at=AT)

    assert dict(MemberTag.objects.values_list("tag__name", "source")) == {"怕上火": "staff", "长痘": "form"}


def test_of_who_wants_no_profile_answers_are_counted_and_nothing_is_learnt():
    row, choices = published()
    member = MemberFactory()
    record_consent(
        member=member, purpose=Consent.Purpose.PROFILING, decision=Consent.Decision.WITHDRAWN, source="h5", at=AT
    )

    response = answer(
        questionnaire=row, member=member, chosen=picked(choices, "两口人", "长痘"), store=None, at=AT
    )  # fmt: skip

    assert (response.is_encoded, response.answers.count()) == (False, 2)
    assert not MemberTag.objects.exists()
    assert not MemberFact.objects.exists()


def test_missing_double_and_foreign_answers_and_late_ones_are_refused():
    row, choices = published(ends_at=AT + timedelta(days=1))
    other, foreign = published(group="别的")
    reply = partial(answer, questionnaire=row, member=MemberFactory(), store=None, at=AT)

    with pytest.raises(AnswerRefused, match="第 2 题还没有选"):
        reply(chosen=picked(choices, "两口人"))
    with pytest.raises(AnswerRefused, match="第 1 题只能选一个"):
        reply(chosen=picked(choices, "两口人", "三口以上", "长痘"))
    with pytest.raises(AnswerRefused, match="第 1 题的选项不对"):
        reply(chosen={choices["两口人"].question_id: [foreign["两口人"].pk]})
    with pytest.raises(QuestionnaireOver):
        reply(chosen=picked(choices, "两口人", "长痘"), at=AT + timedelta(days=1))
    close(questionnaire=other)
    other.refresh_from_db()
    with pytest.raises(QuestionnaireOver):
        answer(questionnaire=other, member=MemberFactory(), chosen={}, store=None, at=AT)
    assert not Response.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_phones_at_once_leave_one_live_answer():
    row, choices = published()
    member = MemberFactory()
    reply = partial(answer, questionnaire=row, member=member, store=None, at=AT)

    results = race(
        partial(reply, chosen=picked(choices, "两口人", "长痘")),
        partial(reply, chosen=picked(choices, "三口以上", "怕上火")),
    )

    assert all(isinstance(one, Response) for one in results)
    live = Response.objects.get(replaced_at=None)
    assert Response.objects.count() == 2
    assert set(MemberTag.objects.values_list("tag", flat=True)) == {
        one.choice.tag_id for one in live.answers.select_related("choice") if one.choice.tag_id
    }


def test_of_two_members_who_are_one_the_newer_answer_lives():
    row, choices = published()
    kept, absorbed = MemberFactory(), MemberFactory()
    for days, member, words in ((0, kept, "两口人"), (1, absorbed, "三口以上")):
        chosen, at = picked(choices, words, "长痘"), AT + timedelta(days=days)
        answer(questionnaire=row, member=member, chosen=chosen, store=None, at=at)

    merge_members(
        kept=kept, absorbed=absorbed, by=StaffFactory(), at=AT + timedelta(days=2), reason="同一个人", evidence={}
    )

    live = Response.objects.get(member=kept, replaced_at=None)
    assert (live.at, Response.objects.filter(member=kept).count()) == (AT + timedelta(days=1), 2)
