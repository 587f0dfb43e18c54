"""Which stores are each other's peers: as old, in a city of the same tier, with about as many groups.

The same traits as `peers_of`, for all stores at once and so that each store is in one band: one of fewer than
`ENOUGH` lets go of the groups, then of the tier, then of the age. Seasons are handled by comparing the same days.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date
from statistics import median

from django.db.models import Count, Q

from metrics.selectors.peers import BANDS, ENOUGH, NEW, YOUNG
from stores.models import Store

_AGES = ("还没开业", "开业三个月内", "开业一年内", "开业一年以上")
_GROUPS = ("没有群", "一个群", "两三个群", "四个群以上")
_TIERS = {str(tier.value): str(tier.label) for tier in Store.CityTier}
_SEVERAL = 3
_WIDTHS = (3, 2, 1, 0)  # how many of the traits a band goes by


def bands_on(day: date) -> dict[int, str]:
    """The band of each store that trades, by its id: `age|tier|groups`, or a beginning of it."""
    live = Count("groups", filter=Q(groups__dismissed_at=None))
    rows = (
        Store.objects.filter(stage__in=[Store.Stage.OPENING, Store.Stage.RUNNING])
        .annotate(live_groups=live)
        .values_list("pk", "city_tier", "opened_on", "live_groups")
    )
    traits = {pk: (_age(opened_on, day), str(tier), _size(groups)) for pk, tier, opened_on, groups in rows}
    found: dict[int, str] = {}
    for width in _WIDTHS:
        left = {pk: "|".join(trait[:width]) for pk, trait in traits.items() if pk not in found}
        counts = Counter(left.values())
        found |= {pk: key for pk, key in left.items() if counts[key] >= ENOUGH or width == 0}
    return found


def band_label(key: str) -> str:
    """A band in words: `开业一年以上 · 二线 · 两三个群`; what is not split is all stores."""
    age, tier, size = [*key.split("|"), "", "", ""][:3]
    words = (age and _AGES[int(age)], _TIERS.get(tier, ""), size and _GROUPS[int(size)])
    return " · ".join(word for word in words if word) or "全部门店"


def medians_by_band(values: Mapping[int, float | None], bands: Mapping[int, str]) -> dict[str, float]:
    """The middle of each band's known values; a band with fewer than three says nothing."""
    known: dict[str, list[float]] = {}
    for pk, value in values.items():
        if value is not None and pk in bands:
            known.setdefault(bands[pk], []).append(value)
    return {band: median(found) for band, found in known.items() if len(found) >= _SEVERAL}


def by_band(stores: Collection[int], bands: Mapping[int, str]) -> dict[str, list[int]]:
    """The stores of each band, in the order given."""
    found: dict[str, list[int]] = {}
    for pk in stores:
        if pk in bands:
            found.setdefault(bands[pk], []).append(pk)
    return found


def _age(opened_on: date | None, day: date) -> str:
    if opened_on is None or opened_on <= day - YOUNG:
        return "3"
    return "0" if opened_on > day else "1" if opened_on > day - NEW else "2"


def _size(groups: int) -> str:
    return str(next(place for place, (_, most) in enumerate(BANDS) if groups <= most))
