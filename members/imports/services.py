"""Importing a sales file: read, gather, apply."""

import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from members.imports import cells, moments, people, repetitions
from members.imports.catalogue import Catalogue
from members.imports.fields import FIELDS, Switches
from members.imports.reading import LineReader, rare_collections
from members.imports.report import LeftOut, Report
from members.imports.staging import NOBODY, Staging
from members.services.partitions import BUSINESS_ZONE, missing_months, month_range, new_partitions
from members.services.purchases import lock_source
from stores.models import ImportJob, Store
from stores.sheets.columns import match_columns, require_columns
from stores.sheets.reading import Sheet, SheetBatch, open_sheet
from stores.sheets.writing import write_rejected

SOURCE = "pos"
# A workbook is written at some thousands of rows a second, and nobody reads more.
_MOST_LISTED, _MOST_DUPLICATES_LISTED = 50_000, 5_000
_CLOCKS_MAY_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SalesFile:
    """A file to import and how to read it.

    `mapping` (field key → column index) left empty is made from the header. `default_store` is taken where the file
    has no store column; only rows of `only_stores` may be written (keys; None for every store, new ones too).
    """

    path: Path
    name: str
    mapping: dict[str, int] = field(default_factory=dict)
    sheet: str | None = None
    switches: Switches = field(default_factory=Switches)
    default_store: Store | None = None
    only_stores: frozenset[int] | None = None


