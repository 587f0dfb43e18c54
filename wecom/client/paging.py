"""Lists that come in pages. A cursor is stored after each page, so an interrupted sync goes on where it stopped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from wecom.client.errors import BadAnswer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page. `next_cursor` is empty on the last; `failed` names what WeCom left out although it was asked for."""

    items: list[T]
    next_cursor: str = ""
    failed: list[str] = field(default_factory=list)


def walk(fetch: Callable[[str], Page[T]], *, cursor: str = "") -> Iterator[Page[T]]:
    """The pages from a cursor on. Store `page.next_cursor` when the page is applied, and pass it here to resume.

    :raises BadAnswer: WeCom repeated a cursor, which would never end.
    """
    seen = {cursor}
    while True:
        page = fetch(cursor)
        yield page
        cursor = page.next_cursor
        if not cursor:
            return
        if cursor in seen:
            raise BadAnswer("分页游标重复")
        seen.add(cursor)
