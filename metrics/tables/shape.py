"""A table of figures: one object behind the page and the file, so that they cannot tell two stories."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from metrics.registry import Metric
from metrics.selectors.reading import Reading
from metrics.showing import figure_of, is_thin, written
from stores.sheets.writing import Cell, Sheet

THIN_COLUMN = "样本少的指标"
_MISSING = "—"
_DEFINITION_COLUMNS = ("指标", "单位", "方向", "定义", "算法", "来源", "容易误解的地方", "版本", "负责人", "代码")
_DEFINITION_WIDTHS = (18, 8, 10, 44, 40, 40, 44, 8, 12, 24)


@dataclass(frozen=True, slots=True)
class Head:
    """A column of words: its name, and the name to sort by if the page can."""

    label: str
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Cellful:
    """One figure as the page shows it."""

    metric: Metric
    text: str
    thin: bool
    of: int | None  # what it was divided by


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is about, in the words of the table's heads, and a reading for each of its metrics."""

    words: tuple[str, ...]
    readings: tuple[Reading | None, ...]
    url: str = ""
    key: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads and metrics. `count` is how many there are on all pages; `rows` may come one by one."""

    title: str
    heads: Sequence[Head]
    metrics: Sequence[Metric]
    rows: Iterable[Row]
    count: int
    filename: str
    facts: tuple[tuple[str, str], ...] = ()  # what was asked for, in words: period, region …

    @property
    def columns(self) -> list[str]:
        """The heads of the file: units stand in them, and what rests on few numbers is named in the last."""
        return [
            *(head.label for head in self.heads),
            *(f"{metric.name}（{metric.unit.value}）" for metric in self.metrics),
            THIN_COLUMN,
        ]

    def lines(self) -> Iterator[tuple[Row, list[Cellful]]]:
        """The rows of the page."""
        for row in self.rows:
            yield (
                row,
                [
                    Cellful(metric, written(metric, r), is_thin(metric, r), r.denominator if r else None)
                    for metric, r in self._pairs(row)
                ],
            )

    def cells(self) -> Iterator[tuple[Cell, ...]]:
        """The rows of the file, with the figures as they stand on the page."""
        for row in self.rows:
            figures = [figure_of(metric, reading) or _MISSING for metric, reading in self._pairs(row)]
            thin = "、".join(metric.name for metric, reading in self._pairs(row) if is_thin(metric, reading))
            yield (*row.words, *figures, thin)

    def definitions(self) -> Sheet:
        """What was asked for and what the figures mean, for the second sheet."""
        lines: list[tuple[Cell, ...]] = [definition_of(metric) for metric in self.metrics]
        lines += [(name, "", "", words, *[""] * 6) for name, words in self.facts]
        return Sheet("指标说明", _DEFINITION_COLUMNS, lines, _DEFINITION_WIDTHS)

    def _pairs(self, row: Row) -> Iterator[tuple[Metric, Reading | None]]:
        return zip(self.metrics, row.readings, strict=True)


def definition_of(metric: Metric) -> tuple[Cell, ...]:
    """A metric in words, under the heads of the sheet of definitions."""
    return (
        metric.name, metric.unit.value, metric.direction.value, metric.meaning, metric.formula, metric.basis,
        metric.trap, metric.version, metric.owner, metric.code,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One metric across the columns of a comparison, with a word on how they differ."""

    metric: Metric
    readings: tuple[Reading | None, ...]
    said: tuple[str, ...] = ()
    best: int | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Few subjects side by side: a line a metric, a column a subject."""

    title: str
    subjects: Sequence[str]
    lines_of: Sequence[Line]
    filename: str
    saying: tuple[str, ...] = ()  # heads of the words behind the figures
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def count(self) -> int:
        return len(self.lines_of)

    @property
    def columns(self) -> list[str]:
        """The heads of the file."""
        return ["指标", "单位", *self.subjects, *self.saying, THIN_COLUMN]

    def cells(self) -> Iterator[tuple[Cell, ...]]:
        """The lines of the file, with the figures as they stand on the page."""
        for line in self.lines_of:
            figures = [figure_of(line.metric, one) or _MISSING for one in line.readings]
            thin = [name for name, one in zip(self.subjects, line.readings, strict=True) if is_thin(line.metric, one)]
            yield (line.metric.name, line.metric.unit.value, *figures, *line.said, "、".join(thin))

    def shown(self) -> Iterator[tuple[Line, list[Cellful]]]:
        """The lines of the page."""
        for line in self.lines_of:
            yield (
                line,
                [
                    Cellful(line.metric, written(line.metric, one), is_thin(line.metric, one), None)
                    for one in line.readings
                ],
            )

    def definitions(self) -> Sheet:
        """What was asked for and what the figures mean, for the second sheet."""
        lines: list[tuple[Cell, ...]] = [definition_of(line.metric) for line in self.lines_of]
        lines += [(name, "", "", words, *[""] * 6) for name, words in self.facts]
        return Sheet("指标说明", _DEFINITION_COLUMNS, lines, _DEFINITION_WIDTHS)


Writable = Table | Comparison
