"""What a night learns from everybody, kept as one row, so that every shard works from the same crowd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stores.models import Product
from tagging.models import RecommenderModel
from tagging.recommending.crowd import read_crowd
from tagging.recommending.facts import Catalogue
from tagging.recommending.learning import learn_task
from tagging.recommending.ranking import Task
from tagging.recommending.replenishing import usual_intervals
from tagging.recommending.signals import SIGNALS, read_pairs
from tagging.recommending.spending import usual_prices
from tagging.selectors import histories
from tagging.selectors.brains import packed
from tagging.selectors.tastes import filled, kinds_of, taste_table

if TYPE_CHECKING:
    from datetime import date, datetime

    from tagging.recommending.facts import Floats

HORIZON = 28  # days a list is meant for
SAMPLE_MEMBERS = 40_000
_KEPT = 10  # models: a member's row points to the one of her last turn, at most a week ago


class NothingToLearnFrom(Exception):
    """The chain has no products yet."""


def learn(*, as_of: date, at: datetime, sample: int = SAMPLE_MEMBERS) -> RecommenderModel:
    """Learn tastes, season, company and weights from a sample of the members, as of the evening of a day.

    :raises NothingToLearnFrom: there are no products
    """
    products = list(Product.objects.order_by("pk"))
    if not products:
        raise NothingToLearnFrom
    ids = [product.pk for product in products]
    table = taste_table(ids, on=as_of)
    _, category = kinds_of(products)
    offered = np.asarray([product.is_active for product in products], bool)
    shard = histories.sample_shard(product_ids=ids, as_of=as_of, members=sample)
    history, day = shard.history, histories.day_number(as_of)
    blind = Catalogue(category, table.values, offered)
    likeness = read_crowd(history, blind, as_of=day, horizon=HORIZON).affinity
    taste, estimated = filled(table, products, likeness)
    catalogue = Catalogue(category, taste, offered)
    crowd = read_crowd(history, catalogue, as_of=day, horizon=HORIZON)
    learnt = {
        task: learn_task(history, catalogue, task=task, as_of=day, horizon=HORIZON) for task in Task
    }  # fmt: skip
    axes = [axis.key for axis in table.axes]
    mean, spread = _scale(taste, crowd.taste)
    return RecommenderModel.objects.create(
        as_of=as_of, learnt_at=at, axes=axes, mean=mean, spread=spread,
        weights={
            str(task): {name: round(float(weight), 5) for name, weight in zip(SIGNALS, found.weights, strict=True)}
            for task, found in learnt.items()
        },
        figures={
            "members": history.members, "purchases": len(history.day),
            **{str(task): found.figures for task, found in learnt.items()},
        },
        estimates={
            str(product): {axes[place]: round(float(taste[row, place]), 1) for place in np.flatnonzero(estimated[row])}
            for row, product in enumerate(ids) if estimated[row].any()
        },
        state=packed(
            catalogue, crowd, products=np.asarray(ids, np.int64),
            line_fen=usual_prices(shard.paid, history, catalogue.size),
            unit_fen=usual_prices(shard.unit_fen, history, catalogue.size),
            intervals=usual_intervals(
                read_pairs(history, crowd=crowd, products=catalogue.size), catalogue.size
            ),
        ),
    )  # fmt: skip


def forget_old_models() -> int:
    """Drop all but the newest models; returns how many went."""
    kept = RecommenderModel.objects.order_by("-learnt_at", "-pk").values_list("pk", flat=True)[:_KEPT]
    dropped, _ = RecommenderModel.objects.exclude(pk__in=list(kept)).delete()
    return dropped


def _scale(raw: Floats, standard: Floats) -> tuple[list[float], list[float]]:
    """By axis, the mean and the spread that turn `standard` back into `raw`; a spread of 0 where all taste alike."""
    mean, spread = [], []
    for values, scaled in zip(raw.T, standard.T, strict=True):
        known = np.flatnonzero(~np.isnan(values))
        if not len(known):
            mean.append(0.0)
            spread.append(0.0)
            continue
        high, low = known[np.argmax(values[known])], known[np.argmin(values[known])]
        width = float(scaled[high] - scaled[low])
        spread.append(float(values[high] - values[low]) / width if width else 0.0)
        mean.append(float(values[high]) - float(scaled[high]) * spread[-1])
    return mean, spread
