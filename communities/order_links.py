"""Where customers order: the app that runs 接龙 registers here to fill the placeholder {接龙链接}."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Wanted:
    """The page to order what one store posts in one slot of one day; `product_id` where the post is about one."""

    store_id: int
    product_id: int | None
    day: date
    slot_number: int


Resolver = Callable[[Collection[Wanted]], Mapping[Wanted, str]]
"""https addresses of those that have a page; the others are left out. The same few queries for any number."""

_resolvers: dict[str, Resolver] = {}


def register(key: str, resolver: Resolver) -> None:
    """Call from `AppConfig.ready()`; of several, the first to know an address counts."""
    _resolvers[key] = resolver


def unregister(key: str) -> None:
    _resolvers.pop(key, None)


def resolve(wanted: Collection[Wanted]) -> dict[Wanted, str]:
    """The addresses there are; what nobody knows is left out."""
    found: dict[Wanted, str] = {}
    for resolver in _resolvers.values():
        missing = [one for one in wanted if one not in found]
        if missing:
            found.update(resolver(missing))
    return found
