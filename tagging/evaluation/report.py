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
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from tagging.evaluation.data import Purchases
    from tagging.evaluation.measures import Results
    from tagging.evaluation.tasks import Situation, Task
    from tagging.recommending.facts import Floats

COLUMNS = ("dataset", "task", "household", "as_of", "rank", "variety")
# What is taken away in turn, and put alone upon a floor in turn.
PARTS = {
    "season": ("season", "own_season", "month", "own_month"),
    "crowd": ("crowd",),
    "habit": ("habit", "times", "gap"),
    "taste": ("taste",),
}
FLOOR = ("popularity", "category")


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
    asked, others = _Asked(task, data, situations), {
        name: measure(situations, [untied(baseline(each)) for each in situations])
        for name, baseline in BASELINES.items()
    }  # fmt: skip
    learnt = hybrid.learn(asked.laid)
    ours = asked.results(learnt)
    best = max(others, key=lambda name: float(others[name].ndcg.mean()))
    floor = asked.of(FLOOR, blind=True)
    return {
        "queries": len(ours.ndcg),
        "households": len(set(ours.households.tolist())),
        "weights": dict(zip(SIGNALS, [round(float(w), 3) for w in learnt.weights], strict=True)),
        "validation_ndcg10": round(learnt.tried[learnt.caution], 4),
        "models": {name: _figures(results) for name, results in {"hybrid": ours, **others}.items()},
        "best_baseline": best,
        "difference_to_best": _difference(ours, others[best]),
        "difference_to_pop_season": _difference(ours, others["pop_season"]),
        "floor": _figures(floor)["ndcg10"],
        "adds_last": {name: _difference(ours, asked.without(name)) for name in PARTS},
        "adds_first": {name: _difference(asked.alone(name), floor) for name in PARTS},
    }, ours


class _Asked:
    """One task's questions of the training period and of the end, with tastes known and without."""

    def __init__(self, task: Task, data: Purchases, situations: Sequence[Situation]) -> None:
        unknown: Floats = np.full_like(data.catalogue.taste, np.nan)
        blind = replace(data, catalogue=replace(data.catalogue, taste=unknown))
        self._situations = situations
        self._in_the_dark = [tasks.without_taste(each) for each in situations]
        self.laid, self._laid_blind = hybrid.lay(task, data), hybrid.lay(task, blind)
        self._is_launch = task is tasks.UNSEEN

    def results(self, learnt: hybrid.Learnt, *, blind: bool = False) -> Results:
        situations = self._in_the_dark if blind else self._situations
        return measure(situations, [hybrid.score(each, learnt.weights) for each in situations])

    def of(self, used: Collection[str], *, blind: bool) -> Results:
        return self.results(hybrid.learn(self._laid_blind if blind else self.laid, used=used), blind=blind)

    def without(self, part: str) -> Results:
        """All but one part; without tastes, a newcomer's season is not told from them either."""
        return self.of([name for name in SIGNALS if name not in PARTS[part]], blind=part == "taste")

    def alone(self, part: str) -> Results:
        """The floor and one part; of a newcomer taste tells the season, so there it brings that along."""
        more = ("season",) if part == "taste" and self._is_launch else ()
        return self.of((*FLOOR, *PARTS[part], *more), blind=part != "taste")


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
    last, first = (
        "  ".join(f"{part} {found['mean']:+.3f}" for part, found in graded[name].items())
        for name in ("adds_last", "adds_first")
    )
    return (
        f"NDCG@10 {ours['ndcg10']['mean']:.3f} [{ours['ndcg10']['low']:.3f}, {ours['ndcg10']['high']:.3f}]"
        f"  hit@10 {ours['hit10']['mean']:.3f}  coverage {ours['coverage']['mean']:.2f}"
        f"  | {graded['best_baseline']} {best['ndcg10']['mean']:.3f}"
        f"  diff {gap['mean']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}]"
        f"  to pop_season {season['mean']:+.3f} [{season['low']:+.3f}, {season['high']:+.3f}]"
        f"  | adds last: {last}  | on a floor of {graded['floor']['mean']:.3f}: {first}  ({graded['queries']} queries)"
    )
