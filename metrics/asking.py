"""What a page of figures was asked for, read from its address; nonsense becomes a sentence, never an error."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db.models import QuerySet
from django.http import QueryDict

from metrics.registry import METRICS, Metric, UnknownMetric, metric
from metrics.registry.components import Grain
from metrics.selectors.reading import BadPeriod, Period, period
from stores.filters import StoreFilter
from stores.models import Region, Staff, Store
from stores.selectors import stores_for

PRESETS = {"today": "今天", "yesterday": "昨天", "7": "近 7 天", "30": "近 30 天", "own": "自定"}
COLUMNS_AT_MOST = 8
_DIGITS = 4
_LINE = 14  # days
_CHART = 30


@dataclass(frozen=True, slots=True)
class _Asker:
    """What `StoreFilter` wants to know of a request: a worker that writes an export has none."""

    user: Staff


class Wish:
    """Period, stores and metrics of one question, for somebody, on a day."""

    def __init__(
        self, user: Staff, query: QueryDict, *, today: date, preset: str = "yesterday", codes: Sequence[str] = (),
        grain: Grain = Grain.STORE,
    ) -> None:  # fmt: skip
        """:param preset: the period where none is asked for; :param codes: the metrics where none are"""
        self.user, self.query, self.today, self.grain = user, query, today, grain
        self.problems: list[str] = []
        self._usual = tuple(code for code in codes if code in METRICS)
        self.preset, self.period = self._period(preset)
        self.sort = query.get("sort", "")

    # ---- when -------------------------------------------------------------------------------------------------

    def _period(self, usual: str) -> tuple[str, Period]:
        asked = self.query.get("period", "")
        if asked and asked not in PRESETS:
            self.problems.append(f"没有“{asked[:20]}”这个时间范围，已改看{PRESETS[usual]}")
        preset = asked if asked in PRESETS else usual
        if preset == "own" or (not asked and (self.query.get("first") or self.query.get("last"))):
            try:
                return "own", self._own_period()
            except BadPeriod as bad:
                self.problems.append(f"{bad}，已改看{PRESETS[usual]}")
                preset = usual
        first, last = _span(preset, today=self.today)
        return preset, period(first, last, today=self.today)

    def _own_period(self) -> Period:
        first, last = _day(self.query.get("first", "")), _day(self.query.get("last", ""))
        if first is None or last is None:
            raise BadPeriod("请填写起止日期，例如 2026-11-01")
        return period(first, last, today=self.today)

    @cached_property
    def before(self) -> Period:
        """The same weekdays, over by the beginning of the period."""
        return self.period.before()

    @cached_property
    def trend_period(self) -> Period:
        """What a chart shows: the period, or the thirty days up to its end where it is too short for a line."""
        if len(self.period) >= _LINE:
            return self.period
        return Period(self.period.last - timedelta(days=_CHART - 1), self.period.last)

    @property
    def is_today(self) -> bool:
        """Whether the day is still running, so that its figures are not whole."""
        return self.period.last == self.today

    @property
    def period_words(self) -> str:
        first, last = self.period.first, self.period.last
        return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}"

    @property
    def before_words(self) -> str:
        first, last = self.before.first, self.before.last
        return f"{first:%m-%d}" if first == last else f"{first:%m-%d} 至 {last:%m-%d}"

    # ---- where ------------------------------------------------------------------------------------------------

    @cached_property
    def filter(self) -> StoreFilter:
        chosen = StoreFilter(self.query, queryset=self.everywhere, request=_Asker(self.user))
        del chosen.form.fields["manager"]
        return chosen

    @property
    def everywhere(self) -> QuerySet[Store]:
        """All stores this person may see, whatever was asked for."""
        return stores_for(self.user)

    @cached_property
    def stores(self) -> QuerySet[Store]:
        """The stores asked for, of those this person may see."""
        stores: QuerySet[Store] = self.filter.qs
        wrong = [self.filter.form.fields[name].label for name in self.filter.form.errors if name != "__all__"]
        if wrong:
            self.problems.append(f"{'、'.join(wrong)}的选项不存在，已忽略")
        return stores

    @property
    def is_narrow(self) -> bool:
        return any(self.query.get(name) for name in self.filter.form.fields)

    @cached_property
    def region(self) -> Region | None:
        """The region asked for, if it is one of hers."""
        form = self.filter.form
        form.is_valid()  # what is no region is left out
        region: Region | None = form.cleaned_data.get("region")
        return region

    # ---- what -------------------------------------------------------------------------------------------------

    @cached_property
    def metrics(self) -> list[Metric]:
        """The metrics asked for, in their order, that exist for this grain; the usual ones where none is left."""
        found: list[Metric] = []
        for code in dict.fromkeys(self.query.getlist("m")):
            try:
                one = metric(code)
            except UnknownMetric as unknown:
                self.problems.append(f"{unknown}，已忽略")
                continue
            if self.grain in one.grains:
                found.append(one)
            else:
                self.problems.append(f"“{one.name}”在这里没有数据，已忽略")
        if len(found) > COLUMNS_AT_MOST:
            self.problems.append(f"一次最多看 {COLUMNS_AT_MOST} 个指标，已取前 {COLUMNS_AT_MOST} 个")
        return found[:COLUMNS_AT_MOST] or [METRICS[code] for code in self._usual]

    def trend(self, usual: str) -> Metric:
        """The metric whose course is asked for."""
        asked = self.query.get("trend", "")
        found = METRICS.get(asked)
        if found is not None and self.grain in found.grains:
            return found
        if asked:
            self.problems.append(f"没有“{asked[:20]}”这个指标，趋势已改看{METRICS[usual].name}")
        return METRICS[usual]

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.metrics]

    @property
    def choices(self) -> list[Metric]:
        """All metrics one could ask for here."""
        return [one for one in METRICS.values() if self.grain in one.grains]

    def about(self, *codes: str, sort: str = "") -> "Wish":
        """The same question about these metrics only."""
        twin = copy(self)
        twin.metrics, twin.sort = [METRICS[code] for code in codes], sort
        return twin

    def facts(self) -> tuple[tuple[str, str], ...]:
        """What was asked for, in words, for the second sheet of an export."""
        tier, stage = self.query.get("city_tier", ""), self.query.get("stage", "")
        said = [
            ("时间", self.period_words),
            ("区域", self.region.name if self.region else "全部"),
            ("城市等级", dict(Store.CityTier.choices).get(int(tier), "全部") if _is_number(tier) else "全部"),
            ("阶段", str(dict(Store.Stage.choices).get(stage, "全部"))),
            ("搜索", self.query.get("q", "")[:50]),
        ]
        return tuple((name, str(words)) for name, words in said if words)


def _span(preset: str, *, today: date) -> tuple[date, date]:
    """First and last day of a preset; several days end with yesterday, the last whole one."""
    if preset == "today":
        return today, today
    yesterday = today - timedelta(days=1)
    days = int(preset) if preset.isdigit() else 1
    return yesterday - timedelta(days=days - 1), yesterday


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _DIGITS
