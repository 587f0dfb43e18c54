"""What other systems are told of campaigns and orders: ids, codes and sums, never who somebody is."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from campaigns.models import Campaign, Order
from stores.services.webhooks.emitting import emit


def tell_order(*, event: str, order: Order, amount_fen: int, at: datetime) -> None:
    """Leave word that money of an order moved (`order.paid`, `order.refunded`) or that it was handed over."""

    def rows() -> Iterable[dict[str, Any]]:
        yield {
            "order": order.pk, "store": order.store.code, "campaign": order.campaign_id, "amount_fen": amount_fen,
            "at": at.isoformat(),
        }  # fmt: skip

    emit(event=event, at=at, rows=rows)


def tell_ended(*, campaign_ids: Sequence[int], at: datetime) -> None:
    """Leave word that campaigns take no more orders."""

    def rows() -> Iterable[dict[str, Any]]:
        for one in Campaign.objects.filter(pk__in=campaign_ids).select_related("store").order_by("pk"):
            yield {
                "campaign": one.pk, "title": one.title, "play": one.play, "at": at.isoformat(),
                "store": one.store.code if one.store is not None else None, "killed": one.killed_at is not None,
            }  # fmt: skip

    if campaign_ids:
        emit(event="campaign.ended", at=at, rows=rows)
