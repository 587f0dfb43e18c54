"""Every task on every data set: the recommender beside the usual ones, and what each of its signals adds."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from tagging.evaluation import hybrid, tasks
from tagging.evaluation.baselines import BASELINES, untied
from tagging.evaluation.data import read_folder
from tagging.evaluation.measures import coverage_interval, interval, measure
from tagging.recommending.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tagging.evaluation.data import Purchases
    from tagging.evaluation.measures import Results
    from tagging.evaluation.tasks import Situation, Task
    from tagging.recommending.facts import Floats

COLUMNS = ("dataset", "task", "household", "as_of", "rank", "variety")
# What is taken away in turn; tastes are also what tells what a newcomer may sell.
ABLATIONS = {
    "season": ("season", "own_season", "month", "own_month"),
    "crowd": ("crowd",),
    "habit": ("habit", "times", "gap"),
    "taste": ("taste",),
}


def evaluate(
    folder: Path, *, predictions: Path | None = None, tell: Callable[[str], None] = lambda _line: None
) -> dict[str, Any]:
    """Grade all tasks that the data of a folder allow. :raises DataMissing: the folder is not laid out so

    `predictions` receives our ten of every query as CSV.
    """
    found: dict[str, Any] = {}
    rows: list[tuple[str, str, str, str, int, str]] = []
    for data in read_folder(folder):
        for task in tasks.TASKS:
            if not tasks.fits(task, data):
                continue
            situations = tasks.held_out_situations(task, data)
            if not situations:
                continue
            graded, ours = _graded(task, data, situations)
            found[f"{data.name} {task.name}"] = graded
            rows += _predicted(task, data, situations, ours)
            graded["summary"] = _summary(graded)
            tell(f"{data.name} {task.name}: {graded['summary']}")
    if predictions:
        with predictions.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(rows)
    return found


def _graded(task: Task, data: Purchases, situations: Sequence[Situation]) -> tuple[dict[str, Any], Results]:
    learnt = hybrid.learn(task, data)
    ours = measure(situations, [hybrid.score(each, learnt.weights) for each in situations])
    others = {
        name: measure(situations, [untied(baseline(each)) for each in situations])
        for name, baseline in BASELINES.items()
    }
    best = max(others, key=lambda name: float(others[name].ndcg.mean()))
    return {
        "queries": len(ours.ndcg),
        "households": len(set(ours.households.tolist())),
        "weights": dict(zip(SIGNALS, [round(float(w), 3) for w in learnt.weights], strict=True)),
        "models": {name: _figures(results) for name, results in {"hybrid": ours, **others}.items()},
        "best_baseline": best,
        "difference_to_best": _difference(ours, others[best]),
        "difference_to_pop_season": _difference(ours, others["pop_season"]),
        "without": {name: _difference(ours, _without(name, task, data, situations)) for name in ABLATIONS},
    }, ours


def _figures(results: Results) -> dict[str, Any]:
    return {
        "hit10": _numbers(interval(results.hit, results.households)),
        "ndcg10": _numbers(interval(results.ndcg, results.households)),
        "coverage": _numbers(coverage_interval(results)),
    }


def _difference(ours: Results, other: Results) -> dict[str, float]:
    """NDCG@10 of ours less the other's, query by query."""
    return _numbers(interval(ours.ndcg - other.ndcg, ours.households))


def _numbers(found: Any) -> dict[str, float]:
    return {"mean": round(found.mean, 4), "low": round(found.low, 4), "high": round(found.high, 4)}


def _without(name: str, task: Task, data: Purchases, situations: Sequence[Situation]) -> Results:
    blind = name == "taste"
    if blind:
        unknown: Floats = np.full_like(data.catalogue.taste, np.nan)
        data = replace(data, catalogue=replace(data.catalogue, taste=unknown))
        situations = [tasks.without_taste(each) for each in situations]
    learnt = hybrid.learn(task, data, without=ABLATIONS[name])
    return measure(situations, [hybrid.score(each, learnt.weights) for each in situations])


def _predicted(
    task: Task, data: Purchases, situations: Sequence[Situation], ours: Results
) -> Iterator[tuple[str, str, str, str, int, str]]:
    asked = [(each, query) for each in situations for query in each.queries]
    for (situation, query), ranked in zip(asked, ours.lists, strict=True):
        day = date.fromordinal(data.starts.toordinal() + situation.as_of).isoformat()
        for rank, product in enumerate(ranked, start=1):
            yield data.name, task.name, data.households[query.household], day, rank, data.varieties[product]


def _summary(graded: dict[str, Any]) -> str:
    ours, best = graded["models"]["hybrid"], graded["models"][graded["best_baseline"]]
    gap, season = graded["difference_to_best"], graded["difference_to_pop_season"]
    adds = "  ".join(f"{signal} {part['mean']:+.3f}" for signal, part in graded["without"].items())
    return (
        f"NDCG@10 {ours['ndcg10']['mean']:.3f} [{ours['ndcg10']['low']:.3f}, {ours['ndcg10']['high']:.3f}]"
        f"  hit@10 {ours['hit10']['mean']:.3f}  coverage {ours['coverage']['mean']:.2f}"
        f"  | {graded['best_baseline']} {best['ndcg10']['mean']:.3f}"
        f"  diff {gap['mean']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}]"
        f"  to pop_season {season['mean']:+.3f} [{season['low']:+.3f}, {season['high']:+.3f}]"
        f"  | adds: {adds}  ({graded['queries']} queries)"
    )
