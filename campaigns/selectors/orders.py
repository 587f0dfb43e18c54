"""A member's orders as she sees them, and a store's as its staff see them."""

from django.db.models import Prefetch, QuerySet

from campaigns.models import Order, OrderLine
from members.models import Member

State = Order.State
LIVE = (State.RESERVED, State.CONFIRMED)


def orders_of(member: Member) -> QuerySet[Order]:
    """Her orders, newest first, with what a row shows; always the same few queries."""
    return with_lines(Order.objects.filter(member=member)).order_by("-reserved_at", "-pk")


def with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Orders with their campaign, store and goods."""
    lines = OrderLine.objects.select_related("stock__item__product", "unit").order_by("pk")
    return orders.select_related("campaign", "store").prefetch_related(Prefetch("lines", queryset=lines))
