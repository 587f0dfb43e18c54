"""A campaign's life: drafted, published after its checks, approved where HQ wants it, paused, stopped, ended."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns import tasks
from campaigns.errors import CampaignRefusal, Frozen, NotCompliant
from campaigns.models import Board, Campaign, CampaignItem, ChainUnit, ItemStock
from campaigns.selectors.claims import TAKING
from campaigns.services import compliance, waiting
from campaigns.services.telling import tell_ended
from stores.models import Product, Region, Staff, Store
from stores.services.auditing import audit

_BATCH = 2_000
_OVER = frozenset({Campaign.State.ENDED, Campaign.State.SETTLED})


@dataclass(frozen=True, slots=True)
class Piece:
    """One physical piece: weight in gram, price in fen, and its photo's name in storage."""

    weight_g: int
    price_fen: int
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """An item to be, with what each store has of it; the quota of goods sold by the piece is its pieces."""

    product: Product
    price_fen: int
    quota: int = 0
    name: str = ""
    list_price_fen: int | None = None
    part: str = CampaignItem.Part.OFFER
    per_member: int | None = None
    per_order: int | None = None
    pieces: Sequence[Piece] = ()
    by_piece: bool = False


@transaction.atomic
def open_campaign(
    *, by: Staff | None, play: str, title: str, stores: Sequence[Store], offers: Sequence[Offer], starts_at: datetime,
    ends_at: datetime, at: datetime, scope: str = Campaign.Scope.STORE, region: Region | None = None,
    groups: Iterable[Any] = (), **settings: Any,
) -> Campaign:  # fmt: skip
    """Draft a campaign with its items, each store's stock and list. `settings` are further fields of `Campaign`.

    :raises CampaignRefusal: no store or nothing to sell
    """
    if not stores and not settings.get("is_template"):
        raise CampaignRefusal("请选择门店")
    if not offers:
        raise CampaignRefusal("请至少放一个商品")
    campaign = Campaign.objects.create(
        play=play, title=title, scope=scope, region=region, starts_at=starts_at, ends_at=ends_at, made_by=by,
        made_at=at, store=stores[0] if scope == Campaign.Scope.STORE and stores else None, **settings,
    )  # fmt: skip
    campaign.groups.set(groups)
    for position, offer in enumerate(offers):
        add_item(campaign=campaign, stores=stores, offer=offer, position=position)
    Board.objects.bulk_create([Board(campaign=campaign, store=store) for store in stores], batch_size=_BATCH)
    return campaign


@transaction.atomic
def add_item(*, campaign: Campaign, stores: Sequence[Store], offer: Offer, position: int = 0) -> CampaignItem:
    """Put one more thing into a campaign, with its stock in each store; possible while it runs."""
    by_piece = offer.by_piece or bool(offer.pieces)
    item = CampaignItem.objects.create(
        campaign=campaign, product=offer.product, name=offer.name or offer.product.name, part=offer.part,
        price_fen=offer.price_fen, list_price_fen=offer.list_price_fen, by_piece=by_piece,
        per_member=offer.per_member, per_order=offer.per_order, position=position,
    )  # fmt: skip
    quota = len(offer.pieces) if by_piece else offer.quota
    stocks = ItemStock.objects.bulk_create(
        [ItemStock(item=item, store=store, quota=quota) for store in stores], batch_size=_BATCH
    )
    ChainUnit.objects.bulk_create(
        [
            ChainUnit(stock=stock, number=number, weight_g=piece.weight_g, price_fen=piece.price_fen, photo=piece.photo)
            for stock in stocks
            for number, piece in enumerate(offer.pieces, start=1)
        ],
        batch_size=_BATCH,
    )
    return item


def publish(*, campaign: Campaign, by: Staff | None, at: datetime) -> Campaign:
    """Check a draft and put it on its way: to HQ where it needs approval, else on the calendar, or live at once.

    :raises NotCompliant: with every problem
    :raises CampaignRefusal: it is no draft
    """
    problems = compliance.problems_of(campaign, at=at)
    if problems:
        raise NotCompliant(problems)
    waits = campaign.needs_approval and not (by is not None and by.is_hq)
    state = Campaign.State.AWAITING if waits else _running_state(campaign, at)
    return _move(
        campaign, "published", by, at, allowed={Campaign.State.DRAFT}, change=lambda row: _set(row, state=state)
    )


def approve(*, campaign: Campaign, by: Staff, at: datetime) -> Campaign:
    """HQ lets an awaiting campaign go ahead. :raises CampaignRefusal: not awaiting, or not HQ's decision"""
    if not by.is_hq:
        raise CampaignRefusal("只有总部可以审核")
    problems = compliance.problems_of(campaign, at=at)
    if problems:
        raise NotCompliant(problems)
    return _move(
        campaign, "approved", by, at, allowed={Campaign.State.AWAITING},
        change=lambda row: _set(row, state=_running_state(row, at), approved_by=by, approved_at=at),
    )  # fmt: skip


