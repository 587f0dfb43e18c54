"""Exports over the API: ask for a table of figures, see how far it is, take the file."""

from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from metrics.models import ExportJob
from metrics.services import exporting
from metrics.tables.known import table_for
from stores.downloads import CONTENT_TYPES
from stores.models import Staff
from stores.rest.errors import Refused
from stores.rest.schema import ERRORS, WRITE_ERRORS, ErrorSerializer
from stores.rest.writes import KEY_PARAMETER, idempotent

_FILES: dict[Any, Any] = {(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()}
_BIGGEST_ID = 2**63 - 1


class ExportSerializer(serializers.ModelSerializer[ExportJob]):
    class Meta:
        ref_name = "Export"
        model = ExportJob
        fields = ("id", "table", "subject", "query", "form", "filename", "state", "rows_done", "rows_expected", "error",
                  "asked_at", "finished_at", "expires_at")  # fmt: skip
        extra_kwargs = {  # noqa: RUF012 -- DRF's own attribute
            "state": {"help_text": "queued → running → done 或 failed；文件到期后是 expired"},
        }


def _own(request: Request) -> QuerySet[ExportJob]:
    return ExportJob.objects.filter(owner=request.user.pk)


class ExportList(ListAPIView[ExportJob]):
    """The exports of the token's owner, the newest first; or a new one."""

    @extend_schema_serializer(component_name="ExportOrder")
    class InputSerializer(serializers.Serializer[Any]):
        table = serializers.RegexField(r"^[a-z-]{1,32}$", help_text="表：ranking 门店排行、regions 区域、tiers 城市等级、days 每天、periods 前后对比、stores 门店对比、store-days 一家店每天、group-days 一个群每天")  # fmt: skip  # noqa: E501 -- one line reads better
        subject = serializers.IntegerField(
            required=False, allow_null=True, default=None, min_value=1, max_value=_BIGGEST_ID,
            help_text="一家店或一个群的表，是它的 id",
        )  # fmt: skip
        query = serializers.CharField(
            required=False, allow_blank=True, default="", max_length=2_000, help_text="条件，与页面地址问号后面的相同"
        )
        form = serializers.ChoiceField([("xlsx", "Excel"), ("csv", "CSV")])

    required_scope = "exports:read"
    write_scope = "exports:write"
    serializer_class = ExportSerializer

    def get_queryset(self) -> QuerySet[ExportJob]:
        return _own(self.request)

    @extend_schema(
        operation_id="exports_list", summary="我的导出", responses=ERRORS | {200: ExportSerializer(many=True)}
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="exports_create", summary="发起导出", request=InputSerializer, parameters=[KEY_PARAMETER],
        responses=WRITE_ERRORS | {201: ExportSerializer},
        description="与页面上的导出完全相同，在后台生成；用 `GET exports/{id}/` 看进度，`done` 之后取文件，保留 7 天。",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        actor = request.user
        if not isinstance(actor, Staff) or actor.role == Staff.Role.GUIDE:
            raise PermissionDenied("导购的令牌不能导出")
        body = self.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said, at = body.validated_data, timezone.now()
        table = table_for(actor, said["table"], subject=said["subject"], query=said["query"], at=at)
        if table is None:
            raise Http404
        try:
            job = exporting.ask_export(
                by=actor, table=said["table"], subject=said["subject"], query=said["query"], form=said["form"],
                filename=f"{table.filename}.{said['form']}", rows=table.count, at=at,
            )  # fmt: skip
        except exporting.TooManyExports as refused:
            raise Refused(str(refused), code="too_many_exports") from None
        exporting.note_export(
            by=actor, table=said["table"], form=said["form"], query=said["query"], rows=table.count, at=at,
            address=request.META.get("REMOTE_ADDR") or None,
        )  # fmt: skip
        return Response(ExportSerializer(job).data, status=201)


class ExportDetail(RetrieveAPIView[ExportJob]):
    """How far one of the owner's exports is."""

    required_scope = "exports:read"
    serializer_class = ExportSerializer

    def get_queryset(self) -> QuerySet[ExportJob]:
        return _own(self.request)

    @extend_schema(
        operation_id="exports_retrieve", summary="一个导出的进度", responses=ERRORS | {200: ExportSerializer}
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ExportFile(APIView):
    """The file of an export that is done."""

    required_scope = "exports:read"

    @extend_schema(
        operation_id="exports_file", summary="取导出的文件",
        responses=ERRORS | {409: ErrorSerializer} | _FILES,
        description="还没生成好、失败或已过期时回答 409。每次取走都进审计。",
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> FileResponse:
        job = get_object_or_404(_own(request), pk=pk)
        at = timezone.now()
        is_there = job.state == ExportJob.State.DONE and job.expires_at is not None and at < job.expires_at
        if not is_there or not Path(job.file.path).exists():
            raise Refused(f"导出{job.get_state_display()}，没有文件可取", code="not_ready")
        exporting.note_download(job=job, at=at, address=request.META.get("REMOTE_ADDR") or None)
        response = FileResponse(
            job.file.open("rb"), as_attachment=True, filename=job.filename, content_type=CONTENT_TYPES[job.form]
        )
        response["Cache-Control"] = "private, no-store"
        return response
