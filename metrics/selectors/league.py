"""Reads of the league: places of the stores one sees, one's own place in its parts, and who is praised."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, QuerySet

from metrics.goal_kinds import spoken
from metrics.models import LeaguePlace, Recognition
from metrics.registry import metric
from metrics.services.ranking_peers import EVENTS
from stores.models import Staff, Store
from stores.selectors import stores_for

SORTS = {"rank": "rank", "score": "score", "climbed": "climb"}


@dataclass(frozen=True, slots=True)
class Part:
    """One event of a store's place: what it did, and what share of its peers that leaves behind."""

    name: str
    meaning: str
    value: str
    points: int


def places_for(user: Staff, *, month: date) -> QuerySet[LeaguePlace]:
    """The places of the stores this person sees; guides have none."""
    if user.role == Staff.Role.GUIDE:
        return LeaguePlace.objects.none()
    return LeaguePlace.objects.filter(month=month, store__in=stores_for(user))


def place_rows(places: QuerySet[LeaguePlace], *, peers: str, text: str, sort: str) -> QuerySet[LeaguePlace]:
    """Places as the table shows them; by league and rank unless sorted otherwise."""
    rows = places.select_related("store").annotate(climb=F("rank_before") - F("rank"))
    if peers:
        rows = rows.filter(peers=peers)
    if wanted := text.strip():
        rows = rows.filter(store__name__icontains=wanted) | rows.filter(store__code__iexact=wanted)
    name = SORTS.get(sort.removeprefix("-"))
    if name is None:
        return rows.order_by("peers", "rank", "pk")
    order = F(name).desc(nulls_last=True) if sort.startswith("-") else F(name).asc(nulls_last=True)
    return rows.order_by(order, "pk")


def leagues_of(places: QuerySet[LeaguePlace]) -> list[tuple[str, str]]:
    """The leagues these places lie in, key and words; the one of all left over has no key to choose it by."""
    return list(places.exclude(peers="").order_by("peers").values_list("peers", "peers_label").distinct())


def parts_of(place: LeaguePlace) -> list[Part]:
    """What a place is made of, in the order of the events."""
    found = []
    for code in EVENTS:
        if code in place.parts:
            one, part = metric(code), place.parts[code]
            found.append(Part(one.name, one.meaning, spoken(one, part["value"]), round(part["score"])))
    return found


def cells_of(place: LeaguePlace) -> list[Part | None]:
    """The same for a table, whose columns are the events: None where the store has no figure."""
    found = {part.name: part for part in parts_of(place)}
    return [found.get(metric(code).name) for code in EVENTS]


def place_of(store: Store, *, month: date) -> LeaguePlace | None:
    return LeaguePlace.objects.filter(store=store, month=month).first()


def praised(*, month: date, peers: str = "", limit: int = 60) -> list[Recognition]:
    """Who is praised for a month: meant to be read by everybody, so names and facts of any store, and nothing more."""
    rows = Recognition.objects.filter(month=month).select_related("store")
    if peers:
        rows = rows.filter(store__places__month=month, store__places__peers=peers)
    return list(rows.order_by("reason", "store__code")[:limit])
