"""Campaigns as the people of a store, a region and HQ see them: lists, entries, what to pick and pack."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, CampaignItem, ChainEntry, ItemStock, Order, OrderLine
from campaigns.selectors.boards import goods_words
from campaigns.selectors.claims import GONE
from stores.models import Staff, Store
from stores.selectors import stores_for

RUNNING = (Campaign.State.LIVE, Campaign.State.PAUSED, Campaign.State.SCHEDULED, Campaign.State.AWAITING)
TO_PICK = (Order.State.CONFIRMED,)


def campaigns_for(user: Staff | AnonymousUser) -> QuerySet[Campaign]:
    """The campaigns that run in the stores this user may see; a campaign outside is a 404. Templates are not here."""
    campaigns = Campaign.objects.filter(is_template=False)
    if isinstance(user, Staff) and user.is_active and user.is_hq:
        return campaigns
    stores = stores_for(user)
    here = ItemStock.objects.filter(item__campaign=OuterRef("pk"), store__in=stores)
    return campaigns.filter(Q(store__in=stores) | Exists(here))


def templates_for(user: Staff) -> QuerySet[Campaign]:
    """HQ's templates a store may open its own from; drafts only HQ sees."""
    templates = Campaign.objects.filter(is_template=True).prefetch_related("items__product")
    return templates if user.is_hq else templates.filter(state=Campaign.State.LIVE)


def campaign_rows(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Campaigns as a list shows them: orders that stand, and what there is and what is gone."""
    standing = Count("orders", filter=~Q(orders__state__in=GONE), distinct=True)
    stock = ItemStock.objects.filter(item__campaign=OuterRef("pk")).order_by().values("item__campaign")
    return campaigns.select_related("store").annotate(
        joined=standing,
        quota=Coalesce(stock.annotate(n=Sum("quota")).values("n")[:1], 0),
        taken=Coalesce(stock.annotate(n=Sum("taken")).values("n")[:1], 0),
    )


def stocks_of(campaign: Campaign, store: Store) -> list[ItemStock]:
    """What a store has of a campaign, with pieces and how many wait."""
    return list(
        ItemStock.objects.filter(item__campaign=campaign, store=store)
        .select_related("item__product", "item__campaign", "store")
        .annotate(waiting=Count("queue", filter=Q(queue__state="waiting")))
        .prefetch_related("units")
        .order_by("item__position", "item_id")
    )


def entries_of(campaign: Campaign, store: Store) -> QuerySet[ChainEntry]:
    """The numbered list as the store sees it: names, goods and states."""
    lines = OrderLine.objects.select_related("stock__item", "unit").order_by("pk")
    return (
        ChainEntry.objects.filter(board__campaign=campaign, board__store=store)
        .select_related("order__member")
        .prefetch_related(Prefetch("order__lines", queryset=lines))
        .order_by("number")
    )


@dataclass(slots=True)
class Pick:
    """What to take from the shelf of one item; `pieces` by number where they are single."""

    item: CampaignItem
    quantity: int = 0
    pieces: list[str] = field(default_factory=list)


def pick_list(campaign: Campaign, store: Store) -> list[Pick]:
    """Everything confirmed and not handed over yet, by item; one query."""
    picks: dict[int, Pick] = {}
    lines = OrderLine.objects.filter(
        order__campaign=campaign, order__store=store, order__state__in=TO_PICK
    ).select_related("stock__item__product", "unit")  # fmt: skip
    for line in lines.order_by("stock__item__position", "stock__item", "unit__number"):
        pick = picks.setdefault(line.stock.item_id, Pick(line.stock.item))
        pick.quantity += line.quantity
        if line.unit:
            pick.pieces.append(f"{line.unit.number}号 {line.unit.weight_g / 500:.2f}斤")
    return list(picks.values())


def copy_out(campaign: Campaign, store: Store) -> str:
    """The list in the group's own form, to be pasted into the chat; cancelled lines keep their number."""
    words = [f"#接龙 {campaign.title}"]
    for entry in entries_of(campaign, store):
        goods = goods_words(entry.order.lines.all())
        gone = " 取消" if entry.order.state in GONE else ""
        words.append(f"{entry.number}. {entry.name or '顾客'} {goods}{gone}")
    return "\n".join(words)


def waiting_by_product(campaign: Campaign) -> dict[int, int]:
    """How many still wait for each product."""
    counts: dict[int, int] = defaultdict(int)
    for stock in (
        ItemStock.objects.filter(item__campaign=campaign)
        .annotate(n=Count("queue", filter=Q(queue__state="waiting")))
        .select_related("item")
    ):
        counts[stock.item.product_id] += stock.n
    return counts
