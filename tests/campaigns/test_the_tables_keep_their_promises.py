"""What no service could be trusted to keep alone, PostgreSQL keeps."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Campaign, CampaignItem, ItemStock, LedgerEntry, Order, Payment
from tests.factories import ProductFactory, StoreFactory

AT = datetime(2026, 11, 22, 2, tzinfo=UTC)


@pytest.fixture
def stock():
    store = StoreFactory()
    campaign = Campaign.objects.create(
        play=Campaign.Play.CHAIN,
        title="榴莲接龙",
        store=store,
        starts_at=AT,
        ends_at=AT + timedelta(hours=8),
        made_at=AT,
    )
    item = CampaignItem.objects.create(campaign=campaign, product=ProductFactory(), name="金枕", price_fen=9_900)
    return ItemStock.objects.create(item=item, store=store, quota=2)


@pytest.fixture
def order(stock):
    return Order.objects.create(
        campaign=stock.item.campaign,
        store=stock.store,
        request_key="1",
        settling="online",
        goods_fen=9_900,
        reserved_at=AT,
    )


@pytest.mark.django_db
def test_a_campaign_cannot_take_more_than_its_quota(stock):
    with pytest.raises(IntegrityError, match="campaign_never_oversold"):
        ItemStock.objects.filter(pk=stock.pk).update(taken=3)


@pytest.mark.django_db
def test_an_order_never_gives_back_more_than_was_paid(order):
    with pytest.raises(IntegrityError, match="never_refund_more_than_was_paid"):
        Order.objects.filter(pk=order.pk).update(paid_fen=100, refunded_fen=101)


@pytest.mark.django_db
def test_a_line_of_the_ledger_can_be_neither_changed_nor_removed(order):
    payment = Payment.objects.create(order=order, provider="sandbox", trade_no="1", amount_fen=9_900, made_at=AT)
    LedgerEntry.objects.create(order=order, kind="paid", payment=payment, amount_fen=9_900, at=AT)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.update(amount_fen=1)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.all().delete()
    assert list(LedgerEntry.objects.values_list("amount_fen", flat=True)) == [9_900]


@pytest.mark.django_db
def test_a_payment_comes_in_once(order):
    payment = Payment.objects.create(order=order, provider="sandbox", trade_no="1", amount_fen=9_900, made_at=AT)
    LedgerEntry.objects.create(order=order, kind="paid", payment=payment, amount_fen=9_900, at=AT)

    with pytest.raises(IntegrityError, match="a_payment_comes_in_once"):
        LedgerEntry.objects.create(order=order, kind="paid", payment=payment, amount_fen=9_900, at=AT)
