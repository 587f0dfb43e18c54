"""Long downloads piece by piece, whichever kind of server runs the view."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest


def streamed(request: HttpRequest, pieces: Iterator[str]) -> Iterator[str] | AsyncIterator[str]:
    """What a `StreamingHttpResponse` can send as it comes: an ASGI server would collect a plain iterator first."""
    return _one_by_one(pieces) if isinstance(request, ASGIRequest) else pieces


async def _one_by_one(pieces: Iterator[str]) -> AsyncIterator[str]:
    @sync_to_async  # runs in the request's own thread, where its database connection is
    def following() -> str | None:
        return next(pieces, None)

    while (piece := await following()) is not None:
        yield piece
