"""Questionnaires: what is refused, what an answer becomes, answering again, and the pages of both sides."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from members.models import Consent
from members.services.consents import record_consent
from members.services.merging import merge_members
from stores.models import AuditEntry
from tagging.models import MemberFact, MemberTag, Questionnaire, Response
from tagging.places import place_of, read_place
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
from tests.campaigns.selling import AT, phone
from tests.factories import CustomerGroupFactory, ManagerFactory, MemberFactory, StaffFactory, StoreFactory
from tests.racing import race

pytestmark = pytest.mark.django_db
YES = [DraftChoice("是"), DraftChoice("否")]


@pytest.fixture
def _now():
    with time_machine.travel(AT, tick=False):
        yield


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


# ---- pages ----


@pytest.mark.usefixtures("_now")
def test_on_the_phone_she_answers_is_told_what_is_missing_and_may_change_it():
    row, choices = published()
    group = CustomerGroupFactory()
    member = MemberFactory()
    path = f"/h/ask/{row.token}/{place_of(group_id=group.pk)}/"
    browser = phone(member)
    form = {f"q{key}": values for key, values in picked(choices, "两口人", "长痘").items()}

    assert "想解决什么" in browser.get(path).content.decode()
    missing = browser.post(path, dict([*form.items()][:1]))
    assert (missing.status_code, "第 2 题还没有选" in missing.content.decode()) == (422, True)
    assert browser.post(path, form | {"q1x": "1", list(form)[1]: "九"}).status_code == 422
    thanks = browser.post(path, form, follow=True).content.decode()
    assert "收到了，谢谢您" in thanks
    assert f'href="{path}"' in thanks
    again = browser.get(path).content.decode()
    assert ("您填过了，随时可以改" in again, again.count(" checked")) == (True, 2)

    response = Response.objects.get()
    assert (response.store, response.group_id) == (group.store, group.pk)


@pytest.mark.usefixtures("_now")
def test_a_link_that_is_over_or_leads_nowhere_says_so():
    row, _ = published(ends_at=AT + timedelta(minutes=1))
    browser = phone(MemberFactory())

    assert browser.get(f"/h/ask/{row.token}/zz/").status_code == 404
    assert browser.get("/h/ask/nobody/").status_code == 404
    with time_machine.travel(AT + timedelta(minutes=2), tick=False):
        over = browser.get(f"/h/ask/{row.token}/")
    assert (over.status_code, "问卷已经结束" in over.content.decode()) == (410, True)


def test_a_place_is_read_as_it_was_written():
    assert read_place(place_of(store_id=4711)) == ("s", 4711)
    assert read_place(place_of(group_id=36)) == ("g", 36)
    assert [read_place(text) for text in ("", "s", "x1", "s-1", "g" + "z" * 13)] == [None] * 5


@pytest.mark.usefixtures("_now")
def test_hq_writes_publishes_reads_and_exports_it(client):
    client.force_login(StaffFactory(name="总部"))
    form = {
        "title": "口味小调查", "ends_on": "2026-12-31", "q0-text": "家里几口人", "q0-kind": "one",
        "q0-0-text": "一两口", "q0-0-fact": "household", "q0-1-text": "三口以上", "q0-1-fact": "household",
        "q0-2-text": "",
    }  # fmt: skip

    shape = client.post("/questionnaires/new/", form | {"action": "choice-0"}).content.decode()
    assert 'name="q0-3-text"' in shape
    refused = client.post("/questionnaires/new/", form | {"ends_on": "明天"})
    assert (refused.status_code, "截止日期不对" in refused.content.decode()) == (422, True)
    client.post("/questionnaires/new/", form)
    row = Questionnaire.objects.get()
    assert timezone.localtime(row.ends_at).strftime("%Y-%m-%d %H:%M") == "2027-01-01 00:00"
    client.post(f"/questionnaires/{row.pk}/edit/", form | {"title": "口味三问"})
    client.post(f"/questionnaires/{row.pk}/change/", {"action": "publish"})
    row.refresh_from_db()
    question = row.questions.get()
    store = StoreFactory(name="滨江店")
    for number, choice in enumerate(question.choices.order_by("position")):
        for _ in range(number + 1):
            member = MemberFactory(home_store=store)
            answer(questionnaire=row, member=member, chosen={question.pk: [choice.pk]}, store=store, at=AT)

    page = client.get(f"/questionnaires/{row.pk}/?q=滨江").content.decode()
    for words in ("口味三问", "67%", "33%", f"/h/ask/{row.token}/{place_of(store_id=store.pk)}/", "记下家里几口人"):
        assert words in page
    table = b"".join(client.get(f"/questionnaires/{row.pk}/export.csv")).decode("utf-8-sig")
    assert (table.count("B 三口以上"), table.count("滨江店")) == (2, 3)
    assert AuditEntry.objects.filter(action="questionnaire.exported").get().detail == {"rows": 3}


@pytest.mark.usefixtures("_now")
def test_a_store_sees_its_own_answers_and_links_and_changes_nothing(client):
    row, choices = published()
    mine, other = StoreFactory(name="滨江店"), StoreFactory(name="西溪店")
    group = CustomerGroupFactory(store=mine, name="滨江一群")
    for store in (mine, other, other):
        chosen = picked(choices, "两口人", "长痘")
        answer(questionnaire=row, member=MemberFactory(), chosen=chosen, store=store, at=AT)
    client.force_login(ManagerFactory(store=mine))

    page = client.get(f"/questionnaires/{row.pk}/").content.decode()
    assert ('<span class="num">1</span> 人已答' in page, "西溪店" in page) == (True, False)
    for words in ("滨江一群", place_of(group_id=group.pk), place_of(store_id=mine.pk)):
        assert words in page
    assert client.post(f"/questionnaires/{row.pk}/change/", {"action": "close"}).status_code == 404
    assert client.get("/questionnaires/new/").status_code == 404
    save_draft(questionnaire=None, draft=draft(household()), by=StaffFactory(), at=AT)
    assert client.get("/questionnaires/").content.decode().count("row-title") == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_whatever_its_length(client, count, django_assert_num_queries):
    for n in range(count):
        save_draft(questionnaire=None, draft=draft(household(), title=f"问卷{n}"), by=StaffFactory(), at=AT)
    client.force_login(StaffFactory())

    with django_assert_num_queries(3):
        assert client.get("/questionnaires/").status_code == 200
