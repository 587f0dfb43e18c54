"""A 接龙 to sell from, and a phone with its member logged in."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from campaigns.h5.session import remember
from campaigns.models import Board, Campaign, CampaignItem, ChainUnit, ItemStock, Order, OrderLine
from members.models import Member
from members.services.partitions import BUSINESS_ZONE
from stores.models import Store
from tests.factories import MemberFactory, ProductFactory, StoreFactory

AT = datetime(2026, 11, 22, 10, 0, tzinfo=BUSINESS_ZONE)


def chain(*, store: Store | None = None, **fields: Any) -> Campaign:
    """A live 接龙 of one store, till eight in the evening, fetched the next day."""
    store = store or StoreFactory(name="科技园店", address="科苑路 8 号", phone="0755-12345678")
    campaign = Campaign.objects.create(
        **{
            "play": Campaign.Play.CHAIN, "title": "猫山王榴莲接龙", "store": store, "state": Campaign.State.LIVE,
            "starts_at": AT - timedelta(hours=1), "ends_at": AT + timedelta(hours=10), "made_at": AT,
            "pickup_from": AT + timedelta(days=1), "pickup_until": AT + timedelta(days=1, hours=11),
        }
        | fields
    )  # fmt: skip
    Board.objects.create(campaign=campaign, store=store)
    return campaign


def goods(campaign: Campaign, *, quota: int = 10, taken: int = 0, **fields: Any) -> ItemStock:
    """Something to choose, counted."""
    product = fields.pop("product", None) or ProductFactory(name="海南贵妃芒")
    item = CampaignItem.objects.create(
        **{"campaign": campaign, "product": product, "name": product.name, "price_fen": 2_990} | fields
    )
    return ItemStock.objects.create(item=item, store=campaign.store, quota=quota, taken=taken)


def pieces(campaign: Campaign, *, weights: tuple[int, ...] = (2310, 2480, 1990, 2760, 2150, 2600)) -> ItemStock:
    """Durians, each its own row, at 39.8 yuan a 斤."""
    stock = goods(
        campaign, quota=len(weights), by_piece=True, product=ProductFactory(name="猫山王榴莲"), price_fen=3_980
    )
    ChainUnit.objects.bulk_create(
        ChainUnit(stock=stock, number=n, weight_g=grams, price_fen=round(grams * 3_980 / 500))
        for n, grams in enumerate(weights, start=1)
    )
    return stock


def order(stock: ItemStock, member: Member, *, quantity: int = 1, **fields: Any) -> Order:
    """An order as it lies in the table."""
    made = Order.objects.create(
        **{
            "campaign": stock.item.campaign, "store": stock.store, "member": member, "request_key": f"k{member.pk}",
            "state": Order.State.CONFIRMED, "settling": Order.Settling.SHOP, "pickup_code": "4711",
            "goods_fen": stock.item.price_fen * quantity, "reserved_at": AT,
        }
        | fields
    )  # fmt: skip
    OrderLine.objects.create(order=made, stock=stock, quantity=quantity, price_fen=stock.item.price_fen)
    return made


def page_of(campaign: Campaign, member: Member | None = None) -> str:
    """A campaign's page as a member sees it."""
    return phone(member or MemberFactory()).get(f"/h/{campaign.token}/").content.decode()


def phone(member: Member | None = None) -> Client:
    """A member's phone."""
    client = Client()
    if member is not None:
        response = HttpResponse()
        remember(response, member)
        client.cookies.update(response.cookies)
    return client
