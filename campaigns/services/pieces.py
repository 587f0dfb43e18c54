"""Single pieces: each durian weighed, photographed and priced; more may come while the list runs."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Max

from campaigns.errors import CampaignRefusal
from campaigns.models import Board, Campaign, ChainUnit, ItemStock
from campaigns.services import waiting

_GRAMS_PER_JIN = 500
HEAVIEST = 50_000  # gram; more is a slip of the finger
_OVER = frozenset({Campaign.State.ENDED, Campaign.State.SETTLED})


def price_of(*, weight_g: int, fen_per_jin: int) -> int:
    """What a piece costs by its weight, in whole fen, half a fen upwards."""
    return (weight_g * fen_per_jin * 2 + _GRAMS_PER_JIN) // (2 * _GRAMS_PER_JIN)


@transaction.atomic
def add_piece(
    *, stock: ItemStock, weight_g: int, at: datetime, price_fen: int | None = None, photo: str = ""
) -> ChainUnit:
    """One more piece, with the next number; priced by weight where no price is said. Who waits is offered it first.

    :raises CampaignRefusal: no weight, no price, or the campaign is over
    """
    if not 0 < weight_g <= HEAVIEST:
        raise CampaignRefusal(f"重量应在 0 到 {HEAVIEST // _GRAMS_PER_JIN} 斤之间")
    locked = ItemStock.objects.select_for_update(of=("self",)).select_related("item__campaign").get(pk=stock.pk)
    item = locked.item
    if not item.by_piece or item.campaign.state in _OVER or item.campaign.killed_at is not None:
        raise CampaignRefusal("接龙已结束，不能再加")
    price = price_fen if price_fen is not None else price_of(weight_g=weight_g, fen_per_jin=item.price_fen)
    if price <= 0:
        raise CampaignRefusal("请写价格")
    last = ChainUnit.objects.filter(stock=locked).aggregate(last=Max("number"))["last"] or 0
    unit = ChainUnit.objects.create(stock=locked, number=last + 1, weight_g=weight_g, price_fen=price, photo=photo)
    ItemStock.objects.filter(pk=locked.pk).update(quota=F("quota") + 1)
    touch_board(campaign_id=item.campaign_id, store_id=locked.store_id)
    waiting.offer_freed(stock_id=locked.pk, at=at)
    return unit


@transaction.atomic
def withdraw_piece(*, unit: ChainUnit, at: datetime) -> None:
    """Take a piece back that nobody has (it broke, it was sold over the counter). :raises CampaignRefusal: taken"""
    free = ChainUnit.objects.filter(pk=unit.pk, order=None, withdrawn_at=None)
    if not free.update(withdrawn_at=at):
        raise CampaignRefusal("这一个已经有人接走了，要先取消那个订单")
    ItemStock.objects.filter(pk=unit.stock_id).update(quota=F("quota") - 1)
    touch_board(campaign_id=unit.stock.item.campaign_id, store_id=unit.stock.store_id)


def touch_board(*, campaign_id: int, store_id: int) -> None:
    """Have the live list drawn again."""
    Board.objects.filter(campaign=campaign_id, store=store_id).update(version=F("version") + 1)
