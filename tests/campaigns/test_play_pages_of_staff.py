"""Staff open a 拼团 or a 1元购 on the phone, from HQ's template or their own, and see what becomes of it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import Campaign, Referral
from campaigns.simulation.plays import sample_plays
from tests.campaigns.playing import AT, bought, group_buy, one_yuan, team_of
from tests.factories import (
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    StoreProductFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(AT, tick=False):
        yield


def logged_in(person):
    client = Client()
    client.force_login(person)
    return client


def when():
    ends, start, end = AT + timedelta(hours=10), AT + timedelta(days=1), AT + timedelta(days=1, hours=10)
    return {"ends_at": ends.isoformat(), "pickup": f"{start.isoformat()}/{end.isoformat()}"}


@pytest.fixture
def shop():
    store = StoreFactory()
    cherries = StoreProductFactory(store=store, product=ProductFactory(name="车厘子"), price_fen=4_990)
    tomato = StoreProductFactory(store=store, product=ProductFactory(name="小番茄"), price_fen=1_290)
    return store, ManagerFactory(store=store), cherries.product, tomato.product


def test_a_manager_opens_a_group_buy_on_the_phone(shop):
    store, manager, cherries, _ = shop
    data = {"product": cherries.pk, "price": "39.90", "quota": "30", "size": "3", "form_minutes": "1440",
            "leader_price": "35", "per_member": "1"}  # fmt: skip

    response = logged_in(manager).post("/campaigns/new/group_buy/", data | when())

    campaign = Campaign.objects.get()
    assert response["Location"] == f"/campaigns/{campaign.pk}/play/"
    assert (campaign.state, campaign.store, campaign.title) == ("live", store, "车厘子 3 人拼团")
    assert (campaign.group_buy.size, campaign.group_buy.leader_price_fen) == (3, 3_500)
    assert campaign.group_buy.completes_virtually_from is None


def test_a_manager_opens_a_one_yuan_with_the_shelfs_prices_and_a_budget(shop):
    _, manager, cherries, tomato = shop
    data = {"goods": [tomato.pk], "add_ons": [cherries.pk], "quota": "20", "budget": "300", "delivers": "on"}

    logged_in(manager).post("/campaigns/new/one_yuan/", data | when())

    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.audience, campaign.budget_fen) == ("live", "newcomers", 30_000)
    assert list(campaign.items.order_by("position").values_list("part", "price_fen", "list_price_fen")) == [
        ("offer", 100, 1_290), ("add_on", 4_990, None),
    ]  # fmt: skip


def test_what_does_not_comply_is_said_and_nothing_is_left_behind(shop):
    _, manager, cherries, _ = shop
    data = {"product": cherries.pk, "price": "39.90", "quota": "30", "size": "3", "form_minutes": "1440",
            "leader_price": "45", "title": "分享抽奖拼团"}  # fmt: skip

    response = logged_in(manager).post("/campaigns/new/group_buy/", data | when())

    page = response.content.decode()
    assert response.status_code == 422
    assert "团长价要大于 0，且不高于拼团价" in page
    assert "不能抽奖" in page
    assert not Campaign.objects.exists()


def test_a_store_opens_from_hqs_template_with_its_terms(shop):
    _, manager, _, tomato = shop
    hq = logged_in(StaffFactory())
    made = hq.post("/campaigns/new/one_yuan/", {"goods": [tomato.pk], "quota": "20", "budget": "500"} | when())
    assert made.status_code == 302, made.context["form"].errors
    template = Campaign.objects.get(is_template=True)
    template.one_yuan.settle_after_days = 10
    template.one_yuan.save()

    page = logged_in(manager).get(f"/campaigns/new/one_yuan/?template={template.pk}").content.decode()
    data = {"goods": [tomato.pk], "quota": "9", "budget": "500"} | when()
    logged_in(manager).post(f"/campaigns/new/one_yuan/?template={template.pk}", data)

    assert f'value="{tomato.pk}" id="id_goods_0" checked' in page
    assert Campaign.objects.get(is_template=False).one_yuan.settle_after_days == 10


def test_a_guide_another_stores_manager_and_a_play_of_no_kind_find_nothing(shop):
    campaign = group_buy()

    assert logged_in(ManagerFactory()).get(f"/campaigns/{campaign.pk}/play/").status_code == 404
    assert logged_in(ManagerFactory(role="guide")).get("/campaigns/new/group_buy/").status_code == 404
    assert logged_in(shop[1]).get("/campaigns/new/lottery/").status_code == 404


def test_the_teams_are_shown_with_masked_names_and_the_referrals_with_the_budget():
    campaign = group_buy(size=2)
    first = bought(campaign, MemberFactory(name="林小姐"))
    bought(campaign, team=team_of(first))
    page = logged_in(StaffFactory()).get(f"/campaigns/{campaign.pk}/play/").content.decode()
    assert "2/2 人" in page
    assert "林**" in page

    offer = one_yuan(budget_fen=100_000)
    giver = bought(offer, MemberFactory(name="许小姐"))
    bought(offer, MemberFactory(name="邱先生"), extra={"referral": Referral.objects.get(order=giver).token})
    page = logged_in(StaffFactory()).get(f"/campaigns/{offer.pk}/play/").content.decode()
    for words in ("许** → 邱**", "待返还 ¥1.00", "预算 ¥1,000.00", "等好友收货"):
        assert words in page


@pytest.mark.parametrize("teams", [1, 3])
def test_the_page_costs_the_same_whatever_the_number_of_teams(teams, django_assert_max_num_queries):
    campaign, client = group_buy(), logged_in(StaffFactory())
    for _ in range(teams):
        bought(campaign)

    with django_assert_max_num_queries(21):
        client.get(f"/campaigns/{campaign.pk}/play/")


def test_the_sample_has_a_team_of_each_kind_and_a_referral(shop):
    store = shop[0]
    MemberFactory.create_batch(7, home_store=store)

    buy, offer = sample_plays(store=store, at=AT)

    assert sorted(buy.items.get().stocks.get().teams.values_list("state", flat=True)) == [
        "expired",
        "open",
        "succeeded",
    ]
    assert Referral.objects.filter(order__campaign=offer).count() == 2
