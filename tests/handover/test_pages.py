"""The pages of hand-overs: whose they are, what they show, and that a phone can order one."""

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import HandoverItem, HandoverJob
from stores.models import AuditEntry
from tests.factories import (
    ContactFactory,
    CustomerGroupFactory,
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db
LIST, NEW = reverse("handovers:list"), reverse("handovers:new")


@pytest.fixture
def store():
    return StoreFactory(name="翠竹店")


def leaver(store, userid="zhang", *, customers=2, groups=1):
    person = ManagerFactory(store=store, wecom_userid=userid, is_active=False, name="张敏")
    for _ in range(customers):
        ContactFactory(staff=person)
    for _ in range(groups):
        CustomerGroupFactory(store=store, owner=person, owner_userid=userid)
    return person


def job(store, *, giver=None, states=(), **fields):
    giver = giver or GuideFactory(store=store, wecom_userid=f"from{HandoverJob.objects.count()}")
    at = timezone.now()
    made = HandoverJob.objects.create(
        giver=giver, giver_userid=giver.wecom_userid, taker=GuideFactory(store=store), store=store, started_at=at,
        started_by=StaffFactory(), planned_at=at, next_at=at, **{"resigned": False} | fields,
    )  # fmt: skip
    for number, (state, errcode) in enumerate(states):
        HandoverItem.objects.create(
            job=made, giver_userid=made.giver_userid, kind="customer", who=bytes([number]), value_encrypted=b"x",
            member=MemberFactory(), state=state, errcode=errcode,
            decided_at=at if state in HandoverItem.OUTCOMES else None,
        )  # fmt: skip
    return made


def test_shop_staff_have_no_hand_overs_and_a_region_lead_only_the_own_stores(client, store):
    foreign = job(StoreFactory())
    leaver(store)
    for person in (ManagerFactory(), GuideFactory()):
        client.force_login(person)
        assert {client.get(url).status_code for url in (LIST, NEW)} == {404}
    lead = RegionLeadFactory(region=store.region)
    client.force_login(lead)

    page = client.get(LIST).content.decode()

    assert "张敏" in page
    assert client.get(reverse("handovers:detail", args=[foreign.pk])).status_code == 404
    assert client.post(reverse("handovers:drop", args=[foreign.pk])).status_code == 404
    client.force_login(RegionLeadFactory(region=RegionFactory()))
    assert "张敏" not in client.get(LIST).content.decode()
    assert client.get(f"{NEW}?giver=zhang").status_code == 404


def test_who_left_with_customers_is_listed_and_who_left_with_none_is_not(client, store):
    leaver(store)
    leaver(store, "nobody", customers=0, groups=0)
    client.force_login(StaffFactory())

    page = client.get(LIST).content.decode()

    assert '<span class="num">2</span> 位客户 · <span class="num">1</span> 个群' in page
    assert page.count(f"{NEW}?giver=") == 1


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_queries_for_one_of_everything_and_three(client, store, django_assert_num_queries, count):
    for number in range(count):
        leaver(store, f"left{number}")
        job(store, states=[("done", None), ("refused", None)])
    client.force_login(StaffFactory())

    # session, user · last reading · unassigned, groups, moving, leavers, strangers · count, jobs, progress
    with django_assert_num_queries(11):
        client.get(LIST)


@pytest.mark.parametrize("count", [1, 3])
def test_detail_costs_the_same_queries_for_one_item_and_three(client, store, django_assert_num_queries, count):
    made = job(store, states=[("failed", 40128)] * count)
    client.force_login(StaffFactory())

    with django_assert_num_queries(6):  # session, user, job, count, progress, items
        client.get(reverse("handovers:detail", args=[made.pk]))


def test_detail_says_of_each_item_what_happened_and_what_helps(client, store):
    made = job(store, states=[("failed", 40128), ("refused", None), ("full", 40099), ("accepted", None), ("failed", 7)])
    client.force_login(StaffFactory())
    url = reverse("handovers:detail", args=[made.pk])

    page = client.get(url).content.decode()

    for text in (
        "90 天内已经转接过 2 次",
        "客户点了拒绝",
        "换一位接手人",
        "24 小时内客户可以拒绝",
        "企业微信不接受（7）",
    ):
        assert text in page
    refused = client.get(f"{url}?state=refused").content.decode()
    assert "客户点了拒绝" in refused
    assert "90 天内已经转接过 2 次" not in refused


def test_a_hand_over_is_ordered_with_taker_and_message(client, store):
    giver = ManagerFactory(store=store, wecom_userid="zhang")
    taker = GuideFactory(store=store, wecom_userid="li", name="李强")
    client.force_login(StaffFactory())

    assert "李强" in client.get(f"{NEW}?giver=zhang").content.decode()
    answer = client.post(
        f"{NEW}?giver=zhang", {"taker": taker.pk, "customers": "on", "groups": "on", "message": "以后由李强为您服务"}
    )

    made = HandoverJob.objects.get()
    assert answer.url == reverse("handovers:detail", args=[made.pk])
    assert (made.giver, made.taker, made.resigned, made.with_codes) == (giver, taker, False, False)
    assert made.message == "以后由李强为您服务"
    assert AuditEntry.objects.get(action="handover.start").detail["to"] == "li"


@pytest.mark.parametrize(
    ("typed", "said"), [({"customers": "on"}, "请选一位接手人"), ({"taker": "own"}, "客户和客户群至少选一样")]
)
def test_what_is_missing_is_said_beside_it(client, store, typed, said):
    ManagerFactory(store=store, wecom_userid="zhang")
    taker = GuideFactory(store=store, wecom_userid="li")
    client.force_login(StaffFactory())

    answer = client.post(f"{NEW}?giver=zhang", {k: taker.pk if v == "own" else v for k, v in typed.items()})

    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_nobody_takes_over_who_is_out_of_sight_gone_or_the_giver_himself(client, store):
    giver = ManagerFactory(store=store, wecom_userid="zhang")
    gone = GuideFactory(store=store, wecom_userid="gone", is_active=False)
    elsewhere = GuideFactory(wecom_userid="far")
    client.force_login(RegionLeadFactory(region=store.region))

    codes = [
        client.post(f"{NEW}?giver=zhang", {"taker": person.pk, "customers": "on"}).status_code
        for person in (giver, gone, elsewhere)
    ]

    assert codes == [422, 422, 422]
    assert not HandoverJob.objects.exists()


def test_colleagues_of_other_stores_are_found_by_name_and_store(client, store):
    ManagerFactory(store=store, wecom_userid="zhang")
    GuideFactory(store=StoreFactory(name="城西店"), wecom_userid="wu", name="吴磊")
    client.force_login(StaffFactory())
    htmx = {"HTTP_HX_REQUEST": "true"}

    found = client.get(f"{NEW}?giver=zhang&q=城西", **htmx).content.decode()

    assert "吴磊" in found
    assert "<html" not in found
    assert "吴磊" in client.get(f"{NEW}?q=吴", **htmx).content.decode()


def test_a_stranger_who_left_is_hqs_to_hand_over(client, store):
    CustomerGroupFactory(store=store, owner_userid="ghost", handover=1)
    client.force_login(StaffFactory())

    assert "ghost" in client.get(LIST).content.decode()
    assert client.get(f"{NEW}?giver=ghost").status_code == 200
    client.force_login(RegionLeadFactory(region=store.region))
    assert client.get(f"{NEW}?giver=ghost").status_code == 404


def test_what_is_not_asked_for_yet_is_stopped(client, store):
    made = job(store, states=[("waiting", None), ("accepted", None)])
    client.force_login(StaffFactory())

    page = client.post(reverse("handovers:drop", args=[made.pk]), follow=True).content.decode()

    assert "已停止 1 项" in page
    assert sorted(made.items.values_list("state", flat=True)) == ["accepted", "dropped"]
