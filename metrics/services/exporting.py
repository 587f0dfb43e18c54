"""The life of an export: asked for, queued, running, done or failed, and gone when its time is over.

The file is written by a worker as the person who asked: what she may see is looked up then, not remembered.
"""

import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.core.files import File
from django.db.models import F, Q

from metrics import tasks
from metrics.models import ExportJob
from metrics.tables.known import table_for
from metrics.tables.shape import Writable
from stores.models import Staff
from stores.services.auditing import audit
from stores.sheets.writing import Cell, write_csv, write_xlsx

logger = structlog.get_logger(__name__)

State = ExportJob.State
AT_ONCE = 500  # rows: a table up to here is sent as the answer itself
KEPT = timedelta(days=7)
OPEN_A_PERSON = 3
_SILENT = timedelta(minutes=2)
_LOST_MESSAGE = timedelta(minutes=5)
_ATTEMPTS = 3
_SIGN_OF_LIFE = 200  # rows
_CRASHED = "生成时出错了，请稍后重试；再不行请联系技术人员"
_GONE = "要导出的内容已经不在，或不在您的范围内"


class TooManyExports(Exception):
    """The person has as many exports under way as one may have."""


def ask_export(
    *, by: Staff, table: str, subject: int | None, query: str, form: str, filename: str, rows: int, at: datetime
) -> ExportJob:
    """Queue a table to be written to a file. The same one asked for again while it is under way is the same job.

    :raises TooManyExports: three are under way already
    """
    mine = ExportJob.objects.filter(owner=by, state__in=[State.QUEUED, State.RUNNING])
    same = mine.filter(table=table, subject=subject, query=query, form=form).first()
    if same is not None:
        return same
    if mine.count() >= OPEN_A_PERSON:
        raise TooManyExports(f"您已有 {OPEN_A_PERSON} 个导出在排队或生成，等完成后再来")
    job = ExportJob.objects.create(
        owner=by, table=table, subject=subject, query=query, form=form, filename=filename, rows_expected=rows,
        asked_at=at, queued_at=at,
    )  # fmt: skip
    tasks.bulk_export.delay_on_commit(job_id=job.pk)
    return job


def run_export(*, job_id: int, clock: Callable[[], datetime]) -> None:
    """Write a queued job's file; a repeated call does nothing. Never raises for what cannot be exported."""
    at = clock()
    begun = ExportJob.objects.filter(pk=job_id, state=State.QUEUED)
    if not begun.update(state=State.RUNNING, alive_at=at, rows_done=0, attempts=F("attempts") + 1, error=""):
        return
    job = ExportJob.objects.select_related("owner").get(pk=job_id)
    try:
        table = table_for(job.owner, job.table, subject=job.subject, query=job.query, at=job.asked_at)
        if table is None or not job.owner.is_active:
            _fail(job, _GONE, at=clock())
            return
        _write(job, table, clock=clock)
    except Exception:
        logger.exception("export_crashed", job_id=job_id)
        _fail(job, _CRASHED, at=clock())


def _write(job: ExportJob, table: Writable, *, clock: Callable[[], datetime]) -> None:
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / f"table.{job.form}"
        rows = _living(job, table.cells(), clock=clock)
        written = write_table(path, table, rows, form=job.form)
        with path.open("rb") as stream:
            job.file.save(f"{uuid.uuid4().hex}.{job.form}", File(stream), save=False)
    at = clock()
    done = ExportJob.objects.filter(pk=job.pk, state=State.RUNNING, attempts=job.attempts).update(
        state=State.DONE, file=job.file.name, rows_done=written, finished_at=at, expires_at=at + KEPT
    )
    if not done:  # taken for dead meanwhile: another worker has it, and its file is the one that counts
        job.file.delete(save=False)


def write_table(path: Path, table: Writable, rows: Iterable[tuple[Cell, ...]], *, form: str) -> int:
    """A table as a file of this form; returns how many rows. A workbook explains its figures on a second sheet."""
    if form == "csv":
        return write_csv(path, table.columns, rows)
    return write_xlsx(path, table.columns, rows, title=table.title, more=[table.definitions()])


def _living(
    job: ExportJob, rows: Iterable[tuple[Cell, ...]], *, clock: Callable[[], datetime]
) -> Iterator[tuple[Cell, ...]]:
    mine = ExportJob.objects.filter(pk=job.pk, attempts=job.attempts)
    for number, row in enumerate(rows, start=1):
        if number % _SIGN_OF_LIFE == 0:
            mine.update(rows_done=number, alive_at=clock())
        yield row


def _fail(job: ExportJob, reason: str, *, at: datetime) -> None:
    running = ExportJob.objects.filter(pk=job.pk, state=State.RUNNING, attempts=job.attempts)
    running.update(state=State.FAILED, error=reason, finished_at=at)


def sweep_exports(*, at: datetime) -> None:
    """Begin anew what a dead worker left, queue again what no worker heard of, delete files whose time is over."""
    silent = ExportJob.objects.filter(state=State.RUNNING, alive_at__lte=at - _SILENT)
    silent.filter(attempts__gte=_ATTEMPTS).update(state=State.FAILED, error=_CRASHED, finished_at=at)
    lost = Q(state=State.QUEUED, queued_at__lte=at - _LOST_MESSAGE) | Q(
        state=State.RUNNING, alive_at__lte=at - _SILENT, attempts__lt=_ATTEMPTS
    )
    for job in ExportJob.objects.filter(lost).order_by("pk"):
        unchanged = ExportJob.objects.filter(pk=job.pk, state=job.state, attempts=job.attempts, queued_at=job.queued_at)
        if unchanged.update(state=State.QUEUED, queued_at=at):
            tasks.bulk_export.delay_on_commit(job_id=job.pk)
    for job in ExportJob.objects.filter(state=State.DONE, expires_at__lte=at).order_by("pk"):
        job.file.delete(save=False)
        ExportJob.objects.filter(pk=job.pk, state=State.DONE).update(state=State.EXPIRED, file="")


def note_export(*, by: Staff, table: str, form: str, query: str, rows: int, at: datetime, address: str | None) -> None:
    """Put on record that somebody asked for a table of figures to take away."""
    detail = {"table": table, "form": form, "rows": rows, "filter": query}
    audit(actor=by, action="metrics.exported", at=at, store=by.store, detail=detail, address=address)


def note_download(*, job: ExportJob, at: datetime, address: str | None) -> None:
    """Put on record that an export's owner took its file away."""
    audit(actor=job.owner, action="metrics.export_taken", at=at, target=f"export:{job.pk}", store=job.owner.store,
          detail={"table": job.table, "rows": job.rows_done}, address=address)  # fmt: skip
