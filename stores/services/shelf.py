"""Prices, stock and what is on sale in one store."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from stores.models import Staff, StoreProduct
from stores.selectors import may_change_shelf
from stores.services.auditing import audit


@dataclass(frozen=True)
class ShelfState:
    """What a store asks for an article (fen per unit) and holds of it (gram, or whole units)."""

    price_fen: int
    stock: int
    on_sale: bool

    @classmethod
    def of(cls, item: StoreProduct) -> "ShelfState":
        return cls(price_fen=item.price_fen, stock=item.stock, on_sale=item.on_sale)


class ShelfChangeRefused(Exception):
    """The person may not change this shelf."""


class ShelfChangedMeanwhile(Exception):
    """Someone else changed the article since it was looked at; `item` now holds the newer state."""


@transaction.atomic
def change_shelf(
    *, item: StoreProduct, seen: ShelfState, wanted: ShelfState, actor: Staff, at: datetime
) -> StoreProduct:
    """Change an article from the state a person saw to the one they want; a repeated call changes nothing.

    The state seen is the condition of the update, so a sale or a colleague in between is never overwritten unseen.

    :raises ShelfChangeRefused: neither HQ nor the store's manager
    :raises ShelfChangedMeanwhile: the article no longer is as it was seen
    """
    if not may_change_shelf(actor, item.store):
        raise ShelfChangeRefused
    changed = (
        StoreProduct.objects.filter(pk=item.pk, **asdict(seen)).update(**asdict(wanted), updated_at=at)
        if wanted != seen
        else 0
    )
    item.refresh_from_db(fields=["price_fen", "stock", "on_sale", "updated_at"])
    if ShelfState.of(item) != wanted:
        raise ShelfChangedMeanwhile
    if changed:
        audit(
            actor=actor, action="shelf.changed", at=at, target=f"product:{item.product_id}", store=item.store,
            detail={"from": asdict(seen), "to": asdict(wanted)},
        )  # fmt: skip
    return item
