"""1元购 on a phone: choosing, the friend's link, and every reason why not, in words."""

import pytest

from campaigns.models import Campaign, Referral
from stores.models import AuditEntry
from tests.campaigns.playing import AT, DAY, MINUTE, bought, one_yuan, order
from tests.campaigns.selling import page_of, phone
from tests.factories import MemberFactory, purchase

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = AT + MINUTE


def choose(campaign, member, **fields):
    data = {"offer": campaign.item.pk, "request_key": "k", "fulfilment": "pickup"} | fields
    return phone(member).post(f"/h/{campaign.token}/first/", data)


def test_the_page_says_what_it_costs_who_may_and_that_it_is_no_draw():
    page = page_of(one_yuan())

    for words in (
        "任选一件，只要 ¥1.00", '原价 <s class="num">¥12.90</s>', "秋月梨", "到店自提", "满 ¥49.00 包邮", "不抽奖",
        "每人一次", "只发链接没有奖励", 'data-free-from="4900"', 'data-freight="600"',
    ):  # fmt: skip
        assert words in page


def test_choosing_makes_an_order_with_its_add_ons_and_freight():
    campaign, member = one_yuan(), MemberFactory()

    response = choose(
        campaign, member, fulfilment="delivery", name="林小姐", phone="13800000001", address="文三路 1 号",
        **{f"q-{campaign.pears.pk}": "2"},
    )  # fmt: skip

    made = member.orders.get()
    assert response["Location"] == f"/h/orders/{made.token}/"
    assert (made.goods_fen, made.freight_fen, made.fulfilment) == (4_180, 600, "delivery")


def test_delivery_without_an_address_is_asked_for_one():
    campaign, member = one_yuan(), MemberFactory()

    client = phone(member)
    data = {"offer": campaign.item.pk, "request_key": "k", "fulfilment": "delivery", "name": "林小姐"}
    page = client.post(f"/h/{campaign.token}/first/", data, follow=True).content.decode()

    assert "送货上门要填收货人、电话和地址" in page
    assert not member.orders.exists()


def test_the_order_carries_a_link_and_the_friend_sees_who_sent_her():
    campaign = one_yuan()
    made = bought(campaign, MemberFactory(name="林小姐"))
    referral = Referral.objects.get(order=made)

    own = phone(made.member).get(f"/h/orders/{made.token}/").content.decode()
    friend = MemberFactory()
    page = phone(friend).get(f"/h/friend/{referral.token}/").content.decode()
    choose(campaign, friend, referral=referral.token)

    assert f"/h/friend/{referral.token}/" in own
    assert "好友用它完成首单" in own
    assert "林** 推荐您来" in page
    assert friend.orders.get().referred_by.referral == referral


def test_a_regular_is_told_why_not():
    regular = MemberFactory()
    purchase(member=regular, bought_at=AT - 40 * DAY)

    page = page_of(one_yuan(), regular)

    assert "1 元购只给第一次下单的新会员" in page
    assert "去下单" not in page


def test_who_has_hers_is_led_to_it():
    campaign, member = one_yuan(), MemberFactory()
    made = order(campaign, member)

    page = page_of(campaign, member)

    assert "这一单还没付款" in page
    assert f"/h/orders/{made.token}/" in page


@pytest.mark.parametrize(("fields", "said"), [
    ({"budget_fen": 1_000}, "优惠名额已经用完"), ({"state": Campaign.State.ENDED}, "活动已结束"),
    ({"killed_at": AT}, "活动已停止"),
])  # fmt: skip
def test_a_closed_one_or_one_whose_budget_is_spent_says_so(fields, said):
    campaign = one_yuan()
    Campaign.objects.filter(pk=campaign.pk).update(**fields)

    page = page_of(campaign)

    assert said in page
    assert "去下单" not in page


def test_sold_out_is_said():
    campaign = one_yuan(quota=1)
    bought(campaign)

    assert "1 元商品已经抢完了" in page_of(campaign)


@pytest.mark.parametrize("fields", [{"offer": ""}, {"offer": "x"}, {"offer": "9" * 40}, {"q-1": "-3"}, {"q-999": "1"}])
def test_a_forged_form_moves_nothing(fields):
    campaign, member = one_yuan(), MemberFactory()

    response = choose(campaign, member, **fields)

    assert response.status_code == 302
    assert not member.orders.exists()


def test_a_forged_referral_is_refused_and_audited():
    campaign, member = one_yuan(), MemberFactory()

    choose(campaign, member, referral="forged")

    assert not member.orders.exists()
    assert AuditEntry.objects.get(action="campaign.claim_refused").detail["member"] == member.pk


@pytest.mark.parametrize("offers", [1, 3])
def test_the_page_costs_the_same_whatever_there_is_to_choose(offers, django_assert_num_queries):
    campaign, client = one_yuan(), phone(MemberFactory())
    for n in range(offers - 1):
        item = campaign.items.create(
            product=campaign.item.product, name=f"番茄{n}", price_fen=100, list_price_fen=1_290
        )
        item.stocks.create(store=campaign.store, quota=9)

    with django_assert_num_queries(9):
        client.get(f"/h/{campaign.token}/")
