"""Reading a folder of real purchases: orders, products and what they taste like (gzipped CSV with a header)."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending.facts import Catalogue, History, Ints

if TYPE_CHECKING:
    from pathlib import Path

AXES = ("sweet", "sour", "crisp", "juicy", "aroma", "soft")
_LABELS = {"coop": date(2013, 1, 31), "cj": date(2017, 10, 19)}  # the ends of the training periods agreed on
_TRAINING_SHARE = 0.8


class DataMissing(ValueError):
    """The folder is not laid out as expected; the message, in Chinese, says what is missing."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """One data set. Days count from its first purchase; `cut` is the last day of the training period."""

    name: str
    history: History
    catalogue: Catalogue
    households: list[str]
    varieties: list[str]
    starts: date
    cut: int
    species: Ints

    @property
    def last(self) -> int:
        return int(self.history.day.max())


def read_folder(folder: Path) -> list[Purchases]:
    """Every data set in a folder laid out like the fruit data: `NAME/orders.csv.gz` beside `flavour_facts.csv`.

    :raises DataMissing: no data set lies there, or its tables lack a column.
    """
    if not folder.is_dir():
        raise DataMissing(f"找不到文件夹：{folder}")
    sets = [child for child in sorted(folder.iterdir()) if (child / "orders.csv.gz").is_file()]
    if (folder / "orders.csv.gz").is_file():
        sets = [folder]
    if not sets:
        raise DataMissing(f"{folder} 里没有 orders.csv.gz")
    return [_read_set(path) for path in sets]


def _read_set(path: Path) -> Purchases:
    orders = _rows(path / "orders.csv.gz", ("household_id", "variety"))
    moment = "date" if "date" in orders[0] else "timestamp"
    if moment not in orders[0]:
        raise DataMissing(f"{path / 'orders.csv.gz'} 缺少 date 列")
    orders = [row for row in orders if row["variety"]]
    products = {row["variety"]: row for row in _rows(path / "products.csv.gz", ("variety", "category"))}
    varieties = sorted({row["variety"] for row in orders})
    households = sorted({row["household_id"] for row in orders})
    days = [date.fromisoformat(row[moment][:10]).toordinal() for row in orders]
    starts = min(days)
    variety_at, household_at = _places(varieties), _places(households)
    categories = _places(sorted({products.get(name, {}).get("category", "") for name in varieties}))
    taste, species = _tastes(path, varieties)
    history = History.of(
        [household_at[row["household_id"]] for row in orders],
        [variety_at[row["variety"]] for row in orders],
        [day - starts for day in days],
        members=len(households),
    )
    order = np.lexsort((history.day, history.member))
    catalogue = Catalogue(
        category=np.asarray([categories[products.get(name, {}).get("category", "")] for name in varieties], np.int32),
        taste=taste,
        offered=np.asarray([products.get(name, {}).get("generic", "0") != "1" for name in varieties]),
    )
    agreed = _LABELS.get(path.name)
    span = max(days) - starts
    inside = agreed is not None and starts < agreed.toordinal() < max(days)
    cut = agreed.toordinal() - starts if agreed and inside else int(span * _TRAINING_SHARE)
    return Purchases(
        name=path.name,
        history=History(history.member[order], history.product[order], history.day[order], history.members),
        catalogue=catalogue,
        households=households,
        varieties=varieties,
        starts=date.fromordinal(starts),
        cut=cut,
        species=species,
    )


def _tastes(path: Path, varieties: list[str]) -> tuple[np.ndarray, Ints]:
    """Taste and species of each variety, from tables beside the data set or above it; NaN and -1 where unknown."""
    taste = np.full((len(varieties), len(AXES)), np.nan, dtype=np.float32)
    species = np.full(len(varieties), -1, dtype=np.int32)
    facts_path = next(
        (up / "flavour_facts.csv" for up in (path, path.parent) if (up / "flavour_facts.csv").is_file()), None
    )
    map_path = next((up / "variety_map.csv" for up in (path, path.parent) if (up / "variety_map.csv").is_file()), None)
    if facts_path is None or map_path is None:
        return taste, species
    facts = {row["flavour_id"]: row for row in _rows(facts_path, ("flavour_id", *AXES))}
    known = _places(sorted({row["species"] for row in facts.values()}))
    names = {row["variety"]: row["flavour_id"] for row in _rows(map_path, ("dataset", "variety", "flavour_id"))
             if row["dataset"] == path.name}  # fmt: skip
    for place, variety in enumerate(varieties):
        fact = facts.get(names.get(variety, ""))
        if fact:
            taste[place] = [float(fact[axis]) if fact[axis] else np.nan for axis in AXES]
            species[place] = known[fact["species"]]
    return taste, species


def _places(names: list[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():
        raise DataMissing(f"找不到文件：{path}")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    missing = [name for name in columns if not rows or name not in rows[0]]
    if missing:
        raise DataMissing(f"{path} 缺少列：{'、'.join(missing)}" if rows else f"{path} 是空的")
    return rows
