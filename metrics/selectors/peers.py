"""Whom a store is fairly compared with, and how far its own small numbers are to be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from communities.models import CustomerGroup
from metrics.registry import Unit, metric
from metrics.selectors.periods import Period
from metrics.selectors.reading import Reading, of_stores
from stores.models import Store

ENOUGH = 8  # peers; with fewer of the very same kind the circle is drawn wider
MOST = 150  # those that opened closest to it: more tell nothing new, and each is read over every day
NEW, YOUNG = timedelta(days=90), timedelta(days=365)
BANDS = ((0, 0), (1, 1), (2, 3), (4, 10_000))  # live groups


@dataclass(frozen=True, slots=True)
class Spread:
    """A metric among peers: their joint value, how much true values differ, and how much one observation does.

    `quartiles` are of the peers' own values. Both variances are in the metric's unit, squared.
    """

    stores: int
    mean: float
    variance: float
    unit_variance: float
    quartiles: tuple[float, float, float]


def peers_of(store: Store, day: date) -> QuerySet[Store]:
    """Stores open about as long on that day, in cities of the same tier, with about as many groups; never itself.

    With fewer than eight of them the number of groups is let go, then the tier, then the age. Season is no criterion:
    peers are read over the same days. They are seen through no `stores_for`, so only their sums and quartiles may be
    shown to people who may not see them.
    """
    others = Store.objects.exclude(pk=store.pk).exclude(stage=Store.Stage.SUSPENDED)
    same_age = others.filter(_age(store.opened_on, day))
    same_tier = same_age.filter(city_tier=store.city_tier)
    live = CustomerGroup.objects.live().filter(store=OuterRef("pk")).order_by().values("store").annotate(n=Count("pk"))
    counted = same_tier.annotate(live_groups=Coalesce(Subquery(live.values("n"), output_field=IntegerField()), 0))
    low, high = _groups_band(CustomerGroup.objects.live().filter(store=store).count())
    for circle in (counted.filter(live_groups__gte=low, live_groups__lte=high), same_tier, same_age):
        found = list(circle.values_list("opened_on", "pk"))
        if len(found) >= ENOUGH:
            found.sort(key=lambda one: (_apart(one[0], store.opened_on), one[1]))
            return Store.objects.filter(pk__in=[pk for _, pk in found[:MOST]])
    return others


def _age(opened_on: date | None, day: date) -> Q:
    """Stores of the same age: not open yet, a season, a year, or longer; without a date, as open for long."""
    if opened_on is not None and opened_on > day:
        return Q(opened_on__gt=day)
    if opened_on is not None and opened_on > day - NEW:
        return Q(opened_on__gt=day - NEW, opened_on__lte=day)
    if opened_on is not None and opened_on > day - YOUNG:
        return Q(opened_on__gt=day - YOUNG, opened_on__lte=day - NEW)
    return Q(opened_on__lte=day - YOUNG) | Q(opened_on=None)


def _apart(one: date | None, other: date | None) -> int:
    """Days between two openings; one that nobody knows is close to its like only."""
    if one is None or other is None:
        return 0 if one is other else timedelta.max.days
    return abs((one - other).days)


def _groups_band(count: int) -> tuple[int, int]:
    return next(band for band in BANDS if count <= band[1])


def spread(code: str, period: Period, peers: QuerySet[Store]) -> Spread | None:
    """The metric among these stores; None where none of them has a value. :raises UnknownMetric:"""
    return spread_of(code, of_stores([code], period, peers))


def spread_of(code: str, read: Mapping[int, Mapping[str, Reading]]) -> Spread | None:
    """The same from readings already at hand, by moments as in a random-effects model."""
    found = [one[code] for one in read.values() if one[code].value is not None]
    values = [float(one.value or 0) for one in found]
    if not values:
        return None
    weights = [float(one.denominator or 1) for one in found]
    whole = sum(weights)
    mean = sum(v * w for v, w in zip(values, weights, strict=True)) / whole
    unit_variance = _unit_variance(mean, is_share=metric(code).unit is Unit.SHARE)
    between = sum(w * (v - mean) ** 2 for v, w in zip(values, weights, strict=True))
    scale = whole - sum(w * w for w in weights) / whole
    variance = max(0.0, (between - (len(values) - 1) * unit_variance) / scale) if scale > 0 else 0.0
    return Spread(len(values), mean, variance, unit_variance, _quartiles(sorted(values)))


def shrunk(
    value: float, weight: float, peer_mean: float, peer_variance: float, *, unit_variance: float | None = None
) -> float:
    """A value seen in `weight` observations, pulled to the peers as far as chance could have made it.

    `peer_variance` is how much true values differ among peers; `unit_variance` how much one observation does, by
    default that of a share where the mean is one, else the mean squared (amounts scatter about as much as they are).
    """
    if weight <= 0:
        return peer_mean
    alone = _unit_variance(peer_mean, is_share=0 <= peer_mean <= 1) if unit_variance is None else unit_variance
    chance = alone / weight
    if peer_variance + chance <= 0:
        return value
    return peer_mean + (value - peer_mean) * peer_variance / (peer_variance + chance)


def _unit_variance(mean: float, *, is_share: bool) -> float:
    return mean * (1 - mean) if is_share and 0 <= mean <= 1 else mean * mean


def _quartiles(ordered: Sequence[float]) -> tuple[float, float, float]:
    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return at(0.25), at(0.5), at(0.75)
