"""Short links: made with the words, of one group or one group-send; safe to open, and counted once a person."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from communities import order_links, visitors
from communities.models import LinkClick, PostTask, ShortLink
from communities.selectors.links import own_words
from communities.services.cadence.proving import declare_sent, frozen_content
from communities.services.content.rendering import wordings
from communities.services.feedback.clicking import is_machine
from communities.services.feedback.shortening import Frozen, freeze, give_own_links
from communities.short_links import address_of
from dashboard.chat_messages import chat_message
from tests.execution.posts import DAY, S, moment, post
from tests.factories import CustomerGroupFactory, ManagerFactory, MaterialFactory, MemberFactory, StoreFactory

pytestmark = pytest.mark.django_db
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; V2318A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 "
    "Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240301 MicroMessenger/8.0.48.2580 WeChat/arm64 NetType/5G"
)
ABROAD = "https://fruit.example/durian?a=1"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = "https://shop.example"


@pytest.fixture
def linked():
    """Two groups of one store, one post with a link in its words and the same on its card."""
    store = StoreFactory()
    material = MaterialFactory(
        version__text=f"榴莲到了，看这里 {ABROAD}。", version__link_url=ABROAD, version__link_title="榴莲"
    )
    tasks = [post(group=CustomerGroupFactory(store=store), material=material, state=S.MISSED) for _ in range(2)]
    content = frozen_content(tasks[0])
    give_own_links([Frozen(task.pk, content.pk) for task in tasks])
    PostTask.objects.update(content=content, channel="assisted", released_at=moment(9, 50), state=S.RELEASED)
    return list(PostTask.objects.select_related("content").order_by("pk"))


def opened(client, token, *, agent=PHONE, **headers):
    return client.get(f"/s/{token}/", headers={"User-Agent": agent, **headers})


def test_a_post_carries_our_link_in_words_and_card_and_nothing_of_the_target(linked):
    (shared,) = ShortLink.objects.filter(task=None)
    content = linked[0].content

    assert content.text == f"榴莲到了，看这里 https://shop.example/s/{shared.token}/。"
    assert content.attachments == [
        {"url": f"https://shop.example/s/{shared.token}/", "title": "榴莲", "description": ""}
    ]
    assert shared.target == ABROAD


def test_each_group_is_told_its_own_link(linked):
    words = own_words(linked)
    own = {link.task_id: link for link in ShortLink.objects.exclude(task=None)}

    assert len({link.token for link in ShortLink.objects.all()}) == 3
    for task in linked:
        address = address_of(own[task.pk].token)
        assert words[task.pk].text == f"榴莲到了，看这里 {address}。"
        assert words[task.pk].attachments[0]["url"] == address
        assert own[task.pk].target == ABROAD


def test_the_words_of_any_number_of_posts_cost_one_query(linked, django_assert_num_queries):
    with django_assert_num_queries(1):
        own_words(linked[:1])
    with django_assert_num_queries(1):
        own_words(linked)


def test_the_side_bar_sends_the_groups_own_link(linked):
    own = ShortLink.objects.get(task=linked[1])

    assert own.token in chat_message(linked[1], number=0, at=moment(10))["text"]["content"]


def test_freezing_again_changes_nothing(linked):
    before = set(ShortLink.objects.values_list("token", "target", "content", "task"))
    task = linked[0]
    key = (task.store_id, task.version_id)

    freeze(wordings([key], day=DAY, slot=task.slot), day=DAY, slot_number=task.slot_id)
    give_own_links([Frozen(one.pk, one.content_id) for one in linked])

    assert set(ShortLink.objects.values_list("token", "target", "content", "task")) == before


def test_a_page_of_ours_is_told_by_which_link_and_others_are_left_as_they_are(client):
    store = StoreFactory()
    material = MaterialFactory(version__text="接龙 {接龙链接} 攻略 https://fruit.example/x")
    order_links.register("t", lambda wanted: dict.fromkeys(wanted, "https://shop.example/h/abc/?from=card"))
    try:
        content = frozen_content(post(store=store, material=material, state=S.MISSED))
    finally:
        order_links.unregister("t")
    ours, theirs = (
        ShortLink.objects.get(task=None, target__contains=part) for part in ("shop.example", "fruit.example")
    )

    assert content.text == f"接龙 {address_of(ours.token)} 攻略 {address_of(theirs.token)}"
    assert opened(client, ours.token)["Location"] == f"https://shop.example/h/abc/?from=card&l={ours.token}"
    assert opened(client, theirs.token)["Location"] == "https://fruit.example/x"


def test_the_redirect_leads_to_what_was_stored_whatever_the_address_asks(client, linked):
    (shared,) = ShortLink.objects.filter(task=None)
    path = reverse("links:follow", args=[shared.token])

    answer = client.get(
        path, {"next": "https://evil.example", "target": "//evil.example"}, headers={"User-Agent": PHONE}
    )

    assert answer.status_code == 302
    assert answer["Location"] == ABROAD
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["nothing", "x" * 16, "0"])
def test_an_unknown_link_is_not_found(client, token):
    assert opened(client, token).status_code == 404


@pytest.mark.parametrize(
    "path", ["/s//", "/s/" + "x" * 17 + "/", "/s/a%0d%0aLocation:x/", "/s/榴莲/", "/s/..%2f..%2f/"]
)
def test_an_address_that_is_no_token_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_a_click_is_one_look_up_and_one_insert(client, linked, django_assert_num_queries):
    token = ShortLink.objects.get(task=linked[0]).token

    with django_assert_num_queries(4):  # of which two are the savepoint of the test's own transaction
        opened(client, token)


def test_a_person_counts_once_a_link_however_often_she_opens_it(client, linked):
    first, second = ShortLink.objects.exclude(task=None).order_by("pk")

    with time_machine.travel(moment(10, 5), tick=False):
        opened(client, first.token)
    for link in (first, second, first):
        opened(client, link.token)
    client.cookies.clear()
    opened(client, first.token)

    clicks = LinkClick.objects.order_by("pk")
    assert [click.link for click in clicks] == [first, second, first]
    assert clicks[0].at == moment(10, 5)
    assert [click.task_id for click in clicks] == [first.task_id, second.task_id, first.task_id]


def test_a_click_of_a_known_phone_learns_whose_it_is(client, linked):
    member = MemberFactory()
    token = ShortLink.objects.get(task=linked[0]).token
    opened(client, token)

    visitors.register("t", lambda request: member.pk if "dq_member" in request.COOKIES else None)
    try:
        client.cookies["dq_member"] = "signed"
        opened(client, token)
        opened(client, token)
    finally:
        visitors.unregister("t")

    assert list(LinkClick.objects.values_list("member", flat=True)) == [member.pk]


@pytest.mark.parametrize(
    "agent",
    [
        "", " ", "Mozilla/5.0", "Mozilla/4.0", "curl/8.5.0", "Go-http-client/1.1", "python-requests/2.31",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0)", "WeCom-LinkPreview/1.0", "facebookexternalhit/1.1",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120 Safari/537.36", "mpcrawler",
    ],
)  # fmt: skip
def test_machines_are_let_pass_and_not_counted(client, linked, agent):
    answer = opened(client, ShortLink.objects.get(task=linked[0]).token, agent=agent)

    assert answer.status_code == 302
    assert not answer.cookies
    assert not LinkClick.objects.exists()


@pytest.mark.parametrize("agent", [PHONE, PHONE.replace("V2318A", "CUBOT X30"), "Mozilla/5.0 (iPhone) wxwork/4.1.10"])
def test_phones_are_people(agent):
    assert not is_machine(agent)


def test_a_look_ahead_is_no_click(client, linked):
    token = ShortLink.objects.get(task=linked[0]).token

    assert client.head(f"/s/{token}/", headers={"User-Agent": PHONE}).status_code == 302
    assert opened(client, token, **{"Sec-Purpose": "prefetch;prerender"}).status_code == 302
    assert not LinkClick.objects.exists()
    assert client.post(f"/s/{token}/").status_code == 405


def test_she_gets_there_although_her_click_cannot_be_counted(client, linked):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE communities_linkclick RENAME TO away")
    answer = opened(client, ShortLink.objects.get(task=linked[0]).token)

    assert answer.status_code == 302


def test_she_is_asked_to_come_again_while_links_cannot_be_read(client, linked):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE communities_shortlink RENAME COLUMN target TO gone")
    answer = opened(client, "abc")

    assert answer.status_code == 503
    assert "稍后再试" in answer.content.decode()


def test_the_board_copies_the_link_of_the_group_that_is_next(client, linked):
    manager = ManagerFactory(store=linked[0].store)
    client.force_login(manager)
    own = {link.task_id: link.token for link in ShortLink.objects.exclude(task=None)}
    with time_machine.travel(moment(10, 30) + timedelta(hours=1), tick=False):
        before = client.get("/today/").content.decode()
        first = next(task for task in linked if own[task.pk] in before)
        declare_sent(task=first, staff=manager, at=moment(11, 31))
        after = client.get("/today/").content.decode()

    second = next(task for task in linked if task != first)
    assert f"https://shop.example/s/{own[first.pk]}/" in before
    assert own[second.pk] not in before
    assert f'data-url="https://shop.example/s/{own[second.pk]}/"' in after
    assert own[first.pk] not in after
