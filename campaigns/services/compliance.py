"""What the law and the platform want of a campaign before anybody sees it (wecom.md §8)."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import DecimalField, ExpressionWrapper, F, Min
from django.db.models.functions import Coalesce

from campaigns import plays_registry
from campaigns.models import Campaign, CampaignItem
from communities.services.content.banned import current_words, plain
from members.models import Purchase
from stores.models import StoreProduct

_REFERENCE_DAYS = timedelta(days=7)  # 规范促销行为暂行规定: the lowest deal of the seven days before
_SHOWN = 5
# A 1元购 that looks like a draw is what was classed as gambling in 2017; a plan with levels is pyramid selling.
_DRAW = ("抽奖", "夺宝", "开奖", "中奖", "摇号", "云购", "拼手气", "幸运号")
_LEVELS = ("二级", "三级", "多级", "下级", "下线", "团队奖", "团队计酬", "代理返", "裂变奖", "拉人头", "入门费")


def problems_of(campaign: Campaign, *, at: datetime) -> list[str]:
    """Everything that forbids publishing, one Chinese sentence each; empty when it may go."""
    items = list(campaign.items.order_by("position", "pk"))
    return [
        *_times(campaign, at),
        *_items(items),
        *_wording(campaign, items),
        # A template has no store whose prices could be the basis; what is opened from it is checked.
        *([] if campaign.is_template else _reference_prices(items, at)),
        *plays_registry.rules_of(campaign).problems(campaign),
    ]


def _times(campaign: Campaign, at: datetime) -> list[str]:
    problems = []
    if campaign.ends_at <= at:
        problems.append("截单时间已经过去")
    if campaign.pickup_until is not None and campaign.pickup_until <= campaign.starts_at:
        problems.append("自提截止早于活动开始")
    return problems


def _items(items: list[CampaignItem]) -> list[str]:
    problems = [] if items else ["还没有商品"]
    for item in items:
        if item.price_fen <= 0 and not item.by_piece:
            problems.append(f"{item.name}没有价格")
        if item.by_piece and item.list_price_fen is not None:
            problems.append(f"{item.name}按个卖，每个重量不同，不能写划线价")
    return problems


def _wording(campaign: Campaign, items: list[CampaignItem]) -> list[str]:
    text = "\n".join([campaign.title, campaign.rules, *(item.name for item in items)])
    problems = [f"「{hit.said}」{hit.reason}" for hit in current_words().find(text)]
    looked = plain(text).text
    problems += [f"「{word}」：活动只能按固定价格销售，不能抽奖" for word in _DRAW if word in looked]
    problems += [f"「{word}」：推荐只能一级，不能按人头或层级给好处" for word in _LEVELS if word in looked]
    return problems


def _reference_prices(items: list[CampaignItem], at: datetime) -> list[str]:
    """A struck-through price is at most the lowest price of the last seven days in any store that shows it.

    1元购 sales do not count: one yuan for a newcomer's first order is not the shop's price. Where nothing was sold in
    the week, the shelf's price is the basis.
    """
    listed = [item for item in items if item.list_price_fen is not None and not item.by_piece]
    if not listed:
        return []
    stores = list(listed[0].stocks.values_list("store", flat=True))
    products = {item.product_id for item in listed}
    lowest = _lowest_deals(stores, products, at)
    shelf = dict(
        StoreProduct.objects.filter(store__in=stores, product__in=products, on_sale=True)
        .values_list("product")
        .annotate(low=Min("price_fen"))
        .order_by()
    )
    problems = []
    for item in listed:
        basis = lowest.get(item.product_id, shelf.get(item.product_id))
        if basis is None:
            problems.append(f"{item.name}没有成交记录，也没有货架价，不能写划线价")
        elif (item.list_price_fen or 0) > basis:
            problems.append(
                f"{item.name}的划线价 {_yuan(item.list_price_fen or 0)} 高于近 7 天最低价 {_yuan(basis)}"
                if item.product_id in lowest
                else f"{item.name}的划线价 {_yuan(item.list_price_fen or 0)} 高于货架价 {_yuan(basis)}"
            )
        if (item.list_price_fen or 0) <= item.price_fen:
            problems.append(f"{item.name}的划线价不高于活动价")
    return problems


def _lowest_deals(stores: list[int], products: set[int], at: datetime) -> dict[int, int]:
    """Product → the lowest price of one unit, in fen, over the week before."""
    one_yuan = list(
        Campaign.objects.filter(play=Campaign.Play.ONE_YUAN, ends_at__gte=at - _REFERENCE_DAYS).values_list(
            "pk", flat=True
        )
    )
    paid_each = ExpressionWrapper(F("paid_fen") / F("quantity"), output_field=DecimalField())
    deals = Purchase.objects.filter(
        store__in=stores, product__in=products, bought_at__gte=at - _REFERENCE_DAYS, bought_at__lt=at, quantity__gt=0,
        paid_fen__gt=0,
    ).exclude(campaign_id__in=one_yuan)  # fmt: skip
    rows = deals.values_list("product").annotate(
        low=Min(Coalesce("unit_price_fen", paid_each, output_field=DecimalField()))
    )
    return {product: int(Decimal(low).quantize(Decimal(1), rounding=ROUND_HALF_UP)) for product, low in rows.order_by()}


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f} 元"
