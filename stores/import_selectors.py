"""Reads of import jobs: whose they are, and what a file looks like before it is confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from stores.imports_registry import Handler, handler_for, kinds
from stores.models import ImportJob, SheetMapping, Staff, Store
from stores.selectors import stores_for
from stores.sheets.columns import Field, ambiguous_names, header_key, match_columns, missing_fields
from stores.sheets.reading import Sheet, open_sheet
from stores.templatetags.fmt import grouped, yuan

PREVIEW_ROWS = 10
_ENCODINGS = {"gb18030": "GBK", "utf-8-sig": "UTF-8", "utf-8": "UTF-8"}
_DELIMITERS = {",": "逗号", "\t": "制表符", ";": "分号", "|": "竖线"}


def may_import(user: Staff) -> bool:
    """Whether this person may import at all: guides may not."""
    return user.is_active and user.role != Staff.Role.GUIDE


def kinds_for(user: Staff) -> list[str]:
    """The kinds of file this person may import: the catalogue and the store list belong to headquarters."""
    return [kind for kind in kinds() if user.is_hq or kind == ImportJob.Kind.PURCHASES]


def jobs_for(user: Staff) -> QuerySet[ImportJob]:
    """The imports this person may see: her own, and those of the stores she is responsible for."""
    if not may_import(user):
        return ImportJob.objects.none()
    if user.is_hq:
        return ImportJob.objects.all()
    return ImportJob.objects.filter(Q(uploaded_by=user) | Q(store__in=stores_for(user)))


def writable_stores(job: ImportJob) -> QuerySet[Store]:
    """The stores a job may write to: its own, else those of whoever uploaded it, else (command line) all."""
    if job.store_id is not None:
        return Store.objects.filter(pk=job.store_id)
    return stores_for(job.uploaded_by) if job.uploaded_by is not None else Store.objects.all()


def given_fields(job: ImportJob) -> tuple[str, ...]:
    """What a file need not tell because the job does: its store, where it was named at the upload."""
    return ("store",) if job.store_id is not None else ()


@dataclass(frozen=True)
class Choice:
    """One field on the mapping page: the column proposed for it."""

    field: Field
    column: int | None


@dataclass(frozen=True)
class Preview:
    """What a file looks like, and how it would be read."""

    header: tuple[str, ...]
    header_row: int
    rows: list[list[str]]
    sheet: str
    sheets: tuple[str, ...]
    form: str  # "Excel 工作表" or "CSV · GBK · 逗号分隔"
    expected_rows: int
    choices: list[Choice]
    missing: list[Field]
    ambiguous: list[str]
    options: dict[str, Any]
    remembered: bool

    @property
    def recognised(self) -> int:
        """How many fields have a column."""
        return sum(choice.column is not None for choice in self.choices)

    @property
    def column_names(self) -> list[tuple[int, str]]:
        """Columns as a person calls them; one without a name goes by its place."""
        return [(index, name or f"第 {index + 1} 列（没有名称）") for index, name in enumerate(self.header)]


def preview_of(job: ImportJob, *, sheet: str | None = None) -> Preview:
    """How a job's file would be read: as last time such a header was confirmed for this store, else by its names.

    :raises SheetError: the file is gone or there is no such sheet
    """
    handler = handler_for(job.kind)
    with open_sheet(job.path, name=job.filename, fields=handler.fields, sheet=sheet or None) as opened:
        remembered = SheetMapping.objects.filter(
            kind=job.kind, store=job.store, header_key=header_key(opened.header)
        ).first()
        matched = match_columns(opened.header, handler.fields)
        mapping = known_columns(remembered.mapping, handler, opened) if remembered else matched
        return Preview(
            header=opened.header,
            header_row=opened.header_row,
            rows=opened.preview(PREVIEW_ROWS),
            sheet=opened.sheet,
            sheets=opened.sheets,
            form=_form(opened),
            expected_rows=opened.expected_rows,
            choices=[Choice(field, mapping.get(field.key)) for field in handler.fields],
            missing=missing_fields(mapping, handler.fields, given=given_fields(job)),
            ambiguous=ambiguous_names(opened.header, mapping),
            options=dict(remembered.options) if remembered else {o.key: o.default for o in handler.options},
            remembered=remembered is not None,
        )


def known_columns(mapping: Mapping[str, Any], handler: Handler, sheet: Sheet) -> dict[str, int]:
    """What of a remembered mapping still names a field and a column."""
    keys = {field.key for field in handler.fields}
    return {
        key: column
        for key, column in mapping.items()
        if key in keys and isinstance(column, int) and 0 <= column < len(sheet.header)
    }


def _form(sheet: Sheet) -> str:
    if sheet.kind == "xlsx":
        return "Excel 工作表"
    encoding = _ENCODINGS.get(sheet.encoding, sheet.encoding.upper())
    return f"CSV · {encoding} · {_DELIMITERS.get(sheet.delimiter, sheet.delimiter)}分隔"


@dataclass(frozen=True)
class ReportLine:
    """One figure of a report, as a person reads it."""

    key: str
    label: str
    text: str
    is_alarm: bool = False


@dataclass(frozen=True)
class ReportView:
    """A report in Chinese: its figures in order, and why rows were left out, the commonest reason first."""

    lines: list[ReportLine]
    reasons: list[tuple[str, int]]


def report_lines(job: ImportJob) -> ReportView:
    """What the report of a finished job says."""
    labels = handler_for(job.kind).report_labels
    reasons = job.report.get("reasons", {})
    lines = [
        ReportLine(
            key=key,
            label=labels.get(key, key).removesuffix("（分）"),
            text=_figure(key, job.report[key]),
            is_alarm=key == "rejected" and bool(job.report[key]),
        )
        for key in dict.fromkeys((*labels, *job.report))
        if key in job.report and not isinstance(job.report[key], dict | list)
    ]
    return ReportView(lines=lines, reasons=sorted(reasons.items(), key=lambda item: -item[1]))


def _figure(key: str, value: Any) -> str:
    if value is None:
        return "—"
    if key.endswith("_fen"):
        return yuan(value)
    if key.endswith("_at"):
        return timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M")
    return grouped(value) if isinstance(value, int | float) else str(value)