@dataclass(slots=True)
class Outcome:
    """What came of an import. `left_out` counts the rows written to the file asked for; `seconds` is by phase."""

    report: Report
    warnings: list[str] = field(default_factory=list)
    left_out: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def import_purchases(
    *,
    file: SalesFile,
    at: datetime,
    job: ImportJob | None = None,
    left_out_to: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Apply a sales file wholly or, if anything raises, not at all; lines that are there already change nothing.

    Rows that cannot be read or do not count are left out, counted, and written with their reasons to `left_out_to`
    (xlsx). `on_progress` hears of rows read and rows expected.

    :raises SheetError: the file cannot be read as sales
    """
    left_out = LeftOut()
    try:
        with transaction.atomic(), _room_to_sort():
            outcome = _Import(
                file, at=at, job=job, left_out=left_out, lists=left_out_to is not None, on_progress=on_progress
            ).run()
            if left_out_to is not None and left_out.count:
                header = _reopened(file, lambda sheet: sheet.header)
                write_rejected(left_out_to, header, left_out.rows())
            outcome.left_out = left_out.count
            return outcome
    finally:
        left_out.close()


@contextmanager
def _room_to_sort() -> Iterator[None]:
    with connection.cursor() as cursor:
        # Compiling a statement that runs once costs more than it saves.
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL jit = off")
    yield


def _reopened(file: SalesFile, ask: Callable[[Sheet], tuple[str, ...]]) -> tuple[str, ...]:
    with open_sheet(file.path, name=file.name, sheet=file.sheet, fields=FIELDS) as sheet:
        return ask(sheet)


class _Import:
    """One run, inside its transaction."""

    def __init__(
        self,
        file: SalesFile,
        *,
        at: datetime,
        job: ImportJob | None,
        left_out: LeftOut,
        lists: bool,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self._file = file
        self._at = at
        self._job = job
        self._left_out = left_out
        self._lists = lists
        self._on_progress = on_progress
        self._report = Report()
        self._warnings: list[str] = []
        self._staging = Staging()
        self._catalogue = Catalogue(only_stores=file.only_stores, before_query=self._staging.settle)

    def run(self) -> Outcome:
        seconds: dict[str, float] = {}
        for phase in (self._gather, self._leave_out_repetitions, self._sum_up, self._settle_people, self._write):
            began = time.perf_counter()
            phase()
            seconds[phase.__name__.strip("_")] = time.perf_counter() - began
        return Outcome(self._report, self._warnings, seconds=seconds)

    def _gather(self) -> None:
        with (
            rare_collections(),
            open_sheet(self._file.path, name=self._file.name, sheet=self._file.sheet, fields=FIELDS) as sheet,
            self._staging,
        ):
            mapping = self._file.mapping or match_columns(sheet.header, FIELDS)
            default = self._file.default_store
            require_columns(
                mapping, FIELDS, header=sheet.header, file=sheet.name, row=sheet.header_row,
                given=("store",) if default else (),
            )  # fmt: skip
            reader = LineReader(
                mapping=mapping, switches=self._file.switches, catalogue=self._catalogue,
                latest=moments.number_of(self._at + _CLOCKS_MAY_DIFFER), store=default.pk if default else None,
            )  # fmt: skip
            for batch in sheet.batches():
                lines = reader.read(batch)
                self._staging.add(lines)
                self._report.rows += len(batch) + len(batch.broken)
                for number, row, reason in batch.broken:
                    self._reject(number, row, reason, reason)
                for index, refusal in lines.rejected:
                    self._reject(batch.row_numbers[index], _row(batch, index), refusal.reason, refusal.detail)
                if self._on_progress is not None:
                    self._on_progress(self._report.rows, sheet.expected_rows)
            if reader.scientific_receipt:
                self._warnings.append(
                    f"有小票号被表格软件改成了科学计数法（如 {reader.scientific_receipt}），不同的小票可能并成了一张；"
                    "请把小票号列设为文本后重新导出"
                )

        if self._report.rejected > _MOST_LISTED:
            self._warnings.append(f"未导入的行太多，只列出了前 {_MOST_LISTED:,} 行")

    def _reject(self, number: int, row: list[str], reason: str, detail: str) -> None:
        self._report.reasons[reason] += 1
        if self._report.rejected <= _MOST_LISTED:
            self._left_out.add(number, row, detail)

    def _leave_out_repetitions(self) -> None:
        repetitions.prepare()
        if not self._file.switches.receipt_restarts_daily:
            several = repetitions.receipts_on_several_days(shortest_receipt=self._staging.shortest_receipt)
            if several:
                self._warnings.append(
                    f"有 {several} 个小票号在不止一天出现。如果小票号每天从头编，请勾选「小票号每天从头编」后重新导入"
                )
        suspects = self._staging.suspects()
        if self._file.switches.separate_identical:
            repetitions.separate(suspects)
        repetitions.find_inside(suspects)
        # From here on no other import of the source may run: what is not there now must not be there when we write.
        lock_source(source=SOURCE)
        repetitions.find_in_database(source=SOURCE)
        self._report.duplicates = repetitions.count()
        if self._report.duplicates and self._lists:
            self._list(repetitions.first(_MOST_DUPLICATES_LISTED))
        if self._report.duplicates > _MOST_DUPLICATES_LISTED:
            self._warnings.append(f"重复的行太多，只列出了前 {_MOST_DUPLICATES_LISTED:,} 行")

    def _list(self, found: Collection[repetitions.Repetition]) -> None:
        """Write the repeated rows down as they stood in the file, which is read once more for them."""
        by_row = {repetition.row: repetition for repetition in found}
        with open_sheet(self._file.path, name=self._file.name, sheet=self._file.sheet, fields=FIELDS) as sheet:
            for batch in sheet.batches():
                for number in sorted(by_row.keys() & batch.row_numbers):
                    index = bisect_left(batch.row_numbers, number)
                    self._left_out.add(number, _row(batch, index), _why(by_row.pop(number)))
                if not by_row:
                    return

    def _sum_up(self) -> None:
        report = self._report
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE quantity < 0 OR paid_fen < 0),"
                " count(*) FILTER (WHERE who = %s),"
                " coalesce(sum(quantity), 0), coalesce(sum(paid_fen), 0), min(bought_at), max(bought_at)"
                " FROM import_line",
                [NOBODY],
            )
            report.accepted, report.returns, report.anonymous, quantity, paid, first, last = cursor.fetchone()
        report.quantity, report.paid_fen = int(quantity * cells.QUANTITY_SCALE), int(paid)
        report.first_at = first and first.astimezone(BUSINESS_ZONE)
        report.last_at = last and last.astimezone(BUSINESS_ZONE)

    def _settle_people(self) -> None:
        self._catalogue.write_new()
        found = people.resolve_people(at=self._at, job=self._job, source=SOURCE)
        self._report.members_new = found.new
        self._warnings += found.warnings

    def _write(self) -> None:
        if not self._report.accepted:
            return
        months = [date.fromisoformat(f"{month}-01") for month in self._staging.months]
        missing = missing_months(months=months)
        written = 0
        if missing:
            with new_partitions(months=missing) as table:
                written += self._insert_into(table, months=missing, some=len(missing) < len(months))
        if len(missing) < len(months):
            known = sorted(set(months) - set(missing))
            written += self._insert_into("members_purchase", months=known, some=bool(missing))
        if written != self._report.accepted:
            raise AssertionError(f"{written} lines written, {self._report.accepted} accepted")

    def _insert_into(self, table: str, *, months: list[date], some: bool) -> int:
        """Write the gathered lines (only those of the months if they are `some`) and return how many they were."""
        ranges = ",".join("[{},{})".format(*map(datetime.isoformat, month_range(month))) for month in months)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO {table} (
                    store_id, line, bought_at, member_id, product_id, unit_price_fen, paid_fen, import_job_id,
                    quantity, receipt, source, unit, payment
                )
                SELECT l.store_id, l.line, l.bought_at, p.member_id, l.product_id,
                       nullif(l.unit_price_fen, {cells.NO_PRICE}), l.paid_fen, %s,
                       l.quantity, l.receipt, %s, l.unit, l.payment
                FROM import_line l LEFT JOIN import_person p ON p.hash = l.who
                WHERE NOT %s OR %s::tstzmultirange @> l.bought_at
                """,  # noqa: S608 -- one of two names of ours
                [self._job.pk if self._job else None, SOURCE, some, f"{{{ranges}}}"],
            )
            written: int = cursor.rowcount
        return written


def _row(batch: SheetBatch, index: int) -> list[str]:
    return [column[index] for column in batch.columns]


def _why(repetition: repetitions.Repetition) -> str:
    where = "以前导入过" if repetition.of is None else f"与第 {repetition.of} 行重复"
    return f"重复：{where}，但内容不同（同一小票、同一行号）" if repetition.differs else f"重复：{where}"
