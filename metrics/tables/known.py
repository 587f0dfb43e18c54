"""The tables that can be asked for by name: what a worker needs to write one without a request."""

from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from communities.selectors.groups import groups_for
from metrics.asking import Wish
from metrics.selectors.parts import regions_below
from metrics.tables import compare, group, overview, ranking, store
from metrics.tables.shape import Writable
from stores.models import Staff
from stores.selectors import stores_for

OFFICE = frozenset({Staff.Role.HQ, Staff.Role.REGION_LEAD})
OF_CHAIN = {"ranking", "regions", "tiers", "days", "periods", "stores"}


def table_for(user: Staff, name: str, *, subject: int | None, query: str, at: datetime) -> Writable | None:
    """A table as this person sees it; None where there is none by this name, or not for her."""
    asked = QueryDict(query)
    today = timezone.localdate(at)
    if name in OF_CHAIN:
        return _of_chain(user, name, asked, today=today) if user.role in OFFICE else None
    if user.role == Staff.Role.GUIDE or subject is None:
        return None
    if name == "group-days":
        found = groups_for(user).filter(pk=subject).first()
        return group.days_table(_wish(user, asked, group.DAYS, today=today, preset="7"), found) if found else None
    return _of_store(user, name, asked, subject=subject, today=today)


def _of_chain(user: Staff, name: str, asked: QueryDict, *, today: Any) -> Writable:
    match name:
        case "ranking":
            wish = _wish(user, asked, ranking.USUAL, today=today)
            stores = ranking.ordered(wish)
            return ranking.table_of(wish, stores, count=wish.stores.count(), whole=True)
        case "regions":
            wish = _wish(user, asked, overview.OF_REGIONS, today=today)
            return overview.regions_table(wish, regions_below(user, wish.region))
        case "tiers":
            return overview.tiers_table(_wish(user, asked, overview.OF_REGIONS, today=today))
        case "days":
            wish = _wish(user, asked, overview.USUAL, today=today)
            return overview.days_table(wish, wish.trend_period, filename="每天")
        case "stores":
            wish = _wish(user, asked, compare.USUAL, today=today, preset="7")
            return compare.side_by_side(wish, compare.chosen_stores(wish))
        case _:
            return compare.periods(_wish(user, asked, compare.USUAL, today=today, preset="7"))


def _of_store(user: Staff, name: str, asked: QueryDict, *, subject: int, today: Any) -> Writable | None:
    stores = stores_for(user).filter(pk=subject)
    found = stores.first()
    if found is None:
        return None
    wish = _wish(user, asked, store.DAYS, today=today, preset="7")
    wish.stores = stores
    if name == "store-days":
        return overview.days_table(wish, wish.trend_period, filename=f"{found.name}_每天")
    part = store.PARTS.get(name.removeprefix("store-"))
    return store.part_table(wish, stores, part, name=found.name) if part else None


def _wish(user: Staff, asked: QueryDict, codes: tuple[str, ...], *, today: Any, preset: str = "yesterday") -> Wish:
    return Wish(user, asked, today=today, preset=preset, codes=codes)
