"""The life of an import job: uploaded → queued → running → done or failed, and never half of any of them.

What a job did and that it is done are committed together. While one runs, its transaction holds an advisory lock,
so a job that says running and whose lock is free has lost its worker: it applied nothing, and is failed in words.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction

from stores import tasks
from stores.import_selectors import given_fields
from stores.imports_registry import ImportFailed, handler_for
from stores.models import ImportJob, SheetMapping, Staff, Store
from stores.services.auditing import audit
from stores.sheets.columns import header_key, require_columns
from stores.sheets.errors import SheetError
from stores.sheets.reading import open_sheet

if TYPE_CHECKING:
    from django.core.files import File  # generic for the type checker only

logger = structlog.get_logger(__name__)

State = ImportJob.State
INTERRUPTED = "导入进行到一半时程序中断了。没有写入任何数据，可以放心地重新导入"
CRASHED = "程序出错，没有写入任何数据。原因已记录，请联系技术人员；也可以稍后重试"
_PROGRESS_KEPT = 24 * 3600
_STARTING = timedelta(seconds=30)  # between a job's claim and its lock
_LOST_MESSAGE = timedelta(minutes=5)


class JobNotOpen(Exception):
    """The job is past the point where this could be done to it."""


def create_job(*, kind: str, upload: "File[bytes]", by: Staff, at: datetime, store: Store | None = None) -> ImportJob:
    """Keep an uploaded file and note it, once it has been seen to be a table with rows.

    `store` is the only store the file may write. The file lies under a name nobody can guess and is never served.

    :raises SheetError: it is too large or no table; nothing is kept
    """
    filename = PurePath(upload.name or "未命名").name[-200:]
    size = upload.size or 0
    if size > settings.MAX_UPLOAD_BYTES:
        raise SheetError(
            f"文件有 {size / 2**20:.0f} MB，超过上限 {settings.MAX_UPLOAD_BYTES // 2**20} MB；请按月份拆开后分几次导入",
            file=filename,
        )
    job = ImportJob(
        kind=kind, filename=filename, size=size, uploaded_by=by, store=store, created_at=at, state=State.UPLOADED
    )
    job.file.save(f"{uuid.uuid4().hex}.upload", upload, save=False)
    try:
        with open_sheet(job.path, name=filename, fields=handler_for(kind).fields) as sheet:
            job.rows_expected = sheet.expected_rows
        job.save()
    except BaseException:
        job.file.delete(save=False)
        raise
    return job


@transaction.atomic
def confirm_job(*, job: ImportJob, mapping: Mapping[str, int], options: Mapping[str, Any], at: datetime) -> None:
    """Queue a job under the mapping and options its owner has seen, and remember both for the next such file.

    :raises SheetError: the mapping lacks a column, or the sheet is gone
    :raises JobNotOpen: somebody confirmed it before
    """
    handler = handler_for(job.kind)
    with open_sheet(job.path, name=job.filename, fields=handler.fields, sheet=options.get("sheet") or None) as sheet:
        require_columns(
            mapping, handler.fields, header=sheet.header, file=job.filename, row=sheet.header_row,
            given=given_fields(job),
        )  # fmt: skip
        expected = sheet.expected_rows
        SheetMapping.objects.update_or_create(
            kind=job.kind, store=job.store, header_key=header_key(sheet.header),
            defaults={"mapping": dict(mapping), "options": {k: v for k, v in options.items() if k != "sheet"}},
        )  # fmt: skip
    confirmed = ImportJob.objects.filter(pk=job.pk, state=State.UPLOADED).update(
        state=State.QUEUED, mapping=dict(mapping), options=dict(options), queued_at=at, rows_expected=expected
    )
    if not confirmed:
        raise JobNotOpen
    tasks.bulk_import.delay_on_commit(job_id=job.pk)


def run_job(*, job_id: int, clock: Callable[[], datetime]) -> None:
    """Import a queued job's file, wholly or not at all; a repeated call does nothing. Never raises for a bad file.

    `clock` tells when it began, which is also the moment the import is as of, and when it ended.
    """
    at = clock()
    if not ImportJob.objects.filter(pk=job_id, state=State.QUEUED).update(state=State.RUNNING, started_at=at, error=""):
        return
    report_progress(job_id, 0)
    job = ImportJob.objects.select_related("store", "uploaded_by").get(pk=job_id)
    try:
        with transaction.atomic():
            _apply(job, at=at, clock=clock)
    except (SheetError, ImportFailed) as refused:
        _fail(job, str(refused), at=clock())
    except Exception:  # whatever a file or our own fault raises, the job must end and say so
        logger.exception("import_crashed", job_id=job_id)
        _fail(job, CRASHED, at=clock())


def _fail(job: ImportJob, reason: str, *, at: datetime) -> None:
    _forget_rejected(job)
    ImportJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
        state=State.FAILED, error=reason, finished_at=at, rows_read=progress_of(job.pk)
    )


def reopen_job(*, job: ImportJob) -> None:
    """Let a failed job be looked at and confirmed once more.

    :raises JobNotOpen: it has not failed, or its file is gone
    """
    if not (job.file and Path(job.file.path).exists()):
        raise JobNotOpen
    if not ImportJob.objects.filter(pk=job.pk, state=State.FAILED).update(
        state=State.UPLOADED, error="", started_at=None, finished_at=None, rows_read=0
    ):
        raise JobNotOpen


@transaction.atomic
def settle_if_abandoned(*, job: ImportJob, at: datetime) -> bool:
    """Fail a running job whose worker is gone; True when it was so."""
    if job.state != State.RUNNING or job.started_at is None or job.started_at > at - _STARTING or not _is_free(job.pk):
        return False
    return bool(
        ImportJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
            state=State.FAILED, error=INTERRUPTED, finished_at=at
        )
    )


def sweep_jobs(*, at: datetime) -> None:
    """Settle jobs whose worker died, and queue again those whose message was lost; safe to repeat."""
    for job in ImportJob.objects.filter(state=State.RUNNING, started_at__lte=at - _STARTING):
        settle_if_abandoned(job=job, at=at)
    for job in ImportJob.objects.filter(state=State.QUEUED, queued_at__lte=at - _LOST_MESSAGE):
        # A message too many is harmless: the job is claimed once.
        if ImportJob.objects.filter(pk=job.pk, state=State.QUEUED, queued_at=job.queued_at).update(queued_at=at):
            tasks.bulk_import.delay_on_commit(job_id=job.pk)


@dataclass(frozen=True)
class Order:
    """What the command line asks for."""

    options: Mapping[str, Any] = field(default_factory=dict)
    store: Store | None = None
    dry_run: bool = False


def import_file(*, kind: str, path: Path, clock: Callable[[], datetime], order: Order | None = None) -> ImportJob:
    """Import a file where it lies, now, in this process; columns are matched by name.

    A dry run does everything and keeps nothing, its report aside.

    :raises SheetError, ImportFailed: nothing was written
    """
    order = order or Order()
    at = clock()
    job = ImportJob(
        kind=kind, filename=path.name[-200:], local_path=str(path.resolve()), store=order.store, state=State.RUNNING,
        size=path.stat().st_size if path.exists() else 0, options=dict(order.options), created_at=at, started_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            job.save()
            _apply(job, at=at, clock=clock)
            transaction.set_rollback(order.dry_run)
    except BaseException:
        _forget_rejected(job)
        raise
    return job


def _apply(job: ImportJob, *, at: datetime, clock: Callable[[], datetime]) -> None:
    """The import and the word that it is done, in the caller's transaction, under the lock that shows it is alive."""
    _hold(job.pk)
    job.report = handler_for(job.kind).run(job, at=at)
    job.state, job.finished_at = State.DONE, clock()
    job.rows_read = int(job.report.get("rows", 0))
    job.save()


def _forget_rejected(job: ImportJob) -> None:
    if job.rejected_file:
        job.rejected_file.delete(save=False)


def note_download(*, job: ImportJob, by: Staff, at: datetime, address: str | None) -> None:
    """Put on record that somebody took away the rows a job refused: they hold members' numbers."""
    audit(actor=by, action="import.rejected_rows", at=at, target=f"import:{job.pk}", store=job.store, address=address,
          detail={"filename": job.filename, "rejected": job.report.get("rejected", 0)})  # fmt: skip


def report_progress(job_id: int, rows_read: int) -> None:
    """Say how far a running import is; visible at once, although the import itself is one open transaction."""
    cache.set(_progress_key(job_id), rows_read, _PROGRESS_KEPT)


def progress_of(job_id: int) -> int:
    """Rows read so far by a running import."""
    return int(cache.get(_progress_key(job_id), 0))


def _progress_key(job_id: int) -> str:
    return f"import-progress:{job_id}"


def _hold(job_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_progress_key(job_id)])


def _is_free(job_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [_progress_key(job_id)])
        return bool(cursor.fetchone()[0])
