"""Tastes from a file: a column per axis, or a line per axis; products by code, name or variety."""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

from stores.models import Product
from stores.services.imports import report_progress
from stores.sheets.cells import parse_code, parse_date
from stores.sheets.columns import Field, match_columns, require_columns
from stores.sheets.errors import CellError, SheetError
from stores.sheets.reading import open_sheet
from stores.sheets.writing import write_rejected
from tagging.models import TasteAxis, TasteReading
from tagging.selectors.tastes import axes_in_order
from tagging.services.tastes import Batch, Reading, TasteRefused, record_readings, taste_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from stores.imports_registry import Option
    from stores.models import ImportJob

_PRODUCT = ("code", "name", "variety")
_SOURCES = {
    **dict.fromkeys(("实测", "测量", "检测", "measured"), TasteReading.Source.MEASURED),
    **dict.fromkeys(("专家", "品鉴", "试吃", "expert"), TasteReading.Source.EXPERT),
    **dict.fromkeys(("学习", "learnt", "learned"), TasteReading.Source.LEARNT),
}
_NAMES_APART = re.compile(r"[-—_·\s（）()]+")


@dataclass
class _Found:
    rows: int = 0
    accepted: int = 0
    readings: dict[tuple[str, Batch | None], list[Reading]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[tuple[int, int, Batch | None], Decimal] = field(default_factory=dict)
    rejected: list[tuple[int, list[str], str]] = field(default_factory=list)


class FlavourImport:
    """The handler of `ImportJob.Kind.FLAVOURS`. A row with any value that cannot be is rejected whole."""

    options: tuple[Option, ...] = ()
    report_labels: Mapping[str, str] = {
        "rows": "数据行", "accepted": "已接受", "readings": "新的口味记录", "rejected": "未导入",
        "reasons": "未导入的原因",
    }  # fmt: skip

    @property
    def fields(self) -> Sequence[Field]:
        """What the file may tell: the chain's own axes are columns of their own."""
        return (
            Field("code", "商品编码", ("商品编码", "商品编号", "货号", "编码", "SKU", "PLU", "product_code", "code")),
            Field("name", "商品名称", ("商品名称", "品名", "商品名", "名称", "name_zh", "name"), required=True,
                  instead=("code",)),
            Field("variety", "品种", ("品种", "品种名称", "variety")),
            Field("axis", "口味", ("口味", "口味轴", "指标", "axis", "flavour")),
            Field("value", "分值", ("分值", "分数", "得分", "value", "score")),
            Field("source", "来源", ("来源", "数据来源", "source"), help="实测或专家，不填算专家"),
            Field("batch", "批次", ("批次", "批次号", "batch")),
            Field("valid_from", "批次起", ("批次起", "开始日期", "生效日期", "valid_from")),
            Field("valid_until", "批次止", ("批次止", "结束日期", "失效日期", "valid_until")),
            *(
                Field(f"axis_{axis.key}", axis.name, (axis.name, f"{axis.name}度", axis.key, f"{axis.name}（0-10）"))
                for axis in axes_in_order()
            ),
            *(Field(f"basis_{axis.key}", f"{axis.name}的依据", (f"{axis.key}_basis", f"{axis.name}来源"))
              for axis in axes_in_order()),
        )  # fmt: skip

    def run(self, job: ImportJob, *, at: datetime) -> dict[str, Any]:
        """Apply the job's file. :raises SheetError: it cannot be read, or names neither products nor axes"""
        fields = self.fields
        reader = _Reader(axes_in_order(), list(Product.objects.only("pk", "code", "name", "variety")))
        found = _Found()
        with open_sheet(job.path, name=job.filename, fields=fields, sheet=job.options.get("sheet") or None) as sheet:
            mapping = job.mapping or match_columns(sheet.header, fields)
            require_columns(mapping, fields, header=sheet.header, file=job.filename, row=sheet.header_row)
            if not ({"axis", "value"} <= mapping.keys() or any(key.startswith("axis_") for key in mapping)):
                names = "、".join(axis.name for axis in reader.axes)
                raise SheetError(f"没有口味列：要么一列一个口味（{names}），要么有「口味」和「分值」两列",
                                 file=job.filename, row=sheet.header_row)  # fmt: skip
            for batch in sheet.batches():
                found.rows += len(batch) + len(batch.broken)
                found.rejected += [(number, list(cells), reason) for number, cells, reason in batch.broken]
                for number, *cells in zip(batch.row_numbers, *batch.columns, strict=True):
                    given = {key: cells[place].strip() for key, place in mapping.items() if cells[place].strip()}
                    try:
                        reader.take(given, found)
                    except (CellError, TasteRefused) as refused:
                        found.rejected.append((number, list(cells), str(refused)))
                report_progress(job.pk, found.rows)
            header = sheet.header
        new = sum(
            record_readings(readings=readings, source=source, by=job.uploaded_by, at=at, batch=batch)
            for (source, batch), readings in found.readings.items()
        )
        return _report(job, found, header, new)


class _Reader:
    """Lays the cells of a row onto a product and its axes."""

    def __init__(self, axes: list[TasteAxis], products: list[Product]) -> None:
        self.axes = axes
        self._axis_of = {name: axis for axis in axes for name in (axis.key, axis.name)}
        self._codes = {product.code: [product.pk] for product in products}
        self._names: dict[str, list[int]] = defaultdict(list)
        self._varieties: dict[str, list[int]] = defaultdict(list)
        for product in products:
            self._names[product.name].append(product.pk)
            if product.variety:
                self._varieties[product.variety].append(product.pk)

    def take(self, given: Mapping[str, str], found: _Found) -> None:
        """Add the row's readings to `found`. :raises CellError, TasteRefused: nothing of it was added"""
        products = self._products(given)
        batch = _batch(given)
        rows = []
        for axis, text, source in self._values(given):
            value = taste_value(axis, _number(axis, text))
            rows += [(source, Reading(product, axis, value)) for product in products]
        if not rows:
            raise CellError("没有一个口味的分值")
        for _, reading in rows:
            held = found.seen.get((reading.product_id, reading.axis.pk, batch), reading.value)
            if held != reading.value:
                raise CellError(f"同一商品的「{reading.axis.name}」在文件里有两个不同的分值")
        for source, reading in rows:
            if (reading.product_id, reading.axis.pk, batch) not in found.seen:
                found.seen[reading.product_id, reading.axis.pk, batch] = reading.value or Decimal(0)
                found.readings[source, batch].append(reading)
        found.accepted += 1

    def _products(self, given: Mapping[str, str]) -> list[int]:
        if "code" in given:
            code = parse_code(given["code"])
            if code not in self._codes:
                raise CellError(f"没有这个商品编码：{code[:32]}")
            return self._codes[code]
        names = [given[key] for key in ("variety", "name") if key in given]
        # 苹果-富士: the variety stands last.
        names += [part for name in names for part in reversed(_NAMES_APART.split(name)) if part and part != name]
        for name in names:
            for known in (self._varieties, self._names):
                if name in known:
                    return known[name]
        shown = given.get("name") or given.get("variety") or ""
        raise CellError(f"没有这个商品：{shown[:32]}" if shown else "没有商品编码，也没有商品名称")

    def _values(self, given: Mapping[str, str]) -> list[tuple[TasteAxis, str, str]]:
        everywhere = _source(given.get("source", ""))
        found = [
            (axis, given[f"axis_{axis.key}"], _basis(given.get(f"basis_{axis.key}", ""), everywhere))
            for axis in self.axes
            if f"axis_{axis.key}" in given
        ]
        if "axis" in given:
            axis = self._axis_of.get(given["axis"]) or self._axis_of.get(given["axis"].lower())
            if axis is None:
                names = "、".join(each.name for each in self.axes)
                raise CellError(f"没有这个口味：{given['axis'][:16]}（可用的有：{names}）")
            if "value" not in given:
                raise CellError(f"「{axis.name}」没有填分值")
            found.append((axis, given["value"], everywhere))
        return found


def _source(text: str) -> str:
    if not text:
        return TasteReading.Source.EXPERT
    try:
        return _SOURCES[text.lower()]
    except KeyError:
        raise CellError(f"来源看不懂：{text[:20]}（写实测、专家或学习）") from None


def _basis(text: str, otherwise: str) -> str:
    """A value is measured only where no judgement went into it: `variety+expert` is a judgement."""
    if not text:
        return otherwise
    judged = "expert" in text or "专家" in text
    return TasteReading.Source.EXPERT if judged else TasteReading.Source.MEASURED


def _number(axis: TasteAxis, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise CellError(f"「{axis.name}」不是数字：{text[:20]}") from None


def _batch(given: Mapping[str, str]) -> Batch | None:
    if "batch" not in given:
        if "valid_from" in given or "valid_until" in given:
            raise CellError("有批次日期，却没有批次")
        return None
    if not {"valid_from", "valid_until"} <= given.keys():
        raise CellError(f"批次「{given['batch'][:20]}」要有开始和结束日期")
    first, last = parse_date(given["valid_from"]), parse_date(given["valid_until"])
    if last < first:
        raise CellError(f"批次「{given['batch'][:20]}」的结束日早于开始日")
    return Batch(given["batch"][:32], first, last)


def _report(job: ImportJob, found: _Found, header: Sequence[str], new: int) -> dict[str, Any]:
    if found.rejected:
        target = io.BytesIO()
        write_rejected(target, header, found.rejected)
        job.rejected_file.save(f"{job.pk}-rejected.xlsx", ContentFile(target.getvalue()), save=False)
    reasons = Counter(reason.partition("：")[0] for _, _, reason in found.rejected)
    return {
        "rows": found.rows, "accepted": found.accepted, "readings": new, "rejected": len(found.rejected),
        "reasons": dict(reasons.most_common()),
    }  # fmt: skip
