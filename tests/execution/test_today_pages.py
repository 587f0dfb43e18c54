"""今日 and the page beside a chat: one's own store's posts, and nobody else's."""

import json

import pytest
import time_machine

from communities.models import PostTask
from tests.execution.posts import Channel, Evidence, S, moment, post
from tests.factories import (
    AssetFactory,
    CustomerGroupFactory,
    GuideFactory,
    ManagerFactory,
    MaterialFactory,
    PlanCellFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db
NOW = moment(10, 5)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def manager(client):
    person = ManagerFactory(store=StoreFactory(name="滨江店"))
    client.force_login(person)
    return person


def kept(task):
    return PostTask.objects.get(pk=task.pk)


def test_the_board_shows_what_this_store_sends(client, manager):
    post(store=manager.store, material=MaterialFactory(name="阳光玫瑰"), text="今天的阳光玫瑰")
    words = MaterialFactory(name="预告", version__text="{店名}晚八点见")
    post(store=manager.store, slot=4, state=S.PLANNED, material=words)

    text = client.get("/today/").content.decode()

    assert "今天的阳光玫瑰" in text
    assert "滨江店晚八点见" in text
    assert '今日节奏 <b class="num">0/2</b>' in text


def test_a_slot_done_by_all_its_groups_counts_in_the_rhythm(client, manager):
    material = MaterialFactory()
    for state in (S.SENT, S.SKIPPED):
        post(store=manager.store, state=state, material=material)
    post(store=manager.store, slot=2, state=S.PLANNED)

    assert '<b class="num">1/2</b>' in client.get("/today/").content.decode()


def test_kinds_of_proof_stand_apart(client, manager):
    material = MaterialFactory()
    for level in (Evidence.API_VERIFIED, Evidence.API_VERIFIED, Evidence.CLIENT_CALLBACK, Evidence.SELF_DECLARED):
        post(store=manager.store, state=S.SENT, material=material, evidence=level)

    text = client.get("/today/").content.decode()

    for words in ('企微核实 <b class="num">2</b>', '客户端回执 <b class="num">1</b>', '店长自报 <b class="num">1</b>'):
        assert words in text


def test_htmx_gets_the_slots_alone(client, manager):
    post(store=manager.store)

    text = client.get("/today/", headers={"HX-Request": "true"}).content.decode()

    assert text.strip().startswith("<section")
    assert "我的社群" not in text


@pytest.mark.parametrize(
    ("path", "data"),
    [("sent/", {}), ("confirm/", {"call": "openExistedChatWithMsg"}), ("undo/", {}), ("swap/", {"material": "1"})],
)
def test_another_stores_post_is_not_there(client, manager, path, data):
    other = post()

    assert client.post(f"/today/posts/{other.pk}/{path}", data).status_code == 404
    assert kept(other).state == S.RELEASED


def test_a_selection_with_another_stores_post_is_refused_whole(client, manager):
    mine, other = post(store=manager.store), post()

    answer = client.post("/today/skip/", {"task": [mine.pk, other.pk], "reason": "out_of_stock"})

    assert answer.status_code == 404
    assert kept(mine).state == S.RELEASED
    assert client.post("/today/tapped/", {"task": [other.pk]}).status_code == 404


@pytest.mark.parametrize("factory", [StaffFactory, RegionLeadFactory])
def test_people_without_a_store_act_for_none(client, factory):
    task = post()
    client.force_login(factory())

    assert client.post(f"/today/posts/{task.pk}/sent/").status_code == 404
    assert client.get("/sidebar/").status_code == 404
    assert client.get("/today/")["Location"] == "/execution/"


def test_hq_and_the_regions_lead_look_at_a_stores_day_and_touch_nothing(client, manager):
    post(store=manager.store)
    lead, stranger = RegionLeadFactory(region=manager.store.region), RegionLeadFactory()

    for person, status in ((StaffFactory(), 200), (lead, 200), (stranger, 404)):
        client.force_login(person)
        answer = client.get(f"/stores/{manager.store_id}/today/")
        assert answer.status_code == status
        assert "data-copy" not in answer.content.decode()


def test_a_guide_works_the_board_of_her_store(client):
    guide = GuideFactory()
    task = post(store=guide.store)
    client.force_login(guide)

    client.post(f"/today/posts/{task.pk}/sent/")

    assert kept(task).done_by == guide


def test_an_answer_to_a_tap_is_the_list_and_a_word(client, manager):
    task = post(store=manager.store)

    answer = client.post(f"/today/posts/{task.pk}/sent/", headers={"HX-Request": "true"})

    assert "店长自报 10:05" in answer.content.decode()
    assert json.loads(answer["HX-Trigger"])["toast"]["error"] is False


def test_a_tap_that_comes_too_late_is_told_so(client, manager):
    task = post(store=manager.store, state=S.SKIPPED)

    answer = client.post(f"/today/posts/{task.pk}/sent/", headers={"HX-Request": "true"})

    assert json.loads(answer["HX-Trigger"])["toast"] == {"text": "这条已经结束，不能再改了", "error": True}


def test_the_clients_word_must_name_a_call_of_the_client(client, manager):
    task = post(store=manager.store)

    assert client.post(f"/today/posts/{task.pk}/confirm/", {"call": "trustMe"}).status_code == 404
    client.post(f"/today/posts/{task.pk}/confirm/", {"call": "sendChatMessage"})

    assert kept(task).evidence == Evidence.CLIENT_CALLBACK


def test_skipping_writes_the_reason_down(client, manager):
    task = post(store=manager.store)

    client.post("/today/skip/", {"task": task.pk, "reason": "other", "note": ""})
    assert kept(task).state == S.RELEASED
    client.post("/today/skip/", {"task": task.pk, "reason": "other", "note": "停电了"})

    assert (kept(task).state, kept(task).skip_note) == (S.SKIPPED, "停电了")
    assert client.post("/today/skip/", {"task": task.pk, "reason": "lazy"}).status_code == 404


def test_a_blocked_post_says_why_and_offers_another_of_its_rotation(client, manager):
    sold_out, mango = MaterialFactory(name="榴莲"), MaterialFactory(name="芒果", version__text="芒果到店")
    cell = PlanCellFactory(materials=[sold_out, mango], weekday=NOW.weekday())
    group = CustomerGroupFactory(store=manager.store, owner_userid="wangfang")
    finding = {"check": "sold_out", "severity": "block", "message": "榴莲 已售罄，换一个素材"}
    task = post(group=group, state=S.BLOCKED, material=sold_out, cell=cell, findings=[finding])

    text = client.get("/today/").content.decode()
    assert "榴莲 已售罄，换一个素材" in text
    assert "换成“芒果”" in text
    client.post(f"/today/posts/{task.pk}/swap/", {"material": mango.pk})

    swapped = PostTask.objects.get(group=group)
    assert (swapped.state, swapped.version, swapped.must_do) == (S.PLANNED, mango.current, True)


def test_only_what_the_rotation_offers_can_be_swapped_in(client, manager):
    cell = PlanCellFactory(weekday=NOW.weekday())
    foreign = MaterialFactory()
    task = post(store=manager.store, state=S.BLOCKED, cell=cell)

    client.post(f"/today/posts/{task.pk}/swap/", {"material": foreign.pk})

    assert kept(task).version_id == task.version_id


@pytest.mark.parametrize("count", [1, 3])
def test_the_board_costs_the_same_whatever_the_store(client, manager, count, django_assert_num_queries):
    cell = PlanCellFactory(materials=[MaterialFactory(), MaterialFactory()])
    for _ in range(count):
        group = CustomerGroupFactory(store=manager.store)
        post(group=group, attachments=[{"asset": AssetFactory().pk}])
        post(group=group, slot=2, state=S.PLANNED)
        post(group=group, slot=3, state=S.BLOCKED, cell=cell)
        post(group=group, slot=4, state=S.SENT)

    # session, user, store; posts, slots; what the unreleased say (7), pictures; what could go out instead (7);
    # sales, joined, left, groups
    with django_assert_num_queries(24):
        client.get("/today/")


# ---- beside a chat ------------------------------------------------------------------------------------------------
def test_beside_a_chat_stand_that_groups_posts_and_no_others(client, manager):
    mine, neighbour = CustomerGroupFactory(store=manager.store), CustomerGroupFactory(store=manager.store)
    post(group=mine, text="给这个群")
    post(group=neighbour, text="给别的群")

    text = client.get("/sidebar/posts/", {"chat": mine.chat_id}).content.decode()

    assert "给这个群" in text
    assert "给别的群" not in text


def test_another_stores_group_is_not_there_whatever_the_address_says(client, manager):
    foreign = CustomerGroupFactory()
    task = post(group=foreign)

    assert client.get("/sidebar/posts/", {"chat": foreign.chat_id}).status_code == 404
    assert client.post(f"/sidebar/posts/{task.pk}/part/0/").status_code == 404


def test_a_part_is_what_the_client_puts_into_the_chat(client, manager, settings):
    settings.WECOM_CORP_ID, settings.WECOM_SECRET = "ww1", "a-secret"  # the gateway is made; a card needs no call
    card = {"url": "https://shop.example/g/1", "title": "三人团", "description": "今晚自提"}
    task = post(store=manager.store, text="三人成团", attachments=[card])

    assert client.post(f"/sidebar/posts/{task.pk}/part/0/").json() == {
        "msgtype": "text", "text": {"content": "三人成团"},
    }  # fmt: skip
    assert client.post(f"/sidebar/posts/{task.pk}/part/1/").json() == {
        "msgtype": "news",
        "news": {"link": "https://shop.example/g/1", "title": "三人团", "desc": "今晚自提", "imgUrl": ""},
    }
    assert client.post(f"/sidebar/posts/{task.pk}/part/2/").status_code == 404


def test_what_is_not_out_has_no_parts(client, manager):
    task = post(store=manager.store, state=S.PLANNED)

    assert client.post(f"/sidebar/posts/{task.pk}/part/0/").status_code == 404


def test_a_group_send_is_not_sent_twice_from_the_chat(client, manager):
    task = post(store=manager.store, channel=Channel.GROUP_SEND)

    text = client.get("/sidebar/posts/", {"chat": task.group.chat_id}).content.decode()

    assert "群发助手" in text
    assert "data-part" not in text
