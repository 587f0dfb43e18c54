"""How long a whole chain takes, beside the least arithmetic that could rank it: one matrix product and a top ten."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagging.recommending.crowd import read_crowd
from tagging.recommending.facts import Catalogue, Floats, History
from tagging.recommending.members import Market, work_out
from tagging.recommending.priors import prior_weights
from tagging.recommending.ranking import RANKS, Task, fold
from tagging.recommending.replenishing import usual_intervals
from tagging.recommending.signals import read_pairs
from tagging.recommending.spending import usual_prices

_AT_ONCE = 8_192  # members, as in a night's shard
_LINES = 10  # purchases a member, on average
_DAYS = 500
_CATEGORIES, _AXES = 12, 7
_SHARDS = 16  # different ones, taken in turn
_SHARED_MEMBERS = 400_000  # ranked by one and by two processes
_CHANGED = 0.05
_PARTS = 4
_SEED = 2026
# A process of its own for each worker, and each with one thread for its matrix products, as Celery's are.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class _Shard:
    history: History
    paid: Floats
    unit_fen: Floats


def measure_speed(*, members: int, products: int) -> dict[str, Any]:
    """Seconds of a full turn, of the bare product and of a night with 5 % changed; memory in MB; one and two workers.

    The full turn is everything a night works out from purchases in memory: tastes and their certainty, prices, both
    lists, due dates. Reading and writing the database is not in it. Bare and full take turns shard by shard, so
    that whatever else the machine does strikes both.
    """
    market, shards = _market(products)
    item = np.random.default_rng(_SEED).normal(size=(products, products)).astype(np.float32)
    full = bare = changed = 0.0
    parts: list[dict[str, float]] = []
    done = 0
    while done < members:
        shard = _cut(shards[(done // _AT_ONCE) % _SHARDS], min(_AT_ONCE, members - done))
        rows = shard.history.table(products)
        bare += _timed(lambda rows=rows: _bare(rows, item))
        del rows
        full += _timed(lambda shard=shard: _turn(shard, market))
        few = _cut(shard, max(int(shard.history.members * _CHANGED), 1))
        changed += _timed(lambda few=few: _turn(few, market))
        done += shard.history.members
        if done >= members * (len(parts) + 1) / _PARTS:
            parts.append({"members": done, "seconds": round(full, 2)})
    return {
        "members": members, "products": products, "lines": sum(len(s.history.day) for s in shards) // _SHARDS
        * members // _AT_ONCE,
        "full_seconds": round(full, 2), "bare_seconds": round(bare, 2), "full_by_bare": round(full / bare, 2),
        "changed_5_percent_seconds": round(changed, 2), "changed_by_full": round(changed / full, 3),
        "linear": {str(part["members"]): part["seconds"] for part in parts},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "workers": _by_workers(min(members, _SHARED_MEMBERS), products),
    }  # fmt: skip


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _turn(shard: _Shard, market: Market) -> None:
    work_out(shard.history, paid=shard.paid, unit_fen=shard.unit_fen, market=market)


def _bare(rows: Floats, item: Floats) -> None:
    utility = rows @ item
    front = np.argpartition(-utility, RANKS - 1, axis=1)[:, :RANKS]
    values = np.take_along_axis(utility, front, axis=1)
    np.take_along_axis(front, np.argsort(-values, axis=1), axis=1)


def _by_workers(members: int, products: int) -> dict[str, float]:
    kept = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        # Each starts afresh: a forked child would keep the parent's threads and memory.
        context = multiprocessing.get_context("spawn")
        found = {}
        for workers in (1, 2):
            with context.Pool(workers) as pool:
                pool.starmap(_work, [(products, 1, _AT_ONCE)] * workers, chunksize=1)  # imports and first touch
                began = time.perf_counter()
                blocks = -(-members // _AT_ONCE)
                pool.starmap(_work, [(products, blocks // workers, _AT_ONCE)] * workers, chunksize=1)
                found[f"{workers}_seconds"] = round(time.perf_counter() - began, 2)
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return {"members": members, **found}


_made: dict[int, tuple[Market, list[_Shard]]] = {}


def _work(products: int, blocks: int, _size: int) -> None:
    if products not in _made:
        _made[products] = _market(products)
    market, shards = _made[products]
    for block in range(blocks):
        _turn(shards[block % _SHARDS], market)


def _market(products: int) -> tuple[Market, list[_Shard]]:
    """A made-up chain of so many products, and different shards of its members."""
    drawn = np.random.default_rng(_SEED)
    shelf = Catalogue(
        category=(np.arange(products) % _CATEGORIES).astype(np.int32),
        taste=drawn.uniform(0, 10, (products, _AXES)).astype(np.float32),
        offered=np.ones(products, bool),
    )
    share = drawn.lognormal(0, 1, products)
    shards = [_shard(drawn, share / share.sum()) for _ in range(_SHARDS)]
    history = shards[0].history
    crowd = read_crowd(history, shelf, as_of=_DAYS, horizon=28)
    folded = {
        # Every signal has a weight, so that nothing is spared.
        task: fold(prior_weights(repeats=task is Task.REPEAT, horizon_days=28) + np.float32(0.05), crowd=crowd,
                   catalogue=shelf)
        for task in Task
    }  # fmt: skip
    market = Market(
        crowd=crowd, catalogue=shelf, folded=folded, line_fen=usual_prices(shards[0].paid, history, products),
        unit_fen=usual_prices(shards[0].unit_fen, history, products), intervals=usual_intervals(
            read_pairs(history, crowd=crowd, products=products), products
        ),
    )  # fmt: skip
    return market, shards


def _shard(drawn: np.random.Generator, share: np.ndarray) -> _Shard:
    count = _AT_ONCE * _LINES
    member = np.sort(drawn.integers(0, _AT_ONCE, count))
    product = drawn.choice(len(share), count, p=share)
    day = drawn.integers(0, _DAYS + 1, count)
    order = np.lexsort((day, member))
    history = History.of(member[order], product[order], day[order], members=_AT_ONCE)
    paid = drawn.lognormal(7, 0.5, count).astype(np.float32)
    return _Shard(history, paid, (paid / 2).astype(np.float32))


def _cut(shard: _Shard, members: int) -> _Shard:
    if members == shard.history.members:
        return shard
    part = shard.history.of_members(0, members)
    return _Shard(part, shard.paid[: len(part.day)], shard.unit_fen[: len(part.day)])
