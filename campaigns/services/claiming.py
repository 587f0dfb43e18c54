"""Claiming: one transaction from "I want it" to an order that holds its goods."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction

from campaigns import plays_registry
from campaigns.errors import (
    BadClaim,
    CampaignClosed,
    CampaignRefusal,
    LimitReached,
    NotEligible,
)
from campaigns.models import Campaign, CampaignItem, ChainUnit, ItemStock, Order, OrderLine
from campaigns.plays_registry import Claim, ClaimLine
from campaigns.selectors.claims import bought_before, is_newcomer, stocks_wanted, takes_at, why_closed
from campaigns.services import budgets, goods
from campaigns.services.confirming import free_code
from campaigns.services.ordering import write_order
from campaigns.services.refusals import note_refusal
from members.identities import encrypt
from members.models import Member
from members.selectors.survivors import survivor_of
from stores.models import Store

_MOST_OF_ONE = 999
_MOST_LINES = 50
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of an item, or one piece of it. `seen_fen` is the price the member was shown, where the page says it."""

    item_id: int
    quantity: int = 1
    unit_id: int | None = None
    seen_fen: int | None = None


def reserve(
    *,
    campaign: Campaign,
    store: Store,
    member: Member | None,
    wanted: Sequence[Wanted],
    request_key: str,
    settling: str,
    at: datetime,
    fulfilment: str = Order.Fulfilment.PICKUP,
    recipient: Mapping[str, str] | None = None,
    link: str = "",
    note: str = "",
    name: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> Order:
    """Hold goods for a member until she pays, or for good where she pays at the shop.

    The same `request_key` returns the order it made before. `recipient` (name, phone, address) is stored encrypted;
    `name` goes on the numbered list instead of the member's own; `extra` is for the play. `member` is None only
    for an entry that staff wrote down for somebody unknown.

    :raises CampaignClosed: nothing may be claimed now, or the budget is spent
    :raises SoldOut: less is left than was wanted
    :raises UnitTaken: somebody else has the piece
    :raises LimitReached: more than an order or a member may have
    :raises NotEligible: not for this member, this store or this way of paying
    :raises BadClaim: no page of ours asks this; audited
    """
    claimed = _Wish(
        wanted=tuple(wanted), request_key=request_key, settling=settling, fulfilment=fulfilment,
        recipient=dict(recipient or {}), link=link[:32], note=note[:100], name=name, extra=dict(extra or {}),
    )  # fmt: skip
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic():
                return _reserve(campaign, store, member, claimed, at)
        except _Merged:
            member = _survivor(member)
        except IntegrityError as error:
            # Two requests with one key, or two orders drawing the same four digits at once.
            known = _known_order(campaign, member, request_key)
            if known is not None:
                return known
            if attempt == _TRIES or "a_pickup_code_names_one_order" not in str(error):
                raise
        except CampaignRefusal as refusal:
            known = _known_order(campaign, member, request_key)
            if known is not None:
                return known
            if isinstance(refusal, BadClaim):
                note_refusal(
                    action="campaign.claim_refused", target=f"campaign:{campaign.pk}", store=store, at=at,
                    detail={"member": member.pk if member else None, "reason": str(refusal)},
                )  # fmt: skip
            raise
    raise AssertionError("the loop returns or raises")


class _Merged(Exception):
    """The member was merged into another: the claim is hers."""


@dataclass(frozen=True, slots=True)
class _Wish:
    wanted: tuple[Wanted, ...]
    request_key: str
    settling: str
    fulfilment: str
    recipient: dict[str, str]
    link: str
    note: str
    name: str | None
    extra: dict[str, str]


def _known_order(campaign: Campaign, member: Member | None, request_key: str) -> Order | None:
    if member is None:
        return Order.objects.filter(campaign=campaign, member=None, request_key=request_key).first()
    return Order.objects.filter(campaign=campaign, member=member, request_key=request_key).first()


def _reserve(given: Campaign, store: Store, member: Member | None, wish: _Wish, at: datetime) -> Order:
    _check_form(wish)
    items = [one.item_id for one in wish.wanted]
    stocks = stocks_wanted(campaign_id=given.pk, store_id=store.pk, item_ids=items)
    campaign = _open_campaign(given, stocks, at)
    if campaign.frozen_at is None:
        budgets.freeze(campaign=campaign, at=at)
        # An editor may have been at work until now.
        stocks = stocks_wanted(campaign_id=given.pk, store_id=store.pk, item_ids=items)
        campaign = _open_campaign(given, stocks, at)
    claim = Claim(
        campaign=campaign, store=store, member=member, lines=_lines(stocks, wish), settling=wish.settling,
        fulfilment=wish.fulfilment, at=at, extra=wish.extra,
        recipient=encrypt(json.dumps(wish.recipient, ensure_ascii=False)) if wish.recipient else None,
    )  # fmt: skip
    _check_eligibility(claim)
    rules = plays_registry.rules_of(campaign)
    rules.before_reserve(claim)
    budgets.spend(
        campaign=campaign,
        amount_fen=budgets.conceded((line.item.list_price_fen, line.price_fen, line.quantity) for line in claim.lines),
    )
    order = _order(claim, wish)
    lines = [
        OrderLine(stock=line.stock, unit=line.unit, quantity=line.quantity, price_fen=line.price_fen)
        for line in claim.lines
    ]
    if not write_order(order=order, lines=lines):
        raise _Merged
    rules.on_reserved(order, claim)
    # Everybody's rows come last: their locks then live only until the commit.
    name = wish.name if wish.name is not None else member.name if member else ""
    goods.take_and_enter(order=order, lines=lines, name=name, at=at)
    return order


def _check_form(wish: _Wish) -> None:
    """:raises BadClaim: quantities, keys and choices no page of ours sends"""
    if not wish.wanted or len(wish.wanted) > _MOST_LINES:
        raise BadClaim("请选择商品")
    if not 0 < len(wish.request_key) <= 64:  # noqa: PLR2004 -- the column's width
        raise BadClaim("请求已失效，请刷新页面再试")
    for one in wish.wanted:
        most = 1 if one.unit_id is not None else _MOST_OF_ONE
        if not 0 < one.quantity <= most:
            raise BadClaim(f"数量应为 1 到 {most}")
    keys = [(one.item_id, one.unit_id) for one in wish.wanted]
    if len(set(keys)) != len(keys):
        raise BadClaim("同一件商品重复了，请刷新页面再试")
    if wish.settling not in Order.Settling.values or wish.fulfilment not in Order.Fulfilment.values:
        raise BadClaim("请选择付款和取货方式")


def _survivor(member: Member | None) -> Member:
    """Who a member is today."""
    found = Member.objects.filter(pk=survivor_of(member.pk), merged_into=None).first() if member is not None else None
    if found is None:
        raise NotEligible("会员不存在")
    return found


def _open_campaign(given: Campaign, stocks: dict[int, ItemStock], at: datetime) -> Campaign:
    """The campaign as it stands. :raises CampaignClosed: :raises BadClaim: nothing wanted is part of it here"""
    if not stocks:
        if not takes_at(given, at):
            raise CampaignClosed(why_closed(given, at))
        raise BadClaim("这家店没有这个商品")
    campaign = next(iter(stocks.values())).item.campaign
    if not takes_at(campaign, at):
        raise CampaignClosed(why_closed(campaign, at))
    return campaign


def _lines(stocks: dict[int, ItemStock], wish: _Wish) -> list[ClaimLine]:
    unit_ids = [one.unit_id for one in wish.wanted if one.unit_id is not None]
    units = {unit.pk: unit for unit in ChainUnit.objects.filter(pk__in=unit_ids)} if unit_ids else {}
    lines = []
    for one in wish.wanted:
        stock = stocks.get(one.item_id)
        if stock is None:
            raise BadClaim("这家店没有这个商品")
        unit = units.get(one.unit_id) if one.unit_id is not None else None
        if stock.item.by_piece != (unit is not None) or (unit is not None and unit.stock_id != stock.pk):
            raise BadClaim("请从列表里选一件")
        price = unit.price_fen if unit is not None else stock.item.price_fen
        if one.seen_fen is not None and one.seen_fen != price:
            raise BadClaim("价格已变化，请刷新页面再试")
        lines.append(ClaimLine(item=stock.item, stock=stock, quantity=one.quantity, price_fen=price, unit=unit))
    return lines


def _check_eligibility(claim: Claim) -> None:
    campaign, member = claim.campaign, claim.member
    if claim.store.stage == Store.Stage.SUSPENDED:
        raise NotEligible("这家店暂停营业")
    if campaign.settling not in {Campaign.Settling.EITHER, claim.settling}:
        raise NotEligible(f"这个活动只支持{campaign.get_settling_display()}")
    if claim.fulfilment == Order.Fulfilment.DELIVERY and not campaign.delivers:
        raise NotEligible("这个活动只能到店自提")
    if claim.fulfilment == Order.Fulfilment.DELIVERY and claim.recipient is None:
        raise NotEligible("配送需要填写收货人、电话和地址")
    if campaign.audience == Campaign.Audience.NEWCOMERS and (member is None or not is_newcomer(member.pk)):
        raise NotEligible("这个活动只限新会员")
    _check_limits(claim)


def _check_limits(claim: Claim) -> None:
    """:raises LimitReached:"""
    wanted: dict[int, tuple[CampaignItem, int]] = {}
    for line in claim.lines:
        wanted[line.item.pk] = (line.item, line.quantity + wanted.get(line.item.pk, (line.item, 0))[1])
    for item, count in wanted.values():
        if item.per_order is not None and count > item.per_order:
            raise LimitReached(item, item.per_order)
    limited = [item.pk for item, _ in wanted.values() if item.per_member is not None]
    if not limited or claim.member is None:
        return
    member_id = claim.member.pk
    with connection.cursor() as cursor:  # two requests of one member count one after the other
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"claim|{claim.campaign.pk}|{member_id}"]
        )
    before = bought_before(member_id=member_id, item_ids=limited)
    for item, count in wanted.values():
        if item.per_member is not None and before.get(item.pk, 0) + count > item.per_member:
            raise LimitReached(item, item.per_member)


def _order(claim: Claim, wish: _Wish) -> Order:
    """The order to be: reserved for a time, or confirmed where nothing is to be paid before pick-up."""
    campaign, at = claim.campaign, claim.at
    total = claim.goods_fen + claim.freight_fen
    settled = claim.settling == Order.Settling.SHOP or total == 0
    return Order(
        campaign=campaign, store=claim.store, member=claim.member, request_key=wish.request_key,
        state=Order.State.CONFIRMED if settled else Order.State.RESERVED, settling=claim.settling,
        fulfilment=claim.fulfilment, goods_fen=claim.goods_fen, freight_fen=claim.freight_fen,
        pickup_code=free_code(claim.store.pk) if settled else "", recipient=claim.recipient, note=wish.note,
        link=wish.link, reserved_at=at, confirmed_at=at if settled else None,
        held_until=None if settled else at + timedelta(minutes=campaign.hold_minutes),
    )  # fmt: skip
