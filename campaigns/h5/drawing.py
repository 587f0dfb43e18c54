"""The live list as HTML, drawn once per change and not once per viewer."""

import time
from dataclasses import dataclass

from django.core.cache import cache
from django.template.loader import render_to_string

from campaigns.models import Board
from campaigns.selectors.boards import sheet_of, tags_of

_KEPT = 3_600  # seconds
_ONE_DRAWS = 5
_PATIENCE, _NAP = 0.6, 0.03


@dataclass(frozen=True, slots=True)
class Drawn:
    """Parts of the page, and `live`: those that change, each with its id. `tag` names the state."""

    tag: str
    count: str
    body: str
    rows: str
    live: str


def drawn(board_id: int, tag: str | None = None) -> Drawn | None:
    """The list in its present state, from the cache where anybody drew it before; None where there is no such list."""
    tag = tag or tags_of([board_id]).get(board_id)
    if tag is None:
        return None
    key = f"campaigns:board:{board_id}:{tag}"
    found: Drawn | None = cache.get(key)
    if found is not None:
        return found
    if not cache.add(f"{key}:drawing", 1, timeout=_ONE_DRAWS):
        found = _awaited(key)
    if found is None:
        found = _draw(board_id, tag)
        cache.set(key, found, timeout=_KEPT)
    return found


def _awaited(key: str) -> Drawn | None:
    """Another process is drawing: its work, unless it takes too long."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        time.sleep(_NAP)
        found: Drawn | None = cache.get(key)
        if found is not None:
            return found
    return None


def _draw(board_id: int, tag: str) -> Drawn:
    board = Board.objects.select_related("campaign", "store").get(pk=board_id)
    context = {"sheet": sheet_of(board)}
    parts = {name: render_to_string(f"h5/chain_{name}.html", context) for name in ("count", "body", "rows", "live")}
    return Drawn(tag=tag, **parts)
