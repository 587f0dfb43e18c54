"""What imports of products and of stores have in common: a file of rows with a code, each code once."""

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.base import ContentFile

from stores.models import ImportJob
from stores.services.imports import report_progress
from stores.sheets.cells import parse_code
from stores.sheets.columns import Field, match_columns, require_columns
from stores.sheets.errors import CellError
from stores.sheets.reading import open_sheet
from stores.sheets.writing import write_rejected

REPORT_LABELS = {
    "rows": "数据行", "accepted": "已接受", "created": "新建", "updated": "更新", "unchanged": "没有变化",
    "duplicates": "重复行", "rejected": "未导入", "reasons": "未导入的原因",
}  # fmt: skip

Values = dict[str, Any]


@dataclass
class Catalogue:
    """The good rows of a file by code, and what became of the others."""

    rows: int = 0
    duplicates: int = 0
    accepted: dict[str, Values] = field(default_factory=dict)
    rejected: list[tuple[int, list[str], str]] = field(default_factory=list)

    def reject(self, number: int, cells: Sequence[str], reason: str) -> None:
        self.rejected.append((number, list(cells), reason))


def read_catalogue(
    job: ImportJob, fields: Sequence[Field], parse: Callable[[Mapping[str, str]], Values]
) -> tuple[Catalogue, Sequence[str]]:
    """Read a job's file into rows by code, and the header they stood under.

    `parse` turns the filled cells of a row into values, raising `CellError`. A line repeated exactly counts as a
    duplicate; a code that comes again with other values is rejected, for nobody can tell which one holds.

    :raises SheetError: the file cannot be read or lacks a column
    """
    found = Catalogue()
    with open_sheet(job.path, name=job.filename, fields=fields, sheet=job.options.get("sheet") or None) as sheet:
        mapping = job.mapping or match_columns(sheet.header, fields)
        require_columns(mapping, fields, header=sheet.header, file=job.filename, row=sheet.header_row)
        for batch in sheet.batches():
            found.rows += len(batch) + len(batch.broken)
            for number, cells, reason in batch.broken:
                found.reject(number, cells, reason)
            for number, *cells in zip(batch.row_numbers, *batch.columns, strict=True):
                _take(found, number, cells, mapping, parse)
            report_progress(job.pk, found.rows)
        return found, sheet.header


def _take(
    found: Catalogue, number: int, cells: list[str], mapping: Mapping[str, int],
    parse: Callable[[Mapping[str, str]], Values],
) -> None:  # fmt: skip
    given = {key: cells[column].strip() for key, column in mapping.items() if cells[column].strip()}
    try:
        code = parse_code(given.get("code", ""))
    except CellError as refused:
        found.reject(number, cells, f"编码{refused}")
        return
    try:
        values = {"code": code, **parse(given)}
    except CellError as refused:
        found.reject(number, cells, str(refused))
        return
    known = found.accepted.setdefault(code, values)
    if known is not values:
        if known == values:
            found.duplicates += 1
        else:
            found.reject(number, cells, f"编码 {code} 在文件里出现了不止一次，内容不同")


def report_of(job: ImportJob, found: Catalogue, header: Sequence[str], counts: Mapping[str, int]) -> dict[str, Any]:
    """The report, with the refused rows written beside the upload."""
    if found.rejected:
        target = io.BytesIO()
        write_rejected(target, header, found.rejected)
        job.rejected_file.save(f"{job.pk}-rejected.xlsx", ContentFile(target.getvalue()), save=False)
    reasons = Counter(reason.partition("：")[0] for _, _, reason in found.rejected)
    return {
        "rows": found.rows, "accepted": len(found.accepted), **counts, "duplicates": found.duplicates,
        "rejected": len(found.rejected), "reasons": dict(reasons.most_common()),
    }  # fmt: skip


def choice_of(label: str, text: str, names: Mapping[str, Any]) -> Any:
    """What a cell names among a few words. :raises CellError: none of them"""
    try:
        return names[text.strip().lower()]
    except KeyError:
        raise CellError(f"{label}看不懂：{text[:20]}") from None


def text_of(label: str, text: str, limit: int) -> str:
    """A text no longer than its column. :raises CellError: it is longer"""
    if len(text) > limit:
        raise CellError(f"{label}超过 {limit} 个字：{text[:20]}…")
    return text
