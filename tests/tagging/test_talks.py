"""今日可聊: whom each colleague is sent to, what a tap does, and who sees it."""

from datetime import timedelta

import pytest
import time_machine

from members.services.consents import record_consent
from tagging.models import Talk, Touch
from tagging.services.talks import PER_COLLEAGUE, TalkClosed, answer_talk, plan_talks
from tests.factories import ContactFactory, GuideFactory, ManagerFactory, StaffFactory
from tests.racing import race
from tests.tagging.talking import FRIDAY, guide_with_durian, regular

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    guide, product = guide_with_durian()
    return guide, product, regular(guide, product)


def planned(guide, at=FRIDAY):
    plan_talks(store=guide.store, at=at)
    return list(Talk.objects.filter(day=at.date()).order_by("position"))


def test_a_colleague_gets_ten_at_most_the_best_first():
    guide, product = guide_with_durian()
    for n in range(12):
        regular(guide, product, weeks=5 + n % 4, name=f"会员{n}")

    talks = planned(guide)

    assert len(talks) == PER_COLLEAGUE
    assert [talk.score for talk in talks] == sorted([talk.score for talk in talks], reverse=True)


def test_planning_again_changes_nothing_and_leaves_answered_talks_alone(world):
    guide, _, _ = world
    first = planned(guide)[0]
    answer_talk(talk=first, state="talked", by=guide, at=FRIDAY)

    again = planned(guide)

    assert [(talk.pk, talk.state) for talk in again] == [(first.pk, "talked")]


def test_only_one_colleague_is_sent_to_a_member(world):
    guide, _, member = world
    ContactFactory(member=member, staff=GuideFactory(store=guide.store), added_at=FRIDAY - timedelta(days=1))

    assert [talk.staff for talk in planned(guide)] == [guide]


@pytest.mark.django_db(transaction=True)
def test_two_planners_at_once_leave_one_talk_per_member():
    guide, product = guide_with_durian()
    regular(guide, product)

    race(*[lambda: plan_talks(store=guide.store, at=FRIDAY)] * 4)

    assert Talk.objects.count() == 1


def test_an_outcome_is_a_touch_and_rests_her(world):
    guide, _, member = world
    talk = planned(guide)[0]

    answer_talk(talk=talk, state="sold", by=guide, at=FRIDAY)

    assert list(Touch.objects.values_list("member", "channel", "key")) == [(member.pk, "chat", f"talk:{talk.pk}")]
    assert planned(guide, at=FRIDAY + timedelta(days=1)) == []


def test_a_mistaken_tap_is_taken_back(world):
    guide, _, _ = world
    talk = planned(guide)[0]
    answer_talk(talk=talk, state="talked", by=guide, at=FRIDAY)

    answer_talk(talk=talk, state="later", by=guide, at=FRIDAY)

    assert (Talk.objects.get().state, Touch.objects.count()) == ("later", 0)


def test_who_bought_after_a_talk_comes_before_who_did_not(world):
    guide, product, sold = world
    same = regular(guide, product, name="李娜")
    earlier = FRIDAY - timedelta(days=28)
    for talk in planned(guide, at=earlier):
        state = "sold" if talk.member == sold else "talked"
        answer_talk(talk=talk, state=state, by=guide, at=earlier)

    assert [talk.member for talk in planned(guide)] == [sold, same]


def test_yesterdays_talk_cannot_be_answered(world):
    guide, _, _ = world
    talk = planned(guide)[0]
    with pytest.raises(TalkClosed):
        answer_talk(talk=talk, state="talked", by=guide, at=FRIDAY + timedelta(days=1))


def post(client, talk, state):
    with time_machine.travel(FRIDAY, tick=False):
        return client.post(f"/talks/{talk.pk}/outcome/", {"state": state}, headers={"HX-Request": "true"})


def test_one_tap_on_the_board_writes_the_outcome(client, world):
    guide, _, _ = world
    talk = planned(guide)[0]
    client.force_login(guide)

    answer = post(client, talk, "sold")

    assert (answer.status_code, Talk.objects.get().state) == (200, "sold")
    assert '<span class="num">1/1</span>' in answer.content.decode()
    assert post(client, talk, "married").status_code == 400


def test_another_colleagues_talk_is_not_there(client, world):
    guide, _, member = world
    talk = planned(guide)[0]
    for other in (GuideFactory(store=guide.store), ManagerFactory()):
        client.force_login(other)
        assert post(client, talk, "sold").status_code == 404
    client.force_login(ManagerFactory())
    assert client.get(f"/talks/members/{member.pk}/").status_code == 404
    assert client.post(f"/talks/members/{member.pk}/facts/", {"key": "likes", "value": "瓜"}).status_code == 404
    assert client.get(f"/talks/?store={guide.store_id}").status_code == 404


def test_hq_looks_on_how_a_stores_people_stand(client, world):
    guide, _, _ = world
    planned(guide)
    client.force_login(StaffFactory())
    with time_machine.travel(FRIDAY, tick=False):
        text = client.get(f"/talks/?store={guide.store_id}").content.decode()
    assert '小李</span><span class="num">0/1</span>' in text


def test_who_says_no_after_the_night_is_off_the_board(client, world):
    guide, _, member = world
    planned(guide)
    record_consent(member=member, purpose="marketing", decision="withdrawn", source="h5", at=FRIDAY)
    client.force_login(guide)
    with time_machine.travel(FRIDAY, tick=False):
        assert "王芳" not in client.get("/talks/").content.decode()


@pytest.mark.parametrize("members", [1, 3])
def test_the_board_asks_the_same_whatever_its_length(client, members, django_assert_num_queries):
    guide, product = guide_with_durian()
    for n in range(members):
        regular(guide, product, name=f"会员{n}")
    planned(guide)
    client.force_login(guide)
    with time_machine.travel(FRIDAY, tick=False), django_assert_num_queries(5):
        text = client.get("/talks/").content.decode()
    assert text.count("复制这句") == members


def test_a_members_page_says_what_to_say_and_takes_what_she_says(client, world):
    guide, _, member = world
    client.force_login(guide)
    with time_machine.travel(FRIDAY, tick=False):
        assert "留了一个给您" in client.get(f"/talks/members/{member.pk}/").content.decode()
        said = {"key": "reason", "value": "香甜"}
        answer = client.post(f"/talks/members/{member.pk}/facts/", said, headers={"HX-Request": "true"})
        assert "还是您喜欢的香甜" in answer.content.decode()
        told = client.post(f"/talks/members/{member.pk}/complaints/", {"note": "坏果"}, headers={"HX-Request": "true"})
        assert "今天别打扰" in told.content.decode()


def test_only_hq_changes_the_wording(client):
    changed = {"rung": "1", "text": "{称呼}，来看看{品类}"}
    client.force_login(GuideFactory())
    assert client.post("/talks/wording/", changed).status_code == 404
    client.force_login(StaffFactory())
    assert client.post("/talks/wording/", {"rung": "1", "text": "{理由}"}).status_code == 422
    assert client.post("/talks/wording/", changed).status_code == 302
    assert "王女士，来看看榴莲" in client.get("/talks/wording/").content.decode()
