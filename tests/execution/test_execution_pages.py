"""执行: one's own stores, exactly what is shown in what is downloaded, and a fixed cost."""

from datetime import timedelta

import pytest
import time_machine

from communities.models import PostUrge
from stores.models import AuditEntry
from tests.execution.posts import DAY, S, moment, post
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db
NOW = moment(10, 30)
PAGES = [
    "/execution/",
    "/execution/export.csv",
    "/execution/export.xlsx",
    "/execution/stores/{store}/",
    "/execution/posts/{post}/",
]


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hq(client):
    person = StaffFactory()
    client.force_login(person)
    return person


def page(client, path="/execution/", **query):
    return client.get(path, query).content.decode()


def downloaded(client, **query):
    answer = client.get("/execution/export.csv", query)
    return [line.split(",") for line in answer.getvalue().decode("utf-8-sig").splitlines()]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("factory", [ManagerFactory, GuideFactory])
def test_store_staff_have_no_such_page(client, factory, path):
    person = factory()
    task = post(store=person.store)
    client.force_login(person)

    assert client.get(path.format(store=person.store_id, post=task.pk)).status_code == 404
    assert client.post("/execution/urge/", {"store": person.store_id}).status_code == 404


def test_a_region_lead_sees_urges_and_downloads_the_region_alone(client):
    region = RegionFactory()
    mine, other = StoreFactory(region=region, name="里面店"), StoreFactory(name="外面店")
    inside, outside = post(store=mine), post(store=other)
    client.force_login(RegionLeadFactory(region=region))

    text = page(client)
    assert "里面店" in text
    assert "外面店" not in text
    assert [row[1] for row in downloaded(client)] == ["门店", "里面店"]
    assert client.get(f"/execution/stores/{other.pk}/").status_code == 404
    assert client.get(f"/execution/posts/{outside.pk}/").status_code == 404
    client.post("/execution/urge/", {"store": [mine.pk, other.pk]})
    client.post("/execution/urge/", {"post": [outside.pk]})
    assert list(PostUrge.objects.values_list("task", flat=True)) == [inside.pk]


def test_the_day_is_a_heat_map_of_slots_with_the_worst_store_first(client, hq):
    good, bad = StoreFactory(name="好店"), StoreFactory(name="差店")
    post(store=good, state=S.SENT)
    post(store=bad, state=S.MISSED)

    text = page(client)

    assert text.index("差店") < text.index("好店")
    assert '错过：到点未发 <b class="num">1</b>' in text


def test_filters_narrow_the_list_the_sums_and_the_download_alike(client, hq):
    hangzhou, ningbo = StoreFactory(name="杭州店", city="杭州"), StoreFactory(name="宁波店", city="宁波")
    post(store=hangzhou, state=S.MISSED)
    post(store=ningbo, state=S.SENT)

    for query in ({"city": "宁波"}, {"q": "宁波"}, {"region": ningbo.region_id}):
        text = page(client, **query)
        assert "杭州店" not in text
        assert '<b class="stat-value num">100%</b>' in text
        assert [row[1] for row in downloaded(client, **query)] == ["门店", "宁波店"]
    assert [row[1] for row in downloaded(client, state="missed")] == ["门店", "杭州店"]


def test_the_link_of_a_lead_s_card_opens_its_slot_alone(client, hq):
    noon, morning = StoreFactory(name="午间店"), StoreFactory(name="早市店")
    post(store=noon, slot=2, state=S.SENT)
    post(store=noon, slot=1, state=S.MISSED)
    post(store=morning, slot=1, state=S.SENT)

    text = page(client, slot="2")
    head, row = downloaded(client, slot="2")

    assert "早市店" not in text
    assert '<b class="stat-value num">100%</b>' in text
    assert row[1] == "午间店"
    assert head[-2:] == ["12:00 已发", "12:00 应发"]
    assert "10:00 已发" not in head
    assert [row[1] for row in downloaded(client, slot="nonsense")[1:]] == ["午间店", "早市店"]


