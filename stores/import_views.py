"""The pages of imports: upload, look and correct, watch, read the report, take away what was left out."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path, PurePath
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stores.import_forms import MappingForm, UploadForm
from stores.import_selectors import jobs_for, may_import, report_lines
from stores.models import ImportJob
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.services import imports as services
from stores.sheets.errors import SheetError

PER_PAGE = 20
_UNPROCESSABLE = 422
_ALL_BUT_WRITTEN = 99
Args = ParamSpec("Args")
View = Callable[Concatenate[StaffRequest, Args], HttpResponseBase]


def importers_only(view: View[Args]) -> View[Args]:
    """Behind log-in, and a 404 for guides: for them there are no imports."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
        if not may_import(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return login_required(guarded)  # type: ignore[return-value]


def _jobs(request: StaffRequest) -> QuerySet[ImportJob]:
    return jobs_for(request.user).select_related("store", "uploaded_by")


@require_GET
@importers_only
def job_list(request: StaffRequest) -> HttpResponse:
    """The newest imports first."""
    page = Paginator(_jobs(request).order_by("-created_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render_page(request, "imports/list.html", {"page": page}, partial="rows")


@require_http_methods(["GET", "POST"])
@importers_only
def upload(request: StaffRequest) -> HttpResponse:
    """Choose a file; a good one leads on to its columns."""
    limits = {"max_bytes": settings.MAX_UPLOAD_BYTES, "max_megabytes": settings.MAX_UPLOAD_BYTES // 2**20}
    if request.method == "GET":
        return render(request, "imports/upload.html", {"form": UploadForm(user=request.user), **limits})
    form = UploadForm(request.POST, request.FILES, user=request.user)
    if form.is_valid():
        try:
            job = services.create_job(
                kind=form.cleaned_data["kind"], upload=form.cleaned_data["file"], by=request.user, at=timezone.now(),
                store=form.store_of(),
            )  # fmt: skip
        except SheetError as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("imports:detail", job.pk)
    return render(request, "imports/upload.html", {"form": form, **limits}, status=_UNPROCESSABLE)


@require_http_methods(["GET", "POST"])
@importers_only
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One import, as it now stands: to be confirmed, under way, done or failed."""
    job = get_object_or_404(_jobs(request), pk=pk)
    if job.state == ImportJob.State.UPLOADED:
        return _confirm(request, job)
    if request.method == "POST":  # somebody else confirmed it meanwhile
        return redirect("imports:detail", job.pk)
    _settle(job)
    return render(request, "imports/detail.html", _standing(job))


def _confirm(request: StaffRequest, job: ImportJob) -> HttpResponse:
    try:
        form = MappingForm(
            request.POST if request.method == "POST" else None, job=job, user=request.user,
            sheet=request.GET.get("sheet", ""),
        )  # fmt: skip
    except SheetError as refused:
        messages.error(request, str(refused))
        return redirect("imports:upload")
    if request.method == "POST" and form.is_valid():
        try:
            services.confirm_job(job=job, mapping=form.mapping, options=form.options, at=timezone.now())
        except SheetError as refused:
            form.add_error(None, str(refused))
        except services.JobNotOpen:
            return redirect("imports:detail", job.pk)
        else:
            return redirect("imports:detail", job.pk)
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "imports/confirm.html", {"job": job, "form": form, "preview": form.preview}, status=status)


@require_GET
@importers_only
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """The bar, asked for every second; when there is nothing left to watch, the whole page is fetched anew."""
    job = get_object_or_404(_jobs(request), pk=pk)
    _settle(job)
    if job.state not in (ImportJob.State.QUEUED, ImportJob.State.RUNNING):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "imports/detail.html#progress", _standing(job))


@require_POST
@importers_only
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    """Look at a failed import's columns again."""
    job = get_object_or_404(_jobs(request), pk=pk)
    try:
        services.reopen_job(job=job)
    except services.JobNotOpen:
        messages.error(request, "这个文件不能重新导入了，请重新上传")
    return redirect("imports:detail", job.pk)


@require_GET
@importers_only
def rejected(request: StaffRequest, pk: int) -> FileResponse:
    """The rows that were left out, as a spreadsheet; taking them away is put on record."""
    job = get_object_or_404(_jobs(request), pk=pk)
    if not job.rejected_file or not Path(job.rejected_file.path).exists():
        raise Http404
    services.note_download(job=job, by=request.user, at=timezone.now(), address=request.META.get("REMOTE_ADDR"))
    response = FileResponse(
        job.rejected_file.open("rb"),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    name = f"未导入的行-{PurePath(job.filename).stem}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


def _settle(job: ImportJob) -> None:
    if services.settle_if_abandoned(job=job, at=timezone.now()):
        job.refresh_from_db()


def _standing(job: ImportJob) -> dict[str, Any]:
    read = services.progress_of(job.pk) if job.state == ImportJob.State.RUNNING else job.rows_read
    expected = max(job.rows_expected, 1)
    percent = min(_ALL_BUT_WRITTEN, 100 * read // expected)
    return {
        "job": job,
        "read": read,
        "percent": percent,
        "is_read": percent == _ALL_BUT_WRITTEN,  # rows were estimated, so the last one seldom makes a hundred
        "report": report_lines(job) if job.state == ImportJob.State.DONE else None,
        "took": job.finished_at - job.started_at if job.finished_at and job.started_at else None,
    }
