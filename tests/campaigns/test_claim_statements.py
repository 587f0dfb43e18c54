"""How a claim is written: in four statements, for the member as she is at that moment."""

from functools import partial

import pytest

from campaigns.errors import NotEligible, SoldOut
from campaigns.models import ChainEntry, ItemStock, Order, OrderLine
from campaigns.services.claiming import Wanted
from communities.models import PostEntry
from members.models import Member
from members.services.merging import merge_members
from tests.campaigns.playing import AT, order
from tests.factories import CampaignFactory, MemberFactory, ProductFactory
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign():
    made = CampaignFactory()
    order(made)  # the first one freezes the price as well
    return made


def test_a_claim_takes_four_statements_between_begin_and_commit(campaign, django_assert_num_queries):
    member = MemberFactory()

    with django_assert_num_queries(6):
        made = order(campaign, member)

    assert made == Order.objects.get(member=member)
    assert {field.attname: getattr(made, field.attname) for field in Order._meta.fields} == Order.objects.filter(
        pk=made.pk
    ).values().get()  # fmt: skip


def test_goods_of_two_stocks_are_one_order_with_two_lines_and_one_number(campaign):
    other = campaign.items.create(product=ProductFactory(), name="榴莲", price_fen=500)
    ItemStock.objects.create(item=other, store=campaign.store, quota=3)

    made = order(campaign, wanted=[Wanted(campaign.item.pk, 2), Wanted(other.pk, 3)])

    lines = OrderLine.objects.filter(order=made).order_by("pk").values_list("stock__item", "quantity", "price_fen")
    assert list(lines) == [(campaign.item.pk, 2, 1_990), (other.pk, 3, 500)]
    assert (made.goods_fen, made.entry.number) == (5_480, 2)


def test_too_much_of_the_last_stock_writes_nothing_at_all(campaign):
    other = campaign.items.create(product=ProductFactory(), name="榴莲", price_fen=500)
    ItemStock.objects.create(item=other, store=campaign.store, quota=3)

    with pytest.raises(SoldOut, match="榴莲"):
        order(campaign, wanted=[Wanted(campaign.item.pk, 2), Wanted(other.pk, 4)])

    assert Order.objects.count() == ChainEntry.objects.count() == PostEntry.objects.count() == 1
    assert ItemStock.objects.get(pk=campaign.stock.pk).taken == 1
    assert order(campaign).entry.number == 2


def test_a_member_who_is_not_there_any_more_gets_nothing(campaign):
    gone = Member(pk=987_654_321, name="谁")

    with pytest.raises(NotEligible, match="会员不存在"):
        order(campaign, gone)


def test_a_claim_racing_a_merge_is_the_survivors():
    campaign = CampaignFactory()
    for _ in range(5):
        kept, absorbed = MemberFactory(), MemberFactory()
        claims = [partial(order, campaign, absorbed), partial(order, campaign, absorbed)]

        results = race(
            partial(merge_members, kept=kept, absorbed=absorbed, reason="同一人", evidence={}, by=None, at=AT), *claims
        )

        assert [type(each) for each in results[1:]] == [Order, Order]
        assert set(Order.objects.filter(pk__in=[each.pk for each in results[1:]]).values_list("member", flat=True)) == {
            kept.pk
        }
