"""A table as a download: CSV as it comes, or a workbook."""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from stores.sheets.writing import Cell, csv_lines, write_xlsx
from stores.streaming import streamed

FORMS = ("xlsx", "csv")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_CACHE = "private, no-store"


def require_form(form: str) -> None:
    """A 404 for any form of download but `xlsx` and `csv`."""
    if form not in FORMS:
        raise Http404("只能导出 xlsx 或 csv")


def table_download(
    request: HttpRequest, form: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str, title: str
) -> HttpResponseBase:
    """The rows under their column names as `name.form`, kept by no cache.

    A CSV leaves row by row. A workbook is a zip, whose directory stands at its end: it is written out before the
    first byte leaves.
    """
    require_form(form)
    if form == "csv":
        return StreamingHttpResponse(
            streamed(request, csv_lines(columns, rows)),
            content_type=CONTENT_TYPES["csv"],
            headers={
                "Content-Disposition": content_disposition_header(as_attachment=True, filename=f"{name}.csv") or "",
                "Cache-Control": _CACHE,
            },
        )
    return workbook_download(lambda file: write_xlsx(file, columns, rows, title=title), name=name)


def workbook_download(write: Callable[[BinaryIO], object], *, name: str) -> FileResponse:
    """A workbook that `write` writes, as `name.xlsx`, kept by no cache."""
    file = io.BytesIO()
    write(file)
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=CONTENT_TYPES["xlsx"])
    response["Cache-Control"] = _CACHE
    return response