def test_what_is_downloaded_says_what_the_board_says_and_leaves_a_trace(client, hq):
    store = StoreFactory(code="S1", name="滨江店", city="杭州")
    post(store=store, state=S.SENT)
    post(store=store, state=S.SKIPPED)

    head, row = downloaded(client)

    said = dict(zip(head, row, strict=True))
    assert (said["准时率"], said["应发"], said["准时"], said["店长自报"], said["跳过：缺货"]) == (
        "100%",
        "2",
        "1",
        "1",
        "1",
    )
    assert (said["10:00 已发"], said["10:00 应发"], said["12:00 应发"]) == ("1", "2", "")
    entry = AuditEntry.objects.get(action="execution.exported")
    assert entry.detail == {"form": "csv", "rows": 1, "filter": ""}
    assert client.get("/execution/export.pdf").status_code == 404


def test_a_month_shows_each_day_with_its_share(client, hq):
    store = StoreFactory(name="滨江店")
    post(store=store, state=S.SENT, day=DAY - timedelta(days=2))
    post(store=store, state=S.MISSED, day=DAY - timedelta(days=1))

    head, row = downloaded(client, view="month")

    said = dict(zip(head, row, strict=True))
    assert (said["03-08 准时率"], said["03-09 准时率"], said["03-10 准时率"]) == ("100%", "0%", "")
    assert "heat-5" in page(client, view="month")


@pytest.mark.parametrize("day", ["2026-02-31", "nonsense", "9999-01-01", "2026", "", "2026-13"])
def test_a_day_that_is_none_is_today(client, hq, day):
    assert "2026-03-10" in page(client, day=day)


def test_urging_a_store_twice_says_so(client, hq):
    task = post()

    first = client.post("/execution/urge/", {"store": task.store_id}, follow=True).content.decode()
    second = client.post("/execution/urge/", {"store": task.store_id}, follow=True).content.decode()

    assert "已催办 1 位群主、1 条" in first
    assert "15 分钟内刚催过" in second


def test_urging_goes_back_to_a_page_of_the_board_and_nowhere_else(client, hq):
    for back, to in (("/execution/?q=x", "/execution/?q=x"), ("https://evil.example/execution/", "/execution/")):
        assert client.post("/execution/urge/", {"back": back})["Location"] == to


def test_the_life_of_a_post_is_told_in_order(client, hq):
    task = post(state=S.RELEASED)
    client.post("/execution/urge/", {"post": task.pk})
    manager = ManagerFactory(store=task.store, name="王芳")
    client.force_login(manager)
    client.post(f"/today/posts/{task.pk}/sent/")
    client.force_login(hq)

    text = page(client, f"/execution/posts/{task.pk}/")

    places = [text.index(word) for word in ("计划发布", "已发布", "催办</b>", "店长自报</b>")]
    assert places == sorted(places)
    assert "王芳" in text


def test_a_store_shows_its_groups_by_slot(client, hq):
    task = post(state=S.SKIPPED)

    text = page(client, f"/execution/stores/{task.store_id}/")

    assert "跳过：缺货" in text
    assert f"/execution/posts/{task.pk}/" in text


def test_a_store_says_why_a_post_is_blocked(client, hq):
    findings = [
        {"check": "reused_image", "severity": "warn", "message": "图片三天前用过"},
        {"check": "sold_out", "severity": "block", "message": "本店的榴莲已售罄"},
    ]
    task = post(state=S.BLOCKED, findings=findings)

    text = page(client, f"/execution/stores/{task.store_id}/")

    assert "本店的榴莲已售罄" in text
    assert "图片三天前用过" not in text


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "asked",
    [
        ("/execution/", 8),  # session, user, regions, cities, the day, slots, stores, cells
        ("/execution/?view=month", 10),  # the same without slots; how far the roll-up reaches, twice, and its cells
    ],
    ids=["day", "month"],
)
def test_the_board_costs_the_same_whatever_the_chain(client, hq, asked, count, django_assert_num_queries):
    path, queries = asked
    for _ in range(count):
        for slot in (1, 2):
            post(slot=slot)

    with django_assert_num_queries(queries):
        client.get(path)


@pytest.mark.parametrize("count", [1, 3])
def test_a_store_costs_the_same_however_many_groups(client, hq, count, django_assert_num_queries):
    store = StoreFactory()
    for _ in range(count):
        post(store=store)

    with django_assert_num_queries(6):  # session, user, store, cities, posts, slots
        client.get(f"/execution/stores/{store.pk}/")
