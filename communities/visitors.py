"""Who opens a short link: the app that keeps members' sessions registers here to say whose phone it is."""

from collections.abc import Callable

from django.http import HttpRequest

Reader = Callable[[HttpRequest], int | None]
"""The id of the member whose phone this is, if it is known; from what the request carries, in a query at most."""

_readers: dict[str, Reader] = {}


def register(key: str, reader: Reader) -> None:
    """Call from `AppConfig.ready()`; of several, the first to know her counts."""
    _readers[key] = reader


def unregister(key: str) -> None:
    _readers.pop(key, None)


def member_of(request: HttpRequest) -> int | None:
    """The member, as far as anybody knows."""
    for reader in _readers.values():
        member_id = reader(request)
        if member_id is not None:
            return member_id
    return None
