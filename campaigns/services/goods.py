"""Taking and giving back scarce rows: pieces first, then stocks, each by primary key, so nobody waits in a ring."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from campaigns.errors import CampaignRefusal, SoldOut, UnitTaken
from campaigns.models import Board, Campaign, ChainUnit, ItemStock, Order, OrderLine
from campaigns.services import budgets, numbering, waiting


def take(*, order_id: int, lines: Iterable[OrderLine]) -> None:
    """Take the goods of lines whose `stock.item` and `unit` are loaded. :raises SoldOut: :raises UnitTaken:"""
    by_stock = _take_pieces(order_id, lines)
    for stock_id in sorted(by_stock):
        _take_stock(by_stock[stock_id])


def take_and_enter(*, order: Order, lines: Sequence[OrderLine], name: str, at: datetime) -> None:
    """Take a new order's goods and write it on its numbered list; the last stock and the list in one statement.

    These are everybody's rows: they are locked one round trip before the commit. :raises SoldOut: :raises UnitTaken:
    """
    if order.campaign.play != Campaign.Play.CHAIN:
        take(order_id=order.pk, lines=lines)
        return
    by_stock = _take_pieces(order.pk, lines)
    *first, last = sorted(by_stock)
    for stock_id in first:
        _take_stock(by_stock[stock_id])
    wanted = sum(line.quantity for line in by_stock[last])
    if not numbering.take_and_enter(order=order, stock_id=last, wanted=wanted, name=name, at=at):
        raise SoldOut(by_stock[last][0].stock.item)


def _take_pieces(order_id: int, lines: Iterable[OrderLine]) -> dict[int, list[OrderLine]]:
    """Take what is sold by the piece; the lines by stock. :raises UnitTaken:"""
    by_stock: dict[int, list[OrderLine]] = defaultdict(list)
    for line in lines:
        by_stock[line.stock_id].append(line)
    pieces = sorted(
        (line for of in by_stock.values() for line in of if line.unit_id), key=lambda line: line.unit_id or 0
    )
    for line in pieces:
        free = ChainUnit.objects.filter(pk=line.unit_id or 0, stock=line.stock_id, order=None, withdrawn_at=None)
        if not free.update(order=order_id):
            raise UnitTaken
    return by_stock


def _take_stock(lines: list[OrderLine]) -> None:
    wanted = sum(line.quantity for line in lines)
    left = ItemStock.objects.filter(pk=lines[0].stock_id, quota__gte=F("taken") + wanted)
    if not left.update(taken=F("taken") + wanted):
        raise SoldOut(lines[0].stock.item)


def retake(*, order: Order) -> bool:
    """Take again what a lapsed order had, all of it or nothing; whether it was still there."""
    lines = _lines(order)
    try:
        with transaction.atomic():
            budgets.spend(campaign=order.campaign, amount_fen=_conceded(lines))
            take(order_id=order.pk, lines=lines)
    except CampaignRefusal:
        return False
    changed_board(order=order)
    return True


def release(*, order: Order, at: datetime) -> None:
    """Give back what an order holds and offer it to those who wait; the order's row is locked by the caller."""
    lines = _lines(order)
    budgets.give_back(campaign=order.campaign, amount_fen=_conceded(lines))
    quantities: dict[int, int] = defaultdict(int)
    for line in lines:
        quantities[line.stock_id] += line.quantity
    for unit in ChainUnit.objects.filter(order=order).order_by("pk"):
        ChainUnit.objects.filter(pk=unit.pk, order=order).update(order=None)
    for stock_id in sorted(quantities):
        ItemStock.objects.filter(pk=stock_id).update(taken=F("taken") - quantities[stock_id])
    waiting.lapse_offer(order=order)
    for stock_id in sorted(quantities):
        waiting.offer_freed(stock_id=stock_id, at=at)
    changed_board(order=order)


def changed_board(*, order: Order) -> None:
    """Tell the live list that it must be drawn again."""
    Board.objects.filter(campaign=order.campaign_id, store=order.store_id).update(version=F("version") + 1)


def _lines(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("stock__item").order_by("pk"))


def _conceded(lines: list[OrderLine]) -> int:
    return budgets.conceded((line.stock.item.list_price_fen, line.price_fen, line.quantity) for line in lines)
