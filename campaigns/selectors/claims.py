"""What decides whether a claim may be made."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import Exists, F, OuterRef, Sum

from campaigns.columns import columns_of
from campaigns.models import Campaign, CampaignItem, ItemStock, Order, OrderLine, WaitEntry

TAKING = frozenset({Campaign.State.SCHEDULED, Campaign.State.LIVE})
GONE = frozenset({Order.State.CANCELLED, Order.State.LAPSED})


_STOCK, _ITEM, _CAMPAIGN = (columns_of(model) for model in (ItemStock, CampaignItem, Campaign))
_STOCKS = f"""
    SELECT {
    ", ".join(
        [*(f"s.{name}" for name in _STOCK), *(f"i.{name}" for name in _ITEM), *(f"c.{name}" for name in _CAMPAIGN)]
    )
}
    FROM campaigns_itemstock s
    JOIN campaigns_campaignitem i ON i.id = s.item_id
    JOIN campaigns_campaign c ON c.id = i.campaign_id
    WHERE c.id = %s AND s.store_id = %s AND s.item_id = ANY(%s)
"""  # noqa: S608 -- our own column names


def stocks_wanted(*, campaign_id: int, store_id: int, item_ids: Collection[int]) -> dict[int, ItemStock]:
    """The scarce rows of some items in one store, by item, fresh with their item and campaign.

    Every claim begins here: it is written by hand since putting the query together cost more than asking it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STOCKS, [campaign_id, store_id, list(item_ids)])
        rows = cursor.fetchall()
    found, second, third = {}, len(_STOCK), len(_STOCK) + len(_ITEM)
    for row in rows:
        stock = ItemStock.from_db(connection.alias, _STOCK, row[:second])
        stock.item = CampaignItem.from_db(connection.alias, _ITEM, row[second:third])
        stock.item.campaign = Campaign.from_db(connection.alias, _CAMPAIGN, row[third:])
        found[stock.item_id] = stock
    return found


def takes_at(campaign: Campaign, at: datetime) -> bool:
    """Whether members may claim at a moment; a scheduled one whose hour has come need not await the sweep."""
    return (
        campaign.state in TAKING
        and campaign.killed_at is None
        and not campaign.is_template
        and campaign.starts_at <= at < campaign.ends_at
    )


def why_closed(campaign: Campaign, at: datetime) -> str:
    """What a member reads who comes when nothing may be claimed."""
    if campaign.killed_at is not None:
        return "活动已停止"
    if campaign.state == Campaign.State.PAUSED:
        return "活动暂停中，请稍后再来"
    if campaign.state in TAKING and at < campaign.starts_at:
        return "活动还没开始"
    if campaign.state in {Campaign.State.DRAFT, Campaign.State.AWAITING} or campaign.is_template:
        return "活动还没发布"
    return "活动已结束"


def bought_before(*, member_id: int, item_ids: list[int]) -> dict[int, int]:
    """How many of each item a member has in orders that stand."""
    rows = (
        OrderLine.objects.filter(order__member=member_id, stock__item__in=item_ids)
        .exclude(order__state__in=GONE)
        .values_list("stock__item")
        .annotate(sum=Sum("quantity"))
        .order_by()
    )
    return {item: int(count) for item, count in rows}


def is_newcomer(member_id: int) -> bool:
    """Whether nothing was ever handed over to this member."""
    had = (Order.State.FULFILLED, Order.State.COMPLETED)
    return not Order.objects.filter(member=member_id, state__in=had).exists()


def stocks_to_offer(*, limit: int) -> list[int]:
    """Stocks somebody waits for although there is some left."""
    waiting = WaitEntry.objects.filter(stock=OuterRef("pk"), state=WaitEntry.State.WAITING)
    left = ItemStock.objects.filter(Exists(waiting), taken__lt=F("quota"), item__campaign__state__in=TAKING)
    return list(left.order_by("pk").values_list("pk", flat=True)[:limit])
