"""What a metric is, and how one is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from metrics.registry.components import COMPONENTS, STANDINGS, Grain
from metrics.registry.expressions import Expression


class Unit(Enum):
    """What a value is given in: a share is 0 to 1 and shown in percent, an amount is fen and shown in 元."""

    PEOPLE = "人"
    TIMES = "次"
    ORDERS = "单"
    MONEY = "元"
    SHARE = "%"
    RATIO = "倍"


class Direction(Enum):
    """Which way is good."""

    UP = "越高越好"
    DOWN = "越低越好"
    NEUTRAL = "无好坏"


class UnknownMetric(LookupError):
    """There is no metric, or no version of it, under this name."""

    def __init__(self, code: str) -> None:
        super().__init__(f"没有“{code[:40]}”这个指标")
        self.code = code


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: `numerator ÷ denominator` over components, or a plain sum where there is no denominator.

    `evidence` names the kind of proof behind it where there are several; those are never added up. `trap` says what
    it must not be mistaken for, `only` the grains it has a meaning at where the components would allow others.
    """

    code: str
    name: str
    meaning: str
    numerator: Expression
    denominator: Expression | None
    unit: Unit
    direction: Direction
    basis: str
    trap: str = ""
    evidence: str = ""
    only: tuple[Grain, ...] = ()
    owner: str = "总部运营"
    version: int = 1

    @property
    def components(self) -> tuple[str, ...]:
        """Everything it is made of, each once."""
        below = self.denominator.components if self.denominator else ()
        return tuple(dict.fromkeys((*self.numerator.components, *below)))

    @property
    def grains(self) -> tuple[Grain, ...]:
        """Whose days it can be read of: those that have all of its components."""
        return tuple(grain for grain in self.only or Grain if COMPONENTS[grain].issuperset(self.components))

    @property
    def standing(self) -> bool:
        """Whether it says how things stand on a period's last day, rather than what happened in the period."""
        return STANDINGS.issuperset(self.components)

    @property
    def key(self) -> str:
        """The name under which this very version is asked for, whatever replaces it."""
        return f"{self.code}@{self.version}"

    @property
    def formula(self) -> str:
        """Numerator and denominator in words."""
        return f"{self.numerator} ÷ {self.denominator}" if self.denominator else str(self.numerator)

    @property
    def tooltip(self) -> str:
        """What a page shows at the name, an export in its header and the API in its description."""
        parts = [self.meaning, f"= {self.formula}"]
        if self.trap:
            parts.append(self.trap)
        return "。".join(part.rstrip("。") for part in parts) + "。"

    def value(self, values: Mapping[str, int | None]) -> float | None:
        """The metric over components already read; None where there is nothing to divide by, or nothing known."""
        above = self.numerator.of(values)
        if above is None or self.denominator is None:
            return above
        below = self.denominator.of(values)
        return above / below if below else None


def metric(code: str) -> Metric:
    """The metric of this code as it is defined now, or an earlier version as `code@version`.

    :raises UnknownMetric:
    """
    from metrics.registry.catalogue import HISTORY, METRICS

    name, _, version = code.partition("@")
    current = METRICS.get(name)
    if current is None:
        raise UnknownMetric(code)
    if not version:
        return current
    for one in (current, *HISTORY.get(name, ())):
        if str(one.version) == version:
            return one
    raise UnknownMetric(code)
