"""The queue for what is gone: a place in it, and the offer to the first when goods come free."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from campaigns.errors import CampaignClosed, NotEligible, OrderRefusal
from campaigns.models import Campaign, ChainUnit, ItemStock, Order, OrderLine, WaitEntry
from campaigns.selectors.claims import takes_at
from campaigns.services import budgets, numbering
from campaigns.services.confirming import confirm
from members.models import Member
from tagging.models import Touch
from tagging.services.touching import record_touch

_AT_ONCE = 50


def join_queue(*, stock: ItemStock, member: Member, quantity: int, at: datetime) -> WaitEntry:
    """Take the last place in the queue; who stands in it already keeps her place.

    :raises CampaignClosed: the campaign takes no more
    :raises NotEligible: not a number of goods one may have
    """
    item = stock.item
    if not takes_at(item.campaign, at):
        raise CampaignClosed("活动已结束，不能候补")
    most = min(limit for limit in (item.per_order, item.per_member, stock.quota) if limit is not None)
    if not 0 < quantity <= (1 if item.by_piece else most):
        raise NotEligible(f"候补数量应为 1 到 {1 if item.by_piece else most}")
    try:
        with transaction.atomic():
            return WaitEntry.objects.create(stock=stock, member=member, quantity=quantity, asked_at=at)
    except IntegrityError:
        live = (WaitEntry.State.WAITING, WaitEntry.State.OFFERED)
        return WaitEntry.objects.get(stock=stock, member=member, state__in=live)


@transaction.atomic
def leave_queue(*, entry: WaitEntry) -> None:
    """Give up one's place. An offer is given up by cancelling its order."""
    WaitEntry.objects.filter(pk=entry.pk, state=WaitEntry.State.WAITING).update(state=WaitEntry.State.LAPSED)


def lapse_offer(*, order: Order) -> None:
    """An offer's order ended: its place in the queue is over."""
    WaitEntry.objects.filter(offer=order, state=WaitEntry.State.OFFERED).update(state=WaitEntry.State.LAPSED)


@transaction.atomic
def offer_freed(*, stock_id: int, at: datetime) -> list[Order]:
    """Reserve what is free for those who wait, first come first served, while it suffices for the next in line.

    The offer is an order held for the campaign's time; its member pays, or accepts to pay at the shop. Goods that
    came free pass to the queue in the same transaction, so nobody outside it can be faster.
    """
    if not WaitEntry.objects.filter(stock=stock_id, state=WaitEntry.State.WAITING).exists():
        return []
    stock = ItemStock.objects.select_related("item__campaign").get(pk=stock_id)
    campaign = stock.item.campaign
    if not takes_at(campaign, at):
        return []
    if stock.item.list_price_fen is not None:  # the budget is locked before goods, as everywhere
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    stock = ItemStock.objects.select_for_update(of=("self",)).select_related("item__campaign").get(pk=stock_id)
    queue = WaitEntry.objects.select_for_update(skip_locked=True).filter(stock=stock, state=WaitEntry.State.WAITING)
    offered: list[Order] = []
    for entry in queue.order_by("asked_at", "pk")[:_AT_ONCE]:
        order = _offer(stock, entry, at) if stock.taken + entry.quantity <= stock.quota else None
        if order is None:
            break
        offered.append(order)
    return offered


def _offer(stock: ItemStock, entry: WaitEntry, at: datetime) -> Order | None:
    item, campaign = stock.item, stock.item.campaign
    # Whoever claims holds a piece before the stock; waiting for a piece while holding the stock would be a ring.
    free = ChainUnit.objects.select_for_update(skip_locked=True).filter(stock=stock, order=None, withdrawn_at=None)
    unit = free.order_by("number").first() if item.by_piece else None
    if item.by_piece and unit is None:
        return None
    price = unit.price_fen if unit is not None else item.price_fen
    try:
        conceded = budgets.conceded([(item.list_price_fen, price, entry.quantity)])
        budgets.spend(campaign=campaign, amount_fen=conceded)
    except CampaignClosed:
        return None
    order = Order.objects.create(
        campaign=campaign, store_id=stock.store_id, member_id=entry.member_id,
        request_key=f"queue:{entry.pk}:{secrets.token_hex(4)}", settling=_offered_settling(campaign),
        goods_fen=price * entry.quantity, reserved_at=at, held_until=at + timedelta(minutes=campaign.hold_minutes),
    )  # fmt: skip
    OrderLine.objects.create(order=order, stock=stock, unit=unit, quantity=entry.quantity, price_fen=price)
    if unit is not None:
        ChainUnit.objects.filter(pk=unit.pk).update(order=order)
    stock.taken += entry.quantity
    ItemStock.objects.filter(pk=stock.pk).update(taken=F("taken") + entry.quantity)
    entry.state, entry.offer = WaitEntry.State.OFFERED, order
    entry.save(update_fields=["state", "offer"])
    numbering.enter(order=order, name=entry.member.name, at=at)
    # Her answer is waited for: whoever talks to members leaves her alone meanwhile.
    record_touch(
        member_id=entry.member_id, store_id=stock.store_id, staff=None, channel=Touch.Channel.OFFER,
        key=f"offer:{order.pk}", at=at,
    )  # fmt: skip
    return order


def _offered_settling(campaign: Campaign) -> str:
    shop_only = campaign.settling == Campaign.Settling.SHOP
    return Order.Settling.SHOP if shop_only else Order.Settling.ONLINE


@transaction.atomic
def accept_offer(*, order: Order, at: datetime) -> Order:
    """The member takes an offer and will pay at the shop. Paying online accepts it by itself.

    :raises OrderRefusal: the offer is over, or the campaign wants to be paid online
    """
    locked = Order.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=order.pk)
    if locked.state == Order.State.CONFIRMED:
        return locked
    if locked.state != Order.State.RESERVED or (locked.held_until is not None and locked.held_until <= at):
        raise OrderRefusal("候补名额已经过期")
    if locked.campaign.killed_at is not None:
        raise OrderRefusal("活动已停止")
    if locked.campaign.settling == Campaign.Settling.ONLINE:
        raise OrderRefusal("这个活动需要在线支付")
    if locked.settling != Order.Settling.SHOP:
        locked.settling = Order.Settling.SHOP
        locked.save(update_fields=["settling"])
    return confirm(order=locked, at=at)
