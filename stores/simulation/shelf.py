"""Articles of the chain, and what each store carries, asks and holds."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from stores.models import Store
from stores.simulation.catalogue import CATALOGUE
from stores.simulation.chain import SimulatedStore
from stores.simulation.loading import Loader, flags, reserve_ids, texts

_TIER_FACTOR = {1: 1.18, 2: 1.08, 3: 1.0, 4: 0.94, 5: 0.88}
_CARRIED = 0.88  # an article outside the core range is on so many shelves
_CORE_POPULARITY = 7
_CENTS = np.array([80, 90, 50, 80, 90])
_CHEAP_FEN = 400

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One store's range: `price_fen` and `weight` (0 out of season or not carried) by article and month (0–11)."""

    price_fen: npt.NDArray[np.int64]
    weight: Matrix


def season_weights() -> Matrix:
    """How much each article belongs to each month (articles × 12): 1 in season, ½ in a shoulder month, else 0."""
    weights = np.zeros((len(CATALOGUE), 12))
    for i, fruit in enumerate(CATALOGUE):
        weights[i, [month - 1 for month in fruit.months]] = 1.0
        if len(fruit.months) < 12:  # noqa: PLR2004 -- all year round has no shoulders
            weights[i, fruit.months[0] - 1] = weights[i, fruit.months[-1] - 1] = 0.5
    return weights


_SEASON = season_weights()
_POPULARITY = np.array([fruit.popularity for fruit in CATALOGUE])
_BASE_FEN = np.array([fruit.price_fen for fruit in CATALOGUE], float)


def add_products(loader: Loader) -> list[int]:
    """Queue the catalogue; returns the article ids in its order."""
    first = reserve_ids("stores_product", len(CATALOGUE))
    ids = list(range(first, first + len(CATALOGUE)))
    loader.add(
        "stores_product",
        {
            "id": texts(ids),
            "code": [fruit.code for fruit in CATALOGUE],
            "name": [fruit.name for fruit in CATALOGUE],
            "category": [fruit.category for fruit in CATALOGUE],
            "variety": [fruit.variety for fruit in CATALOGUE],
            "unit": [fruit.unit for fruit in CATALOGUE],
            "picture": ["" for _ in CATALOGUE],
            "is_active": flags(True for _ in CATALOGUE),
        },
    )
    return ids


def draw_shelf(*, store: SimulatedStore, seed: int) -> Shelf:
    """What a store carries and asks through the year; prices follow the city's tier, the store and the season."""
    rng = np.random.default_rng([seed, 1, store.index])
    carried = (rng.random(len(CATALOGUE)) < _CARRIED) | (_POPULARITY >= _CORE_POPULARITY)
    local = rng.normal(0, 0.25, len(CATALOGUE))
    level = _TIER_FACTOR[store.city.tier] * rng.lognormal(0, 0.03)
    raw = _BASE_FEN * level * rng.lognormal(0, 0.04, len(CATALOGUE))
    # A full season is a cheap one; the first and last month cost more.
    by_month = raw[:, None] * np.where(_SEASON == 1, 1.0, 1.15)
    whole = np.maximum(by_month // 100, 1).astype(np.int64) * 100
    cents = _CENTS[rng.integers(0, len(_CENTS), len(CATALOGUE))]
    tidy = np.where(by_month < _CHEAP_FEN, (by_month // 10).astype(np.int64) * 10, whole + cents[:, None])
    weight = _SEASON * np.where(carried, _POPULARITY * np.exp(local), 0.0)[:, None]
    return Shelf(price_fen=tidy, weight=weight)


def add_shelf(
    *, loader: Loader, store: SimulatedStore, shelf: Shelf, product_ids: list[int], until: date, seed: int
) -> None:
    """Queue the store's prices and stock as of the last day: what is in season and carried; nothing before opening."""
    if store.opened_on is None:
        return
    rng = np.random.default_rng([seed, 2, store.index])
    month = until.month - 1
    chosen = np.flatnonzero(shelf.weight[:, month])
    by_weight = np.array([CATALOGUE[i].unit == "jin" for i in chosen])
    usual = np.array([CATALOGUE[i].usual for i in chosen])
    customers = rng.gamma(4.0, 4.0, len(chosen)) * (rng.random(len(chosen)) > 0.04)  # noqa: PLR2004 -- sold out
    stock = np.where(by_weight, np.round(customers * usual * 500, -1), np.round(customers * usual / 2)).astype(int)
    trading = store.stage != Store.Stage.SUSPENDED
    on_sale = (rng.random(len(chosen)) < 0.97) & trading  # noqa: PLR2004 -- a few are held back
    loader.add(
        "stores_storeproduct",
        {
            "store_id": [str(store.id)] * len(chosen),
            "product_id": texts(product_ids[i] for i in chosen),
            "price_fen": texts(shelf.price_fen[chosen, month].tolist()),
            "stock": texts((stock if trading else stock * 0).tolist()),
            "on_sale": flags(on_sale.tolist()),
            "updated_at": [f"{until} 08:00:00+08"] * len(chosen),
        },
    )
