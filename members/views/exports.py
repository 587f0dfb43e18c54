"""Downloads of the members list: exactly what is filtered, masked, counted in the audit trail."""

import io
from collections.abc import Iterator

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from members.selectors.exporting import COLUMNS, EXPORT_CAP, export_rows
from members.selectors.listing import capped_count
from members.selectors.search import find_members, is_full_id
from members.views.access import address_of
from members.views.lists import address_query, filter_form
from stores.requests import StaffRequest
from stores.services.auditing import audit
from stores.sheets.writing import Cell, csv_lines, write_xlsx
from stores.streaming import streamed

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@login_required
def export(request: StaffRequest, form: str) -> HttpResponseBase:
    """The filtered list as `xlsx` or `csv`; more than the cap is refused in words rather than cut off."""
    if form not in {"csv", "xlsx"}:
        raise Http404("只能导出 xlsx 或 csv")
    user, now = request.user, timezone.now()
    wanted = filter_form(user, request.GET).wanted()
    if is_full_id(wanted.text):
        return _refused(request, "完整号码只能在会员页里查，不能用来导出")
    members = find_members(user, wanted)
    count = capped_count(members, cap=EXPORT_CAP)
    if count > EXPORT_CAP:
        return _refused(request, f"一次最多导出 {EXPORT_CAP:,} 位会员，请先按门店、区域或入会时间筛选")
    audit(
        actor=user, action="members.exported", at=now, store=user.store, address=address_of(request),
        detail={"form": form, "rows": count, "filter": address_query(request.GET)},
    )  # fmt: skip
    rows = export_rows(user, members, at=now)
    name = f"会员_{timezone.localtime(now):%Y%m%d_%H%M}.{form}"
    response = _csv(request, rows, name) if form == "csv" else _xlsx(rows, name)
    response["Cache-Control"] = "private, no-store"
    return response


def _csv(request: StaffRequest, rows: Iterator[tuple[Cell, ...]], name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        streamed(request, csv_lines(COLUMNS, rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""},
    )


def _xlsx(rows: Iterator[tuple[Cell, ...]], name: str) -> FileResponse:
    # A workbook is a zip, whose directory stands at its end: it is written out before the first byte leaves.
    file = io.BytesIO()
    write_xlsx(file, COLUMNS, rows, title="会员")
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=_XLSX)


def _refused(request: StaffRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    response = redirect("members:list")
    query = address_query(request.GET)
    if query and not is_full_id(request.GET.get("q", "")):
        response["Location"] += f"?{query}"
    return response
