"""Where apps and features that know more about members say so: scripts ask here and need not know who answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

# (store id, member ids, product by member, day) → why each likes that product, in words that follow “喜欢它的”.
Reasons = Callable[[int, Sequence[int], Mapping[int, int], date], Mapping[int, str]]

_reasons: dict[str, Reasons] = {}


def register_reasons(name: str, source: Reasons) -> None:
    """Call from `AppConfig.ready()`; a later source only fills what the earlier ones left open."""
    _reasons[name] = source


def reasons_for(store_id: int, members: Sequence[int], products: Mapping[int, int], day: date) -> dict[int, str]:
    """Why these members like these products, as far as anybody knows."""
    found: dict[int, str] = {}
    for source in _reasons.values():
        missing = [member for member in members if member not in found]
        found |= {member: words for member, words in source(store_id, missing, products, day).items() if words}
    return found
