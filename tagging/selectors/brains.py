"""The model every shard works from, unpacked once per process."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tagging.models import RecommenderModel
from tagging.recommending.crowd import Crowd
from tagging.recommending.facts import Catalogue
from tagging.recommending.ranking import Folded, Task, fold
from tagging.recommending.signals import SIGNALS

if TYPE_CHECKING:
    from datetime import date, datetime

    from tagging.recommending.facts import Floats

_CROWD = [field.name for field in fields(Crowd)]


@dataclass(frozen=True, slots=True)
class Brain:
    """A `RecommenderModel` unpacked. `products` are the keys by index, ascending; prices in fen, intervals in days."""

    pk: int
    as_of: date
    axes: list[str]
    products: np.ndarray
    catalogue: Catalogue
    crowd: Crowd
    folded: dict[Task, Folded]
    line_fen: Floats
    unit_fen: Floats
    intervals: Floats
    raw_taste: Floats  # 0 to 10, estimates included
    mean: list[float]
    spread: list[float]


def brain_of(model_id: int) -> Brain:
    """The model ready to rank with. :raises RecommenderModel.DoesNotExist: it was dropped meanwhile"""
    return _brain_of(model_id, RecommenderModel.objects.values_list("learnt_at", flat=True).get(pk=model_id))


def newest_brain() -> Brain | None:
    newest = RecommenderModel.objects.order_by("-learnt_at", "-pk").values_list("pk", flat=True).first()
    return None if newest is None else brain_of(newest)


@lru_cache(maxsize=2)
def _brain_of(model_id: int, _learnt_at: datetime) -> Brain:
    model = RecommenderModel.objects.get(pk=model_id)
    with np.load(io.BytesIO(bytes(model.state)), allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    of_crowd: dict[str, Any] = {
        name: int(arrays[name]) if name in {"as_of", "horizon"} else arrays[f"crowd_{name}"] for name in _CROWD
    }
    crowd = Crowd(**of_crowd)
    catalogue = Catalogue(arrays["category"], arrays["raw_taste"], arrays["offered"])
    folded = {
        task: fold(np.asarray([model.weights[task].get(name, 0.0) for name in SIGNALS], np.float32), crowd=crowd,
                   catalogue=catalogue)
        for task in Task
    }  # fmt: skip
    return Brain(
        pk=model.pk, as_of=model.as_of, axes=model.axes, products=arrays["products"], catalogue=catalogue,
        crowd=crowd, folded=folded, line_fen=arrays["line_fen"], unit_fen=arrays["unit_fen"],
        intervals=arrays["intervals"], raw_taste=arrays["raw_taste"],
        mean=model.mean, spread=model.spread,
    )  # fmt: skip


def packed(catalogue: Catalogue, crowd: Crowd, **more: Any) -> bytes:
    """The arrays of a model as `RecommenderModel.state` holds them."""
    arrays = {name: getattr(crowd, name) for name in _CROWD}
    target = io.BytesIO()
    np.savez_compressed(
        target, category=catalogue.category, raw_taste=catalogue.taste, offered=catalogue.offered,
        as_of=arrays.pop("as_of"), horizon=arrays.pop("horizon"),
        **{f"crowd_{name}": value for name, value in arrays.items()}, **more,
    )  # fmt: skip
    return target.getvalue()
