"""Taking a table away: at once when it is small, else written in the background and fetched when done."""

from pathlib import Path

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from metrics.models import ExportJob
from metrics.services import exporting
from metrics.tables.known import table_for
from metrics.views.access import no_guides
from stores.downloads import CONTENT_TYPES, require_form, table_download, workbook_download
from stores.requests import StaffRequest
from stores.sheets.writing import write_xlsx

_SHOWN = 30


@require_GET
@no_guides
def export(request: StaffRequest, table: str, form: str, subject: int | None = None) -> HttpResponseBase:
    """The table as the page shows it, on all its pages, as `xlsx` or `csv`."""
    require_form(form)
    at, query = timezone.now(), request.GET.urlencode()
    wanted = table_for(request.user, table, subject=subject, query=query, at=at)
    if wanted is None:
        raise Http404("没有这个表")
    address = request.META.get("REMOTE_ADDR") or None
    exporting.note_export(
        by=request.user, table=table, form=form, query=query, rows=wanted.count, at=at, address=address
    )
    if wanted.count <= exporting.AT_ONCE:
        if form == "csv":
            return table_download(
                request, form, wanted.columns, wanted.cells(), name=wanted.filename, title=wanted.title
            )
        return workbook_download(
            lambda file: write_xlsx(
                file, wanted.columns, wanted.cells(), title=wanted.title, more=[wanted.definitions()]
            ),
            name=wanted.filename,
        )
    try:
        exporting.ask_export(
            by=request.user, table=table, subject=subject, query=query, form=form,
            filename=f"{wanted.filename}.{form}", rows=wanted.count, at=at,
        )  # fmt: skip
    except exporting.TooManyExports as refused:
        messages.error(request, str(refused))
    return redirect("metrics:exports")


@require_GET
@no_guides
def export_list(request: StaffRequest) -> HttpResponse:
    """One's own exports, the newest first."""
    jobs = ExportJob.objects.filter(owner=request.user).order_by("-asked_at", "-pk")[:_SHOWN]
    return render(request, "metrics/exports.html", {"jobs": jobs, "here": "exports", "days": exporting.KEPT.days})


@require_GET
@no_guides
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """One line of the list, asked for every second while the file is being written."""
    job = get_object_or_404(ExportJob, pk=pk, owner=request.user)
    return render(request, "metrics/exports.html#job", {"job": job})


@require_GET
@no_guides
def fetch(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The file, for whoever asked for it, until it expires."""
    job = get_object_or_404(ExportJob, pk=pk, owner=request.user)
    at = timezone.now()
    is_there = job.state == ExportJob.State.DONE and job.expires_at is not None and at < job.expires_at
    if not is_there or not Path(job.file.path).exists():
        messages.error(request, "这个文件已过期或还没生成，请重新导出")
        return redirect("metrics:exports")
    exporting.note_download(job=job, at=at, address=request.META.get("REMOTE_ADDR") or None)
    response = FileResponse(
        job.file.open("rb"), as_attachment=True, filename=job.filename, content_type=CONTENT_TYPES[job.form]
    )
    response["Cache-Control"] = "private, no-store"
    return response
