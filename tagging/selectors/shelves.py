"""What a store can hand over today, and who must not be recommended anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from members.models import Consent
from stores.models import StoreProduct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagging.recommending.facts import Bools


def stocked_products(store_id: int) -> set[int] | None:
    """The products on sale and in stock; None for a store that has told nothing of its shelf."""
    rows = list(StoreProduct.objects.filter(store=store_id).values_list("product", "on_sale", "stock"))
    return {product for product, on_sale, stock in rows if on_sale and stock > 0} if rows else None


def shelf_mask(store_id: int, products: np.ndarray) -> Bools | None:
    stocked = stocked_products(store_id)
    return None if stocked is None else np.isin(products, list(stocked))


def opted_out(*, store_id: int | None = None, members: Iterable[int] | None = None, purpose: str) -> set[int]:
    """The members whose newest word on a purpose is that they take it back."""
    consents = Consent.objects.filter(purpose=purpose)
    if store_id is not None:
        consents = consents.filter(member__home_store=store_id)
    if members is not None:
        consents = consents.filter(member__in=members)
    newest = consents.order_by("member", "-at", "-pk").distinct("member").values_list("member", "decision")
    return {member for member, decision in newest if decision == Consent.Decision.WITHDRAWN}
