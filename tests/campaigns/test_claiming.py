from datetime import timedelta

import pytest

from campaigns.models import ChainEntry, ItemStock
from campaigns.services.claiming import Wanted, reserve
from tests.factories import CampaignFactory, MemberFactory

pytestmark = pytest.mark.django_db


def claim(campaign, member=None, *, quantity=1, key="k", **fields):
    return reserve(
        **{
            "campaign": campaign, "store": campaign.store, "member": member or MemberFactory(), "request_key": key,
            "wanted": [Wanted(campaign.item.pk, quantity)], "settling": "online", "at": campaign.starts_at,
        }
        | fields
    )  # fmt: skip


def taken(campaign):
    return ItemStock.objects.get(pk=campaign.stock.pk).taken


def test_a_claim_holds_its_goods_and_stands_on_the_list():
    campaign = CampaignFactory()

    order = claim(campaign, quantity=2)

    assert (order.state, order.goods_fen, taken(campaign)) == ("reserved", 3_980, 2)
    assert order.held_until == campaign.starts_at + timedelta(minutes=15)
    assert list(ChainEntry.objects.values_list("number", "order")) == [(1, order.pk)]


def test_the_same_request_twice_is_one_order():
    campaign, member = CampaignFactory(), MemberFactory()

    first, second = (claim(campaign, member) for _ in range(2))

    assert (first.pk, taken(campaign)) == (second.pk, 1)
