"""Brought to the door: what the form asks, what is kept encrypted, and who reads it; HQ's caps for 1元购."""

import pytest

from campaigns.models import Campaign, OneYuanTerms, Order
from stores.models import AuditEntry
from tests.campaigns.selling import AT, chain, goods, page_of, phone
from tests.factories import ManagerFactory, MemberFactory, ProductFactory, StaffFactory, StoreProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = AT
PARCEL = {"fulfilment": "delivery", "name": "林小姐", "phone": "13800138000", "address": "科苑路 8 号 2 栋"}


@pytest.fixture
def manager():
    return ManagerFactory()


@pytest.fixture
def campaign(manager):
    made = chain(store=manager.store, delivers=True)
    made.stock = goods(made)
    return made


def join(campaign, member=None, **form):
    body = {"request_key": "k", f"q-{campaign.stock.item_id}": "1"} | form
    return phone(member or MemberFactory()).post(f"/h/{campaign.token}/join/", body, follow=True).content.decode()


def test_the_page_asks_for_the_address_only_where_the_campaign_delivers(campaign):
    assert "送到哪里" in page_of(campaign)

    Campaign.objects.filter(pk=campaign.pk).update(delivers=False)
    assert "送到哪里" not in page_of(campaign)


def test_an_order_to_be_brought_keeps_its_address_encrypted_and_staff_read_it_on_the_list_to_pack(
    client, manager, campaign
):
    page = join(campaign, **PARCEL)
    assert "接龙成功，送到时付 ¥29.90" in page
    assert "送到时报这四个数字" in page
    made = Order.objects.get()
    assert (made.fulfilment, "科苑路".encode() in bytes(made.recipient)) == ("delivery", False)
    client.force_login(manager)

    page = client.get(f"/campaigns/{campaign.pk}/print/").content.decode()

    assert "林小姐 13800138000 科苑路 8 号 2 栋" in page
    assert AuditEntry.objects.get(action="campaign.addresses_shown").detail == {"orders": [made.pk]}


@pytest.mark.parametrize("missing", ["name", "phone", "address"])
def test_without_name_phone_or_address_nothing_is_ordered_and_it_says_so(campaign, missing):
    assert "送货上门要填收货人、电话和地址" in join(campaign, **PARCEL | {missing: " "})
    assert not Order.objects.exists()


def test_a_campaign_that_does_not_deliver_is_not_made_to(campaign):
    Campaign.objects.filter(pk=campaign.pk).update(delivers=False)

    assert "这个活动只能到店自提" in join(campaign, **PARCEL)
    assert not Order.objects.exists()


def open_one_yuan(client, store=None, **fields):
    product = ProductFactory(name="小番茄")
    StoreProductFactory(product=product, price_fen=1_290, **({"store": store} if store else {}))
    form = client.get("/campaigns/new/one_yuan/").context["form"]
    body = {"goods": [product.pk], "quota": "50", "budget": "500", "ends_at": form.cutoffs()[-1][0],
            "pickup": form.pickups()[-1][0]} | fields  # fmt: skip
    return client.post("/campaigns/new/one_yuan/", body)


def test_hq_sets_caps_and_the_whole_order_in_its_template(client):
    client.force_login(StaffFactory())

    open_one_yuan(client, refunds_whole_order="on", refund_cap="50", friends_per_member="3", settle_after_days="10")

    terms = OneYuanTerms.objects.get()
    assert (terms.refunds_whole_order, terms.refund_cap_fen) == (True, 5_000)
    assert (terms.friends_per_member, terms.settle_after_days) == (3, 10)


@pytest.mark.parametrize("field", [{"refund_cap": "-1"}, {"friends_per_member": "0"}, {"settle_after_days": "1"}])
def test_a_cap_that_makes_no_sense_is_refused(client, field):
    client.force_login(StaffFactory())

    assert open_one_yuan(client, **field).status_code == 422
    assert not OneYuanTerms.objects.exists()


def test_a_store_can_neither_see_nor_slip_in_hqs_caps(client, manager):
    client.force_login(manager)
    assert "整单" not in client.get("/campaigns/new/one_yuan/").content.decode()

    open_one_yuan(client, manager.store, refunds_whole_order="on", refund_cap="999", friends_per_member="20")

    terms = OneYuanTerms.objects.get()
    assert (terms.refunds_whole_order, terms.refund_cap_fen, terms.friends_per_member) == (False, 100, 1)
