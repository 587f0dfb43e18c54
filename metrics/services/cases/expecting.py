"""What posts, campaigns and stores were to bring anyway: the yardstick of every case and of every copy.

Of a post: what the same slot, theme and kind of proof brought elsewhere, times how much this store's people buy more or
less than others do. The subject's own posts are left out of both. Posts the store only declared are no evidence.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Sum

from communities.models import PostResult, PostTask
from metrics.models import CampaignTally, StoreTally
from metrics.selectors.peer_bands import bands_on
from metrics.surprise import Record, Unit
from stores.models import Store

_PROVEN = (PostTask.Evidence.CLIENT_CALLBACK, PostTask.Evidence.API_VERIFIED)
_STORE_TRUST = 10.0  # expected buyers at which a store's own level counts as much as the chain's
_LEAST_ELSEWHERE = 300  # people others of the kind reached; else all themes of the slot are the yardstick
_WEEK = 7
Key = tuple[int, str, int]  # slot, theme, evidence


@dataclass(frozen=True, slots=True)
class PostUnit:
    """What one store was sent of one material on one day in one slot."""

    store: int
    material: int
    key: Key
    people: int
    buyers: int
    sales_fen: int


@dataclass(slots=True)
class _Level:
    people: float = 0
    buyers: float = 0

    def add(self, unit: PostUnit) -> None:
        self.people += unit.people
        self.buyers += unit.buyers


@dataclass(slots=True)
class Yardstick:
    """Sums of all units of a time, from which each one's expectation is worked out without itself."""

    kinds: dict[Key, _Level] = field(default_factory=lambda: defaultdict(_Level))
    slots: dict[tuple[int, int], _Level] = field(default_factory=lambda: defaultdict(_Level))
    of_material: dict[tuple[int, Key], _Level] = field(default_factory=lambda: defaultdict(_Level))
    store_observed: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    store_expected: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    own_observed: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    own_expected: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))

    @classmethod
    def of(cls, units: Iterable[PostUnit]) -> "Yardstick":
        stick = cls()
        units = list(units)
        for unit in units:
            slot, _, evidence = unit.key
            stick.kinds[unit.key].add(unit)
            stick.slots[slot, evidence].add(unit)
            stick.of_material[unit.material, unit.key].add(unit)
        for unit in units:
            usual = unit.people * stick.rate(unit)
            stick.store_observed[unit.store] += unit.buyers
            stick.store_expected[unit.store] += usual
            stick.own_observed[unit.store, unit.material] += unit.buyers
            stick.own_expected[unit.store, unit.material] += usual
        return stick

    def rate(self, unit: PostUnit) -> float:
        """Buyers per person of other materials in the same slot, theme and kind of proof; of any theme if too few."""
        kind, mine = self.kinds[unit.key], self.of_material[unit.material, unit.key]
        people = kind.people - mine.people
        if people >= _LEAST_ELSEWHERE:
            return (kind.buyers - mine.buyers) / people
        slot, _, evidence = unit.key
        whole = self.slots[slot, evidence]
        rest = whole.people - mine.people
        return (whole.buyers - mine.buyers) / rest if rest > 0 else 0.0

    def expected(self, unit: PostUnit) -> float:
        """Buyers this unit was to bring: the rate elsewhere, times the store's own level without this material."""
        pair = unit.store, unit.material
        observed = self.store_observed[unit.store] - self.own_observed[pair]
        expected = self.store_expected[unit.store] - self.own_expected[pair]
        level = (observed + _STORE_TRUST) / (expected + _STORE_TRUST)
        return unit.people * self.rate(unit) * level


