"""Campaigns and orders as records for other systems: only what happened in the stores one sees."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigIntegerField, Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, CampaignItem, ItemStock, Order, OrderLine
from campaigns.selectors.claims import GONE
from campaigns.selectors.staffing import campaigns_for
from members.selectors.scope import sees_whole_chain
from stores.models import Staff
from stores.selectors import stores_for


def campaign_records(user: Staff | AnonymousUser) -> QuerySet[Campaign]:
    """The campaigns of one's stores with the sums of those stores alone: orders that stand, goods there and gone."""
    orders, stock = orders_for(user), ItemStock.objects.filter(item__campaign=OuterRef("pk"))
    if not sees_whole_chain(user):
        stock = stock.filter(store__in=stores_for(user))
    standing = orders.filter(~Q(state__in=GONE), campaign=OuterRef("pk")).order_by().values("campaign")
    held = stock.order_by().values("item__campaign")
    return campaigns_for(user).select_related("store").annotate(
        standing=_number(standing.annotate(n=Count("pk"))),
        quota=_number(held.annotate(n=Sum("quota"))),
        taken=_number(held.annotate(n=Sum("taken"))),
    )  # fmt: skip


def with_items(campaigns: QuerySet[Campaign], user: Staff | AnonymousUser) -> QuerySet[Campaign]:
    """Those with their goods, and what each of one's stores has of them."""
    stocks = ItemStock.objects.select_related("store").order_by("store__code")
    if not sees_whole_chain(user):
        stocks = stocks.filter(store__in=stores_for(user))
    items = CampaignItem.objects.select_related("product").order_by("position", "pk")
    return campaigns.prefetch_related(
        Prefetch("items", queryset=items.prefetch_related(Prefetch("stocks", queryset=stocks)))
    )


def orders_for(user: Staff | AnonymousUser) -> QuerySet[Order]:
    """The orders placed in the stores this user sees."""
    return Order.objects.all() if sees_whole_chain(user) else Order.objects.filter(store__in=stores_for(user))


def order_records(user: Staff | AnonymousUser) -> QuerySet[Order]:
    """Those with store and goods; nothing of whoever ordered but her id."""
    lines = OrderLine.objects.select_related("stock__item__product", "unit").order_by("pk")
    return orders_for(user).select_related("store").prefetch_related(Prefetch("lines", queryset=lines))


def _number(counted: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(counted.values("n")[:1], output_field=BigIntegerField()), 0)
