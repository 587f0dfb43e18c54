"""How lists are read on."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """Pages that neither count nor skip; follow `next` until it is null."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "limit"
    page_size_query_description = "每页多少条，最多 200"
    cursor_query_description = "上一页给出的游标"
    max_page_size = 200
    invalid_cursor_message = "游标无效，请从第一页重新开始"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page. :raises NotFound: the cursor is none of ours"""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError, DataError):  # well formed, but its position is of no such column
            raise NotFound(self.invalid_cursor_message) from None
