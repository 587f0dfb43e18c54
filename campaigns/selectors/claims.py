"""What decides whether a claim may be made."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Sum

from campaigns.models import Campaign, ItemStock, Order, OrderLine, WaitEntry

TAKING = frozenset({Campaign.State.SCHEDULED, Campaign.State.LIVE})
GONE = frozenset({Order.State.CANCELLED, Order.State.LAPSED})


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
