"""The pages of questionnaires: a member's phone, headquarters' desk, and what a store sees."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from stores.models import AuditEntry
from tagging.models import Questionnaire, Response
from tagging.places import place_of, read_place
from tagging.services.questionnaires.answering import answer
from tagging.services.questionnaires.drafting import save_draft
from tests.campaigns.asking import draft, household, picked, published
from tests.campaigns.selling import AT, phone
from tests.factories import CustomerGroupFactory, ManagerFactory, MemberFactory, StaffFactory, StoreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(AT, tick=False):
        yield


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
    listed = client.get("/questionnaires/").content.decode()
    assert (listed.count("row-title"), "2 题 · 1 人已答" in listed) == (1, True)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_whatever_its_length(client, count, django_assert_num_queries):
    for n in range(count):
        save_draft(questionnaire=None, draft=draft(household(), title=f"问卷{n}"), by=StaffFactory(), at=AT)
    client.force_login(StaffFactory())

    with django_assert_num_queries(3):
        assert client.get("/questionnaires/").status_code == 200
