"""How a reading is written, the same on pages and in files: rounded once, marked where it rests on few numbers."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from metrics.registry import Direction, Metric, Unit
from metrics.selectors.reading import Reading
from stores.sheets.writing import Figure
from stores.templatetags.fmt import yuan_short

# Below these a share or an average says little about the next day. Posts are few and each is known: a group has four
# slots a day.
THIN, THIN_POSTS = 30, 4
_POSTS = frozenset({"expected", "planned", "must_do_planned"})
_MISSING = "—"
_HUNDRED = Decimal(100)
_WAN = 100_000
_FLAT = Decimal("0.05")  # percent, or points: what is smaller is no change


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure stands to the one it is compared with: in words, the way it went, and whether that is good."""

    words: str
    way: str = ""  # up, down or flat; nothing where there is nothing to compare
    tone: str = ""  # good or bad

    @property
    def arrow(self) -> str:
        return {"up": "arrow-up", "down": "arrow-down"}.get(self.way, "minus")


def decimals_of(metric: Metric) -> int:
    """How many decimals a figure of this metric has."""
    match metric.unit:
        case Unit.SHARE:
            return 1
        case Unit.MONEY | Unit.RATIO:
            return 2
        case _:
            return 2 if metric.denominator else 0


def figure_of(metric: Metric, reading: Reading | None) -> Figure | None:
    """The number as it is shown, in the unit that stands beside it (percent, yuan); None where nothing is known."""
    if reading is None or reading.value is None:
        return None
    value = Decimal(str(reading.value))
    if metric.unit is Unit.SHARE:
        value *= _HUNDRED
    elif metric.unit is Unit.MONEY:
        value /= _HUNDRED
    places = decimals_of(metric)
    return Figure(value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP), places)


def written(metric: Metric, reading: Reading | None) -> str:
    """`¥1,234.50`, `87.5%`, `12,345`, or `—` for nothing known."""
    figure = figure_of(metric, reading)
    if figure is None:
        return _MISSING
    number = f"{abs(figure.value):,.{figure.decimals}f}"
    sign = "-" if figure.value < 0 else ""
    if metric.unit is Unit.MONEY:
        return f"{sign}¥{number}"
    return f"{sign}{number}%" if metric.unit is Unit.SHARE else f"{sign}{number}"


def headline(metric: Metric, reading: Reading | None) -> str:
    """The same for large type: money of many digits and large counts in 万."""
    figure = figure_of(metric, reading)
    if figure is None or reading is None or reading.value is None:
        return _MISSING
    if metric.unit is Unit.MONEY and not metric.denominator:
        return yuan_short(round(reading.value))
    if not metric.denominator and abs(figure.value) >= _WAN:
        return f"{figure.value / 10_000:,.1f}万"
    return written(metric, reading)


def is_thin(metric: Metric, reading: Reading | None) -> bool:
    """Whether a share or average rests on so few that it says little (样本少)."""
    if reading is None or metric.denominator is None or reading.denominator is None:
        return False
    return reading.denominator < (THIN_POSTS if _POSTS.issuperset(metric.denominator.components) else THIN)


def change_of(metric: Metric, now: Reading | None, before: Reading | None) -> Change:
    """The way from one reading to another: shares in points, signed sums as a difference, all else in percent."""
    if now is None or now.value is None:
        return Change("没有数据")
    if before is None or before.value is None:
        return Change("上期没有数据")
    new, old = Decimal(str(now.value)), Decimal(str(before.value))
    if metric.unit is Unit.SHARE:
        step = (new - old) * _HUNDRED
        words = f"{_signed(step)} 个百分点"
    elif old <= 0 or _is_difference(metric):
        step = new - old
        if metric.unit is Unit.MONEY:
            words = ("+" if step > 0 else "") + yuan_short(int(step))
        else:
            words = f"{step:+,.{decimals_of(metric)}f}" if step else "持平"
    else:
        step = (new - old) / old * _HUNDRED
        words = f"{_signed(step)}%"
    if abs(step) < _FLAT:
        return Change("持平", "flat")
    way = "up" if step > 0 else "down"
    return Change(words, way, _tone(metric.direction, way))


def _tone(direction: Direction, way: str) -> str:
    if direction is Direction.NEUTRAL:
        return ""
    return "good" if (way == "up") == (direction is Direction.UP) else "bad"


def _is_difference(metric: Metric) -> bool:
    """Net growth swings about nought: a percentage of it says nothing."""
    return metric.unit is Unit.PEOPLE and any(sign < 0 for _, sign in metric.numerator.terms)


def _signed(step: Decimal) -> str:
    return f"{step:+,.1f}"
