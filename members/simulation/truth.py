"""The hidden truth, written beside the data on request: what later models may be measured against, never read by one.

One JSON object, streamed: `args`, `axes`, `taste_types`, `products`, `stores`, `members`. See
docs/decisions/0005-sample-data.md for the meaning of every key.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from members.simulation.calendar import Period
from members.simulation.households import TASTE_TYPES, TYPE_NAMES, Households
from members.simulation.people import People
from members.simulation.purchases import Block
from members.simulation.visits import NEVER, Visits
from stores.simulation.catalogue import AXES, CATALOGUE
from stores.simulation.chain import SimulatedStore

_NO_HISTORY: dict[str, Any] = {"lapsed_on": None, "group_propensity": None, "group": None}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class TruthWriter:
    """Writes the members of one store after another."""

    def __init__(self, file: TextIO, *, args: dict[str, Any], stores: list[SimulatedStore], period: Period) -> None:
        self._file = file
        self._period = period
        self._separator = "\n"
        head = {
            "args": args,
            "axes": AXES,
            "taste_types": {name: {"share": share, "centre": centre} for name, (share, centre) in TASTE_TYPES.items()},
            "products": [
                {"code": fruit.code, "name": fruit.name, "months": fruit.months, "popularity": fruit.popularity,
                 "taste": fruit.taste}
                for fruit in CATALOGUE
            ],
            "stores": [{"code": store.code, "city": store.city.name, "stage": store.stage} for store in stores],
        }  # fmt: skip
        file.write(_dump(head)[:-1] + ',\n"members":[')

    def write_store(self, store: SimulatedStore, people: People, blocks: list[Block]) -> None:
        """Append the truth about a store's members."""
        for block in blocks:
            history = {buyer: self._history(block.visits, row) for row, buyer in enumerate(block.buyers.tolist())}
            for i in range(len(block.households)):
                member = self._member(store, people.cards[block.offset + i], block.households, i)
                member |= {"purchasing": i in history, **history.get(i, _NO_HISTORY)}
                self._file.write(self._separator + _dump(member))
                self._separator = ",\n"

    def close(self) -> None:
        """End the object."""
        self._file.write("\n]}\n")

    def _day(self, day: int) -> str | None:
        return None if day == NEVER else str(self._period.start + timedelta(days=day))

    def _member(self, store: SimulatedStore, card: str, home: Households, i: int) -> dict[str, Any]:
        return {
            "card": card,
            "store": store.code,
            "taste_type": TYPE_NAMES[home.taste_type[i]],
            "taste": [round(x, 2) for x in home.taste[i].tolist()],
            "household": {
                "size": int(home.size[i]),
                "children": int(home.children[i]),
                "elderly": int(home.elderly[i]),
            },
            "visits_per_week": round(float(home.visits_per_week[i]), 3),
            "weekday": [round(x / 7, 3) for x in home.weekday[i].tolist()],
            "hour": round(float(home.hour[i]), 2),
            "lines": round(float(home.lines[i]), 2),
            "amount": round(float(home.amount[i]), 2),
            "price_sensitivity": round(float(home.price_sensitivity[i]), 3),
            "budget_fen": round(float(home.budget[i]) * 100),
            "habit": round(float(home.habit[i]), 3),
            "favourites": [CATALOGUE[article].code for article in home.favourites[i].tolist()],
            "turn": round(float(home.turn[i]), 3),
            "turned_on": self._day(int(home.turn_at[i] * self._period.days)),
        }

    def _history(self, visits: Visits, i: int) -> dict[str, Any]:
        joined = int(visits.group_day[i])
        group = {
            "joined_on": self._day(joined),
            "effect": round(float(visits.effect[i]), 3),
            "visits_after": int(visits.visits_after[i]),
            "visits_without": int(visits.visits_without[i]),
        }
        return {
            "lapsed_on": self._day(int(visits.lapsed_day[i])),
            "group_propensity": round(float(visits.propensity[i]), 3),
            "group": None if joined == NEVER else group,
        }


@contextmanager
def truth_file(
    path: Path, *, args: dict[str, Any], stores: list[SimulatedStore], period: Period
) -> Iterator[TruthWriter]:
    """Write to a neighbour of `path` and rename it when whole: a broken run leaves no half truth."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with half.open("w", encoding="utf-8") as file:
            writer = TruthWriter(file, args=args, stores=stores, period=period)
            yield writer
            writer.close()
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
