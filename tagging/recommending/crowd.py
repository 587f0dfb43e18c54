"""What everybody's purchases say on a day: the season, the fashion, what goes with what, and what a new thing may sell.

Learnt once for all members (a sample of them is enough), then applied to each member's own history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending.launching import expected_demand

if TYPE_CHECKING:
    from tagging.recommending.facts import Bools, Catalogue, Floats, History, Ints

YEAR = 365
MONTH = 28
SEASON_SLACK = 7  # days by which a season may come earlier or later than last year
_YEARS_BACK = 7
_FADING = 0.7  # what a year counts beside the one after it
_RARE = 3e-3  # smallest share told apart from nothing
_EASE_RIDGE = 0.1  # of the members; EASE's only setting (Steck 2019)
_SMALLEST_RIDGE = 5.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """`popularity`, `season`, `month` are log shares of the members active then; `affinity` is EASE's item matrix."""

    as_of: int
    horizon: int
    popularity: Floats  # over the last year
    season: Floats  # in the same weeks of former years, a newcomer's as its taste lets expect
    month: Floats  # in the last 28 days
    affinity: Floats  # (products, products): what a purchase of the row says for the column
    category_share: Floats  # (categories,)
    taste: Floats  # (products, axes), standardised by what is bought; 0 where nobody knows
    seen: Bools  # bought by anybody before


def read_crowd(history: History, catalogue: Catalogue, *, as_of: int, horizon: int) -> Crowd:
    """Learn from what was bought until `as_of` what the next `horizon` days may bring."""
    past = history.until(as_of)
    bought = past.table(catalogue.size)
    seen = bought.sum(0) > 0
    year = past.between(as_of - YEAR, as_of)
    popularity = _log_share(year, catalogue.size, most=10)
    season = _season(past, catalogue.size, as_of=as_of, horizon=horizon)
    if season is None:  # the first year has no season to look back on
        season = popularity.copy()
    # What came on sale since had no season a year ago: its sales so far stand in.
    young = _first_day(past, catalogue.size) > as_of - YEAR
    season = np.where(young & seen, np.maximum(season, popularity), season)
    unseen = ~seen & catalogue.offered
    if unseen.any():
        season[unseen] = expected_demand(season, taste=catalogue.taste, known=seen & catalogue.offered)[unseen]
    shares = np.bincount(catalogue.category[past.product], minlength=catalogue.categories) + 1.0
    return Crowd(
        as_of=as_of,
        horizon=horizon,
        popularity=popularity,
        season=season,
        month=_log_share(past.between(as_of - MONTH, as_of), catalogue.size, most=5),
        affinity=_affinity(bought > 0),
        category_share=(shares / shares.sum()).astype(np.float32),
        taste=_standardised(catalogue.taste, bought.sum(0)),
        seen=seen,
    )


def _log_share(history: History, products: int, *, most: int) -> Floats:
    """Purchases per active member, no member counting more than `most` times for one product."""
    table = history.table(products)
    active = max(int((table.sum(1) > 0).sum()), 1)
    share: Floats = np.log(_RARE + np.minimum(table, most).sum(0) / active).astype(np.float32)
    return share


def _first_day(history: History, products: int) -> Ints:
    first = np.full(products, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(first, history.product, history.day)
    return first


def _season(past: History, products: int, *, as_of: int, horizon: int) -> Floats | None:
    total, weight = np.zeros(products), 0.0
    first = int(past.day.min(initial=as_of))
    for back in range(1, _YEARS_BACK + 1):
        start, end = season_window(as_of=as_of, horizon=horizon, back=back)
        if end <= first:
            break
        table = past.between(start, end).table(products)
        active = max(int((past.between(start - 60, end).table(products).sum(1) > 0).sum()), 1)
        fade = _FADING ** (back - 1)
        total += fade * np.minimum(table, 5).sum(0) / active
        weight += fade
    if not weight:
        return None
    share: Floats = np.log(_RARE + total / weight).astype(np.float32)
    return share


def season_window(*, as_of: int, horizon: int, back: int) -> tuple[int, int]:
    """The same days `back` years ago: after the first, until the second."""
    length = min(horizon, YEAR)
    return as_of - YEAR * back - SEASON_SLACK, as_of - YEAR * back + length + SEASON_SLACK


def _affinity(bought: Bools) -> Floats:
    """EASE (Steck 2019): the closed form of the linear auto-encoder that may not copy its input."""
    rows = bought.astype(np.float32)
    active = int((rows.sum(1) > 0).sum())
    gram = (rows.T @ rows).astype(np.float64)
    gram[np.diag_indices_from(gram)] += max(_SMALLEST_RIDGE, _EASE_RIDGE * active)
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    affinity: Floats = weights.astype(np.float32)
    return affinity


def _standardised(taste: Floats, sold: Floats) -> Floats:
    """Axes about what is usually bought: buying what everybody buys then says little about a member's taste."""
    known = ~np.isnan(taste)
    weight = np.where(known, np.sqrt(sold)[:, None] + 1e-6, 0.0)
    total = weight.sum(0) + 1e-9
    filled = np.nan_to_num(taste)
    mean = (weight * filled).sum(0) / total
    spread = np.sqrt((weight * (filled - mean) ** 2).sum(0) / total) + 1e-6
    standard: Floats = np.where(known, (filled - mean) / spread, 0.0).astype(np.float32)
    return standard
