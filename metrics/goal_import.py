"""Goals from a spreadsheet: a line per store, a column per metric; a cell left empty keeps its goal."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from metrics.goal_kinds import BY_CODE, GOAL_KINDS, month_of
from metrics.models import Goal
from metrics.registry import Unit
from metrics.services.goals.adjusting import GoalRefused, check_target, set_targets
from stores.imports.catalogue import Values, read_catalogue, report_of
from stores.imports_registry import ImportFailed
from stores.sheets.cells import clean, parse_code, parse_date, parse_fen
from stores.sheets.columns import Field
from stores.sheets.errors import CellError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from stores.imports_registry import Option
    from stores.models import ImportJob

_HUNDRED = Decimal(100)


class GoalImport:
    """The handler of `ImportJob.Kind.GOALS`: adjusts goals that are there, makes none."""

    options: tuple[Option, ...] = ()
    fields: Sequence[Field] = (
        Field("code", "门店编码", ("门店编码", "门店编号", "店号", "编码", "store_code", "code"), required=True),
        Field("month", "月份", ("月份", "目标月份", "month"), help="如 2026-12；不填算本月"),
        *(
            Field(kind.code, kind.metric.name, (kind.metric.name, f"{kind.metric.name}目标", kind.code))
            for kind in GOAL_KINDS
        ),
    )
    report_labels: Mapping[str, str] = {
        "rows": "数据行", "accepted": "已接受", "adjusted": "调整的目标", "duplicates": "重复行", "rejected": "未导入",
        "reasons": "未导入的原因",
    }  # fmt: skip

    def run(self, job: ImportJob, *, at: datetime) -> dict[str, Any]:
        """Apply the job's file. :raises SheetError: it cannot be read :raises ImportFailed: nobody answers for it"""
        if job.uploaded_by is None or not job.uploaded_by.is_hq:
            raise ImportFailed("目标只能由总部调整")
        reader = _Reader(month_of(timezone.localdate(at)))
        found, header = read_catalogue(job, self.fields, reader.parse)
        targets = {pk: target for values in found.accepted.values() for pk, target in values["targets"].items()}
        adjusted = set_targets(targets=targets, by=job.uploaded_by, at=at)
        return report_of(job, found, header, {"adjusted": adjusted})


class _Reader:
    """Lays the cells of a row onto the goals of this month and of those to come."""

    def __init__(self, month: date) -> None:
        self.month = month
        open_goals = Goal.objects.filter(month__gte=month, is_met=None)
        self._goals = {
            (code, of, metric): pk
            for pk, code, of, metric in open_goals.values_list("pk", "store__code", "month", "metric")
        }
        self._stores = {code for code, _, _ in self._goals}

    def parse(self, given: Mapping[str, str]) -> Values:
        """The goals a row sets, by their ids. :raises CellError: a figure that cannot be, or no goal to adjust"""
        code = parse_code(given["code"])
        if code not in self._stores:
            raise CellError("没有这家门店，或者它还没有目标")
        month = _month(given["month"]) if "month" in given else self.month
        targets = {}
        for kind in GOAL_KINDS:
            if kind.code in given:
                pk = self._goals.get((code, month, kind.code))
                if pk is None:
                    raise CellError(f"这家店 {month:%Y-%m} 没有可以调整的「{kind.metric.name}」目标")
                targets[pk] = _figure(kind.code, given[kind.code])
        if not targets:
            raise CellError("没有一个目标")
        return {"targets": targets}


def _figure(code: str, text: str) -> float:
    """A cell in the metric's own unit: 85%, 85 and 0.85 are the same share."""
    one = BY_CODE[code].metric
    try:
        if one.unit is Unit.MONEY:
            value = float(parse_fen(text))
        elif one.unit is Unit.SHARE:
            cleaned = clean(text)
            share = Decimal(cleaned.removesuffix("%"))
            value = float(share if share <= 1 and not cleaned.endswith("%") else share / _HUNDRED)
        else:
            value = float(Decimal(clean(text).replace(",", "")))
        return check_target(code=code, target=value)
    except GoalRefused as refused:
        raise CellError(f"「{one.name}」{refused}") from None
    except InvalidOperation:
        raise CellError(f"「{one.name}」不是数字：{text[:20]}") from None


def _month(text: str) -> date:
    cleaned = clean(text).replace("年", "-").replace("月", "").replace("/", "-").removesuffix("-")
    return month_of(parse_date(cleaned if cleaned.count("-") > 1 else f"{cleaned}-01"))
