"""Writing rows by their code: what is new is created, what differs is changed, the rest is left alone."""

from collections.abc import Mapping
from itertools import islice
from typing import TypeVar

from stores.imports.catalogue import Values
from stores.models import Product, Store

_CHUNK = 1000
Row = TypeVar("Row", Product, Store)


def upsert_by_code(model: type[Row], rows: Mapping[str, Values]) -> dict[str, int]:
    """Create or change rows of `model` so that they hold the given values; fields not given keep theirs.

    The rows are locked in the order of their codes, so two imports at once do not lock each other out.
    """
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    codes = iter(sorted(rows))
    while chunk := list(islice(codes, _CHUNK)):
        manager = model._default_manager  # noqa: SLF001 -- Django's documented name for a model's manager
        known = {row.code: row for row in manager.select_for_update().filter(code__in=chunk).order_by("code")}
        new, changed, touched = [], [], set()
        for code in chunk:
            row = known.get(code)
            if row is None:
                new.append(model(**rows[code]))
                continue
            differing = [name for name, value in rows[code].items() if getattr(row, name) != value]
            for name in differing:
                setattr(row, name, rows[code][name])
            if differing:
                changed.append(row)
                touched.update(differing)
        manager.bulk_create(new)
        if changed:
            manager.bulk_update(changed, sorted(touched))
        counts["created"] += len(new)
        counts["updated"] += len(changed)
        counts["unchanged"] += len(chunk) - len(new) - len(changed)
    return counts