def post_units(*, first: date, last: date) -> list[PostUnit]:
    """The proven units of a time; one query, a row per store, material, slot, kind of proof and day."""
    rows = (
        PostResult.objects.filter(day__range=(first, last), evidence__in=_PROVEN, people__gt=0)
        .order_by()
        .values_list("store_id", "material_id", "slot_id", "material__theme", "evidence", "day")
        .annotate(Sum("people"), Sum("buyers"), Sum("sales_fen"))
    )
    return [
        PostUnit(store, material, (slot, theme, evidence), people, buyers, sales)
        for store, material, slot, theme, evidence, _, people, buyers, sales in rows.iterator()
    ]


def post_records(units: Iterable[PostUnit]) -> dict[int, tuple[Record, int]]:
    """By material: its record, and how many people it reached."""
    units = list(units)
    stick = Yardstick.of(units)
    by_material: dict[int, list[Unit]] = defaultdict(list)
    people: dict[int, int] = defaultdict(int)
    for unit in units:
        by_material[unit.material].append(Unit(unit.buyers, stick.expected(unit)))
        people[unit.material] += unit.people
    return {material: (Record.of(mine), people[material]) for material, mine in by_material.items()}


def campaign_records(*, first: date, last: date) -> dict[int, tuple[Record, int]]:
    """By campaign over in this time: claims against what its play brings per group member, and the members there."""
    rows = CampaignTally.objects.filter(
        campaign__ends_at__date__range=(first, last), campaign__is_template=False, campaign__killed_at=None
    )
    claims = rows.order_by().values_list("campaign_id", "campaign__play", "store_id").annotate(Sum("claims"))
    people = dict(StoreTally.objects.filter(day=last).values_list("store_id", "people_end"))
    units = [(pk, play, n, people.get(store, 0)) for pk, play, store, n in claims.iterator() if people.get(store, 0)]
    by_play: dict[str, _Level] = defaultdict(_Level)
    own: dict[tuple[str, int], _Level] = defaultdict(_Level)
    for pk, play, count, reached in units:
        for level in (by_play[play], own[play, pk]):
            level.people += reached
            level.buyers += count
    found: dict[int, list[Unit]] = defaultdict(list)
    exposure: dict[int, int] = defaultdict(int)
    for pk, play, count, reached in units:
        rest = by_play[play].people - own[play, pk].people
        usual = (by_play[play].buyers - own[play, pk].buyers) / rest if rest > 0 else 0.0
        found[pk].append(Unit(count, reached * usual))
        exposure[pk] += reached
    return {pk: (Record.of(mine), exposure[pk]) for pk, mine in found.items()}


def store_records(*, first: date, last: date) -> dict[int, tuple[Record, int]]:
    """By store: net sales in fen, week by week, against what its peers sell per member, and its members."""
    bands = bands_on(last)
    weeks: dict[int, dict[int, _Level]] = defaultdict(lambda: defaultdict(_Level))
    people: dict[int, int] = {}
    rows = StoreTally.objects.filter(day__range=(first, last), store__stage=Store.Stage.RUNNING).order_by("day")
    for store, day, members, paid, refunded in rows.values_list(
        "store_id", "day", "people_end", "paid_fen", "refunded_fen"
    ).iterator():
        if store in bands:
            level = weeks[store][(day - first).days // _WEEK]
            level.people += members
            level.buyers += paid - refunded
            people[store] = members
    return _against_peers(weeks, bands, people)


def _against_peers(
    weeks: Mapping[int, Mapping[int, _Level]], bands: Mapping[int, str], people: Mapping[int, int]
) -> dict[int, tuple[Record, int]]:  # fmt: skip
    whole: dict[tuple[str, int], _Level] = defaultdict(_Level)
    for store, mine in weeks.items():
        for week, level in mine.items():
            whole[bands[store], week].people += level.people
            whole[bands[store], week].buyers += level.buyers
    found = {}
    for store, mine in weeks.items():
        units = []
        for week, level in mine.items():
            rest = whole[bands[store], week]
            others = rest.people - level.people
            usual = (rest.buyers - level.buyers) / others if others > 0 else 0.0
            units.append(Unit(level.buyers, level.people * usual))
        found[store] = Record.of(units), people[store]
    return found
