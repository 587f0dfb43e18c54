"""What goes into a basket: articles by taste, season, popularity, habit, price and this week's offers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stores.simulation.catalogue import CATALOGUE
from stores.simulation.shelf import Shelf

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_BY_WEIGHT = np.array([fruit.unit == "jin" for fruit in CATALOGUE])
_USUAL = np.array([fruit.usual for fruit in CATALOGUE])
_MOST_LINES = 5
_OFFERS_A_WEEK = 5
_OFFER_PERCENT = (12, 15, 20, 25, 30)
_OFFER_PULL = 2.2
_COUPON_SHARE = 0.03
_COUPON_PERCENT = 5
_CHUNK = 10_000  # visits whose choice is worked out at once: bounds the visits × articles matrix
_HUNDREDTHS = 100


@dataclass(frozen=True, slots=True)
class Lines:
    """Receipt lines; `visit` points to the visit, `hundredths` is the quantity × 100 in the article's unit."""

    visit: Ints
    line: Ints  # 1..n within the visit
    article: Ints
    hundredths: Ints
    price_fen: Ints
    paid_fen: Ints


@dataclass(frozen=True, slots=True)
class Shoppers:
    """What the choice depends on, one entry per visit; `household` is a row of `liking`."""

    household: Ints
    day: Ints
    lines: Floats  # articles a visit on average, 1–5
    amount: Floats
    price_sensitivity: Floats


def draw_offers(rng: np.random.Generator, *, shelf: Shelf, week_month: Ints) -> Ints:
    """The store's weekly offers: percent off, weeks × articles; `week_month` is the month each week starts in."""
    offers = np.zeros((len(week_month), len(CATALOGUE)), np.int64)
    for week, month in enumerate(week_month.tolist()):
        in_season = np.flatnonzero(shelf.weight[:, month])
        chosen = rng.choice(in_season, size=min(_OFFERS_A_WEEK, len(in_season)), replace=False)
        offers[week, chosen] = rng.choice(_OFFER_PERCENT, size=len(chosen))
    return offers


def draw_lines(
    rng: np.random.Generator,
    *,
    shoppers: Shoppers,
    liking: Floats,
    shelf: Shelf,
    offers: Ints,
    month: Ints,
    week: Ints,
) -> Lines:
    """Fill the basket of every visit. `month` and `week` are looked up by day of the period.

    Articles are drawn one after another without putting back, each with a chance proportional to
    exp(liking) × weight on the shelf × pull of the offer (the race of exponentials does just that).
    """
    visits = len(shoppers.household)
    wanted = 1 + rng.binomial(_MOST_LINES - 1, np.clip((shoppers.lines - 1) / (_MOST_LINES - 1), 0, 1))
    chosen = np.empty((visits, _MOST_LINES), np.int64)
    attraction = np.exp(liking).astype(np.float32)
    weight = shelf.weight.T.astype(np.float32)
    for start in range(0, visits, _CHUNK):
        part = slice(start, start + _CHUNK)
        day = shoppers.day[part]
        pull = (_OFFER_PULL * (0.5 + shoppers.price_sensitivity[part])).astype(np.float32)
        rate = attraction[shoppers.household[part]] * weight[month[day]]
        rate *= np.exp(pull[:, None] * (offers[week[day]] / np.float32(100)).astype(np.float32))
        arrival = rng.standard_exponential(rate.shape, dtype=np.float32)
        # An article that is not on the shelf never arrives.
        np.divide(arrival, rate, out=arrival, where=rate > 0)
        arrival[rate == 0] = np.inf
        first = np.argpartition(arrival, _MOST_LINES, axis=1)[:, :_MOST_LINES]
        order = np.argsort(np.take_along_axis(arrival, first, axis=1), axis=1)
        chosen[part] = np.take_along_axis(first, order, axis=1)
    position = np.arange(_MOST_LINES)
    visit, line = np.nonzero(position < wanted[:, None])
    article = chosen[visit, line]
    day = shoppers.day[visit]
    hundredths = _draw_quantities(rng, article, shoppers.amount[visit])
    price = shelf.price_fen[article, month[day]]
    coupon = np.where(rng.random(visits) < _COUPON_SHARE, _COUPON_PERCENT, 0)
    # The better of the offer and the coupon holds; half a fen rounds up, as tills do.
    off = np.maximum(offers[week[day], article], coupon[visit])
    listed = (price * hundredths + _HUNDREDTHS // 2) // _HUNDREDTHS
    paid = (listed * (100 - off) + 50) // 100
    return Lines(visit=visit, line=line + 1, article=article, hundredths=hundredths, price_fen=price, paid_fen=paid)


def _draw_quantities(rng: np.random.Generator, article: Ints, amount: Floats) -> Ints:
    raw = _USUAL[article] * amount * rng.lognormal(0, 0.22, len(article))
    weighed = np.clip(np.round(raw * _HUNDREDTHS), 20, 4000)
    counted = np.clip(np.round(raw), 1, 30) * _HUNDREDTHS
    return np.where(_BY_WEIGHT[article], weighed, counted).astype(np.int64)
