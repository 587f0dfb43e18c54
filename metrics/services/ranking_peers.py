"""同伴榜: each month every store among its peers, fairly for small ones, and who is to be praised.

Counted anew each night while the month runs and a week beyond; a repetition changes nothing.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import fmean

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from metrics.goal_kinds import last_day, month_before, month_label, month_of
from metrics.models import Goal, LeaguePlace, Recognition
from metrics.selectors.peer_bands import band_label, bands_on, by_band
from metrics.selectors.peers import shrunk, spread_of
from metrics.selectors.reading import Period, Reading, of_stores
from stores.models import Store

LATE_FACTS = 7  # days after a month's end in which it is ranked again
FEWEST = 5  # stores, below which being first is no feat
CLIMBERS = 3  # praised in each league
STREAK = 3  # months
_BATCH = 2_000
Reason = Recognition.Reason


EVENTS = ("on_time_rate", "active_rate", "repurchase_rate", "monthly_spend")
Parts = dict[str, dict[str, float]]


def rank_months(*, at: datetime) -> int:
    """Rank the month of yesterday, and one just over; how many places were given."""
    yesterday = timezone.localdate(at) - timedelta(days=1)
    months = {month_of(yesterday), month_of(yesterday - timedelta(days=LATE_FACTS))}
    return sum(rank_month(month=month, through=min(yesterday, last_day(month))) for month in sorted(months))


@transaction.atomic
def rank_month(*, month: date, through: date) -> int:
    """Give each store that trades its place among its peers, by the month's days up to `through`.

    A month that is over gets its recognitions too. How many places were given.
    """
    rows = of_stores(EVENTS, Period(month, through), Store.objects.all())
    bands = bands_on(through)
    before = {
        place.store_id: place
        for place in LeaguePlace.objects.filter(month=month_before(month)).only("store_id", "rank", "score")
    }
    places: list[LeaguePlace] = []
    for band, stores in by_band(sorted(rows), bands).items():
        scored = league({pk: rows[pk] for pk in stores})
        ranks = _ranks(scored)
        for pk, parts in scored.items():
            earlier = before.get(pk)
            places.append(
                LeaguePlace(
                    store_id=pk,
                    month=month,
                    peers=band,
                    peers_label=band_label(band),
                    rank=ranks[pk],
                    of=len(scored),
                    score=_score(parts),
                    parts=parts,
                    rank_before=earlier.rank if earlier else None,
                    score_before=earlier.score if earlier else None,
                )
            )
    LeaguePlace.objects.filter(month=month).exclude(store__in=[place.store_id for place in places]).delete()
    LeaguePlace.objects.bulk_create(
        places, batch_size=_BATCH, update_conflicts=True, unique_fields=["store", "month"],
        update_fields=["peers", "peers_label", "rank", "of", "score", "parts", "rank_before", "score_before"],
    )  # fmt: skip
    if through >= last_day(month):
        _recognise(month, places)
    return len(places)


def league(rows: Mapping[int, Mapping[str, Reading]]) -> dict[int, Parts]:
    """Each store's parts among these peers, by id: the value, what is left of it once shrunk, and 0–100 points.

    Points are the share of peers left behind, ties half. A store without any figure takes no part; one without a
    figure in some event is scored by the others.
    """
    found: dict[int, Parts] = {}
    for event in EVENTS:
        peers = spread_of(event, rows)
        if peers is None:
            continue
        known = {pk: row[event] for pk, row in rows.items() if row[event].value is not None}
        pulled = {
            pk: shrunk(
                reading.value or 0.0, float(reading.denominator or 0), peers.mean, peers.variance,
                unit_variance=peers.unit_variance,
            )
            for pk, reading in known.items()
        }  # fmt: skip
        ordered = sorted(pulled.values())
        for pk, value in pulled.items():
            part = {"value": known[pk].value or 0.0, "shrunk": value, "score": _points(ordered, value)}
            found.setdefault(pk, {})[event] = part
    return found


def _points(ordered: Sequence[float], value: float) -> float:
    others = len(ordered) - 1
    if not others:
        return 50.0
    below = bisect_left(ordered, value)
    level = sum(other == value for other in ordered[below:]) - 1
    return 100 * (below + level / 2) / others


def _score(parts: Parts) -> float:
    return fmean(part["score"] for part in parts.values())


def _ranks(scored: Mapping[int, Parts]) -> dict[int, int]:
    """1 for the best; equal scores share a place."""
    scores = {pk: round(_score(parts), 6) for pk, parts in scored.items()}
    falling = sorted(scores.values(), reverse=True)
    first: dict[float, int] = {}
    for place, score in enumerate(falling, start=1):
        first.setdefault(score, place)
    return {pk: first[score] for pk, score in scores.items()}


def _recognise(month: date, places: Sequence[LeaguePlace]) -> None:
    names = dict(Store.objects.values_list("pk", "name"))
    found = [*_firsts(places, names), *_climbers(places, names), *_streaks(month, names)]
    for one in found:
        one.month = month
        one.card = (
            f"🎉 {month_label(month)} · {one.get_reason_display()}\n{names[one.store_id]}{one.fact}\n为你们鼓掌！"
        )
    keys = {(one.store_id, one.reason) for one in found}
    for old in Recognition.objects.filter(month=month):
        if (old.store_id, old.reason) not in keys:
            old.delete()
    Recognition.objects.bulk_create(
        found, batch_size=_BATCH, update_conflicts=True, unique_fields=["store", "month", "reason"],
        update_fields=["fact", "card"],
    )  # fmt: skip


def _firsts(places: Sequence[LeaguePlace], names: Mapping[int, str]) -> list[Recognition]:
    return [
        Recognition(
            store_id=place.store_id, reason=Reason.FIRST,
            fact=f"在 {place.of} 家同伴里排第一（{place.peers_label}）"[:100],
        )
        for place in places
        if place.rank == 1 and place.of >= FEWEST and place.store_id in names
    ]  # fmt: skip


def _climbers(places: Sequence[LeaguePlace], names: Mapping[int, str]) -> list[Recognition]:
    """The most points won in each league, where that is a rise in rank as well."""
    found = []
    for band in sorted({place.peers for place in places}):
        rising = [
            place
            for place in places
            if place.peers == band and place.of >= FEWEST and (place.climbed or 0) > 0 and place.store_id in names
        ]
        rising.sort(key=lambda place: ((place.score_before or 0) - place.score, place.store_id))
        found += [
            Recognition(
                store_id=place.store_id, reason=Reason.CLIMBED,
                fact=f"从第 {place.rank_before} 名升到第 {place.rank} 名（{place.peers_label}）"[:100],
            )
            for place in rising[:CLIMBERS]
        ]  # fmt: skip
    return found


def _streaks(month: date, names: Mapping[int, str]) -> list[Recognition]:
    """Stores that met all their goals for some months on end, this the last of them."""
    met: dict[int, int] = {}
    standing: set[int] | None = None
    for _ in range(12):
        counted = Goal.objects.filter(month=month, is_met__isnull=False).order_by().values("store")
        rows = counted.annotate(missed=Count("pk", filter=Q(is_met=False)))
        whole = {row["store"] for row in rows if not row["missed"]}
        standing = whole if standing is None else standing & whole
        if not standing:
            break
        for pk in standing:
            met[pk] = met.get(pk, 0) + 1
        month = month_before(month)
    return [
        Recognition(store_id=pk, reason=Reason.STREAK, fact=f"连续 {months} 个月全部目标达标")
        for pk, months in sorted(met.items())
        if months >= STREAK and pk in names
    ]