def send_back(*, campaign: Campaign, by: Staff, reason: str, at: datetime) -> Campaign:
    """HQ returns an awaiting campaign to its makers, with a reason in the trail."""
    if not by.is_hq:
        raise CampaignRefusal("只有总部可以审核")
    return _move(
        campaign, "sent_back", by, at, allowed={Campaign.State.AWAITING}, detail={"reason": reason},
        change=lambda row: _set(row, state=Campaign.State.DRAFT),
    )  # fmt: skip


def pause(*, campaign: Campaign, by: Staff | None, at: datetime) -> Campaign:
    """Take no claims for now; what is held or paid stands."""
    return _move(campaign, "paused", by, at, allowed=TAKING, change=lambda row: _set(row, state=Campaign.State.PAUSED))


def resume(*, campaign: Campaign, by: Staff | None, at: datetime) -> Campaign:
    """Take claims again."""
    return _move(
        campaign, "resumed", by, at, allowed={Campaign.State.PAUSED},
        change=lambda row: _set(row, state=_running_state(row, at)),
    )  # fmt: skip


def end(*, campaign: Campaign, by: Staff | None, at: datetime) -> Campaign:
    """Cut off before the hour; what is paid or confirmed is prepared and handed over."""
    return _move(
        campaign, "ended", by, at, allowed={*TAKING, Campaign.State.PAUSED},
        change=lambda row: _set(row, state=Campaign.State.ENDED),
    )  # fmt: skip


def kill(*, campaign: Campaign, by: Staff | None, reason: str, at: datetime) -> Campaign:
    """The kill switch: from the next claim on nothing is taken, and money that still comes goes back.

    What it leaves behind (posts, reservations, teams, queues) is cleared at once by a task, and by the minute's sweep
    where that died (`services.stopping`). What is confirmed stands until somebody cancels it. Works in every state,
    twice too.
    """
    with transaction.atomic():
        _move(
            campaign, "killed", by, at, allowed=set(Campaign.State), detail={"reason": reason},
            change=lambda row: _set(row, killed_at=row.killed_at or at, state=_after_kill(row)),
        )  # fmt: skip
        tasks.fast_clear_stopped.delay_on_commit(campaign_id=campaign.pk)
    return campaign


def change_item(*, item: CampaignItem, by: Staff | None, at: datetime, **fields: Any) -> CampaignItem:
    """Change price, listed price or limits of an item nobody has claimed yet.

    :raises Frozen: somebody has; a claim at the same moment either sees the change or forbids it
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=item.campaign_id)
        if campaign.frozen_at is not None:
            raise Frozen
        for name, value in fields.items():
            if name not in {"name", "price_fen", "list_price_fen", "per_member", "per_order", "position"}:
                raise TypeError(f"{name} is no field one changes")
            setattr(item, name, value)
        item.save(update_fields=list(fields))
    audit(actor=by, action="campaign.item_changed", target=f"campaign:{campaign.pk}", at=at, detail=dict(fields))
    return item


def change_quota(*, stock: ItemStock, quota: int, at: datetime) -> None:
    """Raise or lower how many there are, never below what is taken; more goods go to the queue first.

    :raises CampaignRefusal: fewer than are taken, or goods that are counted by their pieces
    """
    if stock.item.by_piece:
        raise CampaignRefusal("按个卖的商品，请增减单件")
    with transaction.atomic():
        if quota < 0 or not ItemStock.objects.filter(pk=stock.pk, taken__lte=quota).update(quota=quota):
            raise CampaignRefusal("数量不能少于已经卖出的")
        waiting.offer_freed(stock_id=stock.pk, at=at)


def _running_state(campaign: Campaign, at: datetime) -> Campaign.State:
    return Campaign.State.LIVE if campaign.starts_at <= at else Campaign.State.SCHEDULED


def _after_kill(campaign: Campaign) -> str:
    return campaign.state if campaign.state in _OVER else Campaign.State.ENDED


def _set(campaign: Campaign, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(campaign, name, value)


@transaction.atomic
def _move(
    campaign: Campaign, deed: str, by: Staff | None, at: datetime, *, allowed: Iterable[str],
    change: Callable[[Campaign], None], detail: dict[str, Any] | None = None,
) -> Campaign:  # fmt: skip
    """Change a campaign under its lock, with a line in the trail; the caller's object follows.

    :raises CampaignRefusal: its state does not allow it
    """
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if locked.state not in set(allowed) or (locked.killed_at is not None and deed != "killed"):
        raise CampaignRefusal(f"活动{'已停止' if locked.killed_at else locked.get_state_display()}，不能这样操作")
    was_over = locked.state in _OVER
    change(locked)
    locked.save(update_fields=["state", "approved_by", "approved_at", "killed_at"])
    _set(
        campaign, state=locked.state, approved_by=locked.approved_by, approved_at=locked.approved_at,
        killed_at=locked.killed_at,
    )  # fmt: skip
    audit(
        actor=by, action=f"campaign.{deed}", target=f"campaign:{campaign.pk}", store=locked.store, at=at,
        detail=detail or {},
    )  # fmt: skip
    if locked.state in _OVER and not was_over and not locked.is_template:
        tell_ended(campaign_ids=[locked.pk], at=at)
    return campaign
