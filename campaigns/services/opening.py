"""Publishing a store's 接龙: checked, carried over from yesterday, and put before the groups in the next slot."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaigns.errors import CampaignRefusal
from campaigns.models import Campaign, CampaignPost, ItemStock, Order, WaitEntry
from campaigns.services import launching, waiting
from campaigns.services.launching import Offer
from communities.models import Theme
from communities.placeholders import ORDER_LINK
from communities.services.content.materials import Content, create_material
from communities.services.content.refusals import ContentIncomplete
from communities.services.planning.own_posts import OwnPostRefused, put_own_post
from communities.services.planning.previewing import StoreSlot, store_day
from stores.models import Staff, Store

_DAYS = 2
_CALLS = {
    Campaign.Play.CHAIN: "开始接龙，{until}。点下面链接，两下就能接上",
    Campaign.Play.GROUP_BUY: "开始拼团，{until}。点下面链接，开团或参团都可以，没拼成全额退",
    Campaign.Play.ONE_YUAN: "新会员首单价，{until}。还没在店里买过的，点下面链接选一件",
}
_UNMET = (WaitEntry.State.WAITING, WaitEntry.State.LAPSED)


@dataclass(frozen=True, slots=True)
class Published:
    """What happened: orders offered to those who missed out before, and where the post stands, or why nowhere."""

    offered: int
    post: str = ""
    no_post: str = ""


def publish_chain(*, campaign: Campaign, by: Staff, at: datetime, posts: bool = True) -> Published:
    """Put a drafted 接龙 on its way; with `posts` also before the groups, in the next slot that takes it.

    A re-run offers first to yesterday's unmet demand, in the order people asked, before anybody else can be faster.

    :raises NotCompliant: with every problem
    :raises CampaignRefusal: nothing to sell, or it is no draft
    """
    with transaction.atomic():
        stocks = list(ItemStock.objects.select_related("item", "store").filter(item__campaign=campaign))
        if not any(stock.quota for stock in stocks):
            raise CampaignRefusal("还没有东西可卖：请先填数量，或者拍几个")
        launching.publish(campaign=campaign, by=by, at=at)
        offered = _carry_over(campaign, stocks, at) if campaign.rerun_of_id else 0
    if not posts or campaign.state == Campaign.State.AWAITING or campaign.store is None:
        return Published(offered)
    try:
        return Published(offered, post=post_to_groups(campaign=campaign, store=campaign.store, by=by, at=at))
    except OwnPostRefused as refusal:
        return Published(offered, no_post=str(refusal))


def post_to_groups(*, campaign: Campaign, store: Store, by: Staff, at: datetime) -> str:
    """Plan the campaign's card into the store's next free slot; when that is. :raises OwnPostRefused: there is none"""
    day, place = _next_slot(campaign, store, at)
    # The placeholder, not the address: each group's post then gets a short link of its own.
    content = Content(
        text=post_words(campaign), product_id=campaign.items.order_by("position").values_list("product", flat=True)[0],
        link_url=f"{{{ORDER_LINK}}}", link_title=campaign.title, link_description=_until(campaign),
    )  # fmt: skip
    with transaction.atomic():
        try:
            material = create_material(
                name=f"{campaign.get_play_display()}：{campaign.title}",
                theme=Theme.OFFER,
                content=content,
                store=store,
                by=by,
                at=at,
            )
        except ContentIncomplete as reason:
            raise OwnPostRefused(str(reason)) from None
        put_own_post(store=store, day=day, slot=place.slot, material=material, by=by, at=at)
        CampaignPost.objects.create(campaign=campaign, material=material)
    return f"{place.slot}" if day == timezone.localdate(at) else f"{day.month}月{day.day}日 {place.slot}"


def address_of(campaign: Campaign) -> str:
    """The address members open; in posts communities puts its own short link before it, one per group."""
    return f"{settings.SITE_URL}/h/{campaign.token}/"


def post_words(campaign: Campaign) -> str:
    """What the group reads above the card."""
    names = "、".join(dict.fromkeys(campaign.items.order_by("position").values_list("name", flat=True)))
    return f"【{campaign.title}】{names}{_CALLS[Campaign.Play(campaign.play)].format(until=_until(campaign))}"


@transaction.atomic
def rerun(*, campaign: Campaign, by: Staff, at: datetime) -> Campaign:
    """Draft the same 接龙 a day later: same goods and prices, pieces to be weighed anew; asked twice, the same draft.

    :raises CampaignRefusal: the first one still runs, or is no store's own
    """
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("store").get(pk=campaign.pk)
    if locked.store is None or locked.play != Campaign.Play.CHAIN:
        raise CampaignRefusal("只有本店的接龙可以再来一单")
    if locked.state not in {Campaign.State.ENDED, Campaign.State.SETTLED}:
        raise CampaignRefusal("这一单还没截单，截单后再开下一单")
    known = locked.reruns.filter(state=Campaign.State.DRAFT).first()
    if known is not None:
        return known
    later = _days_later(locked, at)
    offers = [
        Offer(
            product=item.product, price_fen=item.price_fen, name=item.name, by_piece=item.by_piece,
            per_member=item.per_member, per_order=item.per_order,
            quota=0 if item.by_piece else sum(stock.quota for stock in item.stocks.all()),
        )
        for item in locked.items.select_related("product").prefetch_related("stocks").order_by("position", "pk")
    ]  # fmt: skip
    return launching.open_campaign(
        by=by, play=locked.play, title=locked.title, stores=[locked.store], offers=offers, starts_at=at,
        ends_at=locked.ends_at + later, at=at, rules=locked.rules, photo=locked.photo.name, settling=locked.settling,
        pickup_from=locked.pickup_from + later if locked.pickup_from else None,
        pickup_until=locked.pickup_until + later if locked.pickup_until else None,
        hold_minutes=locked.hold_minutes, delivers=locked.delivers, rerun_of=locked,
        needs_approval=locked.needs_approval, template=locked.template,
    )  # fmt: skip


def unmet(campaign: Campaign) -> list[WaitEntry]:
    """Who asked and got nothing, in the order they asked."""
    asked = WaitEntry.objects.filter(stock__item__campaign=campaign, state__in=_UNMET, offer=None)
    got = set(
        Order.objects.filter(campaign=campaign)
        .exclude(state__in=[Order.State.CANCELLED, Order.State.LAPSED])
        .values_list("member", flat=True)
    )
    first: dict[tuple[int, int], WaitEntry] = {}
    for entry in asked.select_related("stock__item").order_by("asked_at", "pk"):
        if entry.member_id not in got:
            first.setdefault((entry.stock.item.product_id, entry.member_id), entry)
    return list(first.values())


def _carry_over(campaign: Campaign, stocks: list[ItemStock], at: datetime) -> int:
    assert campaign.rerun_of is not None  # noqa: S101 -- the caller asked
    here = {stock.item.product_id: stock for stock in stocks}
    moved: set[int] = set()
    for place, entry in enumerate(unmet(campaign.rerun_of)):
        stock = here.get(entry.stock.item.product_id)
        if stock is None:
            continue
        asked_at = at + timedelta(microseconds=place)  # the order of yesterday, before anybody of today
        WaitEntry.objects.create(stock=stock, member_id=entry.member_id, quantity=entry.quantity, asked_at=asked_at)
        moved.add(stock.pk)
    return sum(len(waiting.offer_freed(stock_id=stock_id, at=at)) for stock_id in sorted(moved))


def _next_slot(campaign: Campaign, store: Store, at: datetime) -> tuple[date, StoreSlot]:
    today = timezone.localdate(at)
    for number in range(_DAYS):
        day = today + timedelta(days=number)
        for place in store_day(store=store, day=day, at=at).slots:
            if not place.is_past and not place.is_must_do and not place.has_own and place.due_at < campaign.ends_at:
                return day, place
    raise OwnPostRefused("截单前没有空的时段了，请把链接发到群里")


def _until(campaign: Campaign) -> str:
    ends = timezone.localtime(campaign.ends_at)
    return f"{ends.month}月{ends.day}日 {ends:%H:%M} 截单"


def _days_later(campaign: Campaign, at: datetime) -> timedelta:
    """Whole days, so that the hours stay the same and the cut-off lies ahead."""
    days = 1
    while campaign.ends_at + timedelta(days=days) <= at:
        days += 1
    return timedelta(days=days)
