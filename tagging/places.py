"""Where a questionnaire is handed out besides a store: customer groups, which an app above knows of."""

from collections.abc import Callable, Sequence

from stores.models import Store

GroupsOf = Callable[[Store], Sequence[tuple[int, str]]]  # each group's number and name

_sources: dict[str, GroupsOf] = {}
_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"


def register_groups(name: str, source: GroupsOf) -> None:
    """Call from `AppConfig.ready()`."""
    _sources[name] = source


def groups_of(store: Store) -> list[tuple[int, str]]:
    """The groups of a store, in the order they are shown."""
    return [group for source in _sources.values() for group in source(store)]


def place_of(*, store_id: int | None = None, group_id: int | None = None) -> str:
    """The short last part of a link: s… for a store, g… for a group."""
    sign, number = ("g", group_id) if group_id is not None else ("s", store_id or 0)
    digits = ""
    while number:
        number, rest = divmod(number, len(_SIGNS))
        digits = _SIGNS[rest] + digits
    return sign + (digits or "0")


def read_place(place: str) -> tuple[str, int] | None:
    """The sign and the number of a place; None where it is none."""
    sign, digits = place[:1], place[1:]
    if sign not in {"s", "g"} or not 0 < len(digits) <= 12 or any(one not in _SIGNS for one in digits):  # noqa: PLR2004 -- a bigint
        return None
    return sign, int(digits, len(_SIGNS))
