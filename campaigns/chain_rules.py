"""What 接龙 adds to an order's life: communities hears of each entry, so that posts are credited with it."""

from datetime import datetime

from campaigns.models import Order
from campaigns.plays_registry import Claim, PlayRules
from communities.services.feedback.entries import record_entry, withdraw_entry


class ChainRules(PlayRules):
    """接龙 decides nothing of its own; it tells."""

    def on_reserved(self, order: Order, claim: Claim) -> None:
        """An entry is one from the moment its goods are held."""
        record_entry(key=_key(order), store_id=order.store_id, member_id=order.member_id, link=order.link, at=claim.at)

    def on_lapsed(self, order: Order, *, at: datetime) -> None:
        withdraw_entry(key=_key(order), at=at)

    def on_cancelled(self, order: Order, *, at: datetime) -> None:
        withdraw_entry(key=_key(order), at=at)


def _key(order: Order) -> str:
    return f"order:{order.pk}"
