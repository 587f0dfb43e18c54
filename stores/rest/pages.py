"""How lists are read on."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Pages that neither count nor skip; follow `next` until it is null."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "limit"
    page_size_query_description = "每页多少条，最多 200"
    cursor_query_description = "上一页给出的游标"
    max_page_size = 200
    invalid_cursor_message = "游标无效，请从第一页重新开始"
