"""A period beside the one before it, and two to four stores side by side."""

from collections.abc import Sequence

from metrics.asking import Wish
from metrics.registry import Direction, Metric
from metrics.selectors import reading
from metrics.selectors.reading import Reading
from metrics.showing import change_of
from metrics.tables.shape import Comparison, Line
from stores.models import Store

USUAL = (
    "net_sales", "orders", "aov", "members", "joins", "quit_rate", "active_rate", "repurchase_rate",
)  # fmt: skip
STORES_AT_MOST = 4
_TWO = 2


def periods(wish: Wish) -> Comparison:
    """The stores together, in the period and in the one before with the same weekdays."""
    now = reading.total(wish.codes, wish.period, wish.stores)
    before = reading.total(wish.codes, wish.before, wish.stores)
    lines = []
    for metric in wish.metrics:
        change = change_of(metric, now[metric.code], before[metric.code])
        readings = (now[metric.code], before[metric.code])
        lines.append(Line(metric, readings, said=(change.words,), tone=change.tone))
    return Comparison(
        title="时间对比", subjects=(wish.period_words, wish.before_words), lines_of=lines, saying=("变化",),
        filename=f"时间对比_{wish.period.first:%Y%m%d}-{wish.period.last:%Y%m%d}", facts=wish.facts(),
    )  # fmt: skip


def chosen_stores(wish: Wish) -> list[Store]:
    """The stores to set side by side, in the order they were chosen; strangers' and nonsense are said to be ignored."""
    asked = list(dict.fromkeys(wish.query.getlist("store")))
    numbers = [int(text) for text in asked if text.isascii() and text.isdigit() and len(text) < 10]  # noqa: PLR2004 -- fits a key
    found = wish.everywhere.in_bulk(numbers)
    stores = [found[number] for number in numbers if number in found]
    if len(stores) < len([text for text in asked if text]):
        wish.problems.append("有的门店不存在，或不在您的范围内，已忽略")
    if len(stores) > STORES_AT_MOST:
        wish.problems.append(f"一次最多比 {STORES_AT_MOST} 家门店，已取前 {STORES_AT_MOST} 家")
    return stores[:STORES_AT_MOST]


def side_by_side(wish: Wish, stores: Sequence[Store]) -> Comparison:
    """A column a store, the best of each line marked."""
    among = wish.everywhere.filter(pk__in=[store.pk for store in stores])
    readings = reading.of_stores(wish.codes, wish.period, among)
    lines = []
    for metric in wish.metrics:
        own = tuple(readings.get(store.pk, {}).get(metric.code) for store in stores)
        lines.append(Line(metric, own, best=_best(metric, own)))
    return Comparison(
        title="门店对比", subjects=tuple(store.name for store in stores), lines_of=lines,
        filename=f"门店对比_{wish.period.first:%Y%m%d}-{wish.period.last:%Y%m%d}", facts=wish.facts(),
    )  # fmt: skip


def _best(metric: Metric, readings: Sequence[Reading | None]) -> int | None:
    """Which of them stands best; none where there is no better, or nothing to choose from."""
    known = [(one.value, place) for place, one in enumerate(readings) if one is not None and one.value is not None]
    if metric.direction is Direction.NEUTRAL or len(known) < _TWO or len({value for value, _ in known}) == 1:
        return None
    choose = max if metric.direction is Direction.UP else min
    return choose(known, key=lambda pair: pair[0])[1]
