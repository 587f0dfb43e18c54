"""The live list pushed to phones: one look at the database for all viewers of a process, one text for all of a list.

Four times a second each process asks which of the lists its viewers look at have changed; a list that has is drawn once
(`drawing`) and handed to everybody as the same bytes. The database is the only source, so nothing can be missed.
docs/decisions/0024-live-list.md says why this and not polling; polling remains where there is no such process.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

from django.db import connection

from campaigns.h5.drawing import drawn
from campaigns.models import Board
from campaigns.selectors.boards import tags_of

_log = logging.getLogger(__name__)

PATH = re.compile(r"/h/([A-Za-z0-9_-]{8,32})/live/")
LOOK_EVERY = 0.25  # seconds
PING_EVERY = 25  # seconds; proxies and phones drop silent lines
MOST_VIEWERS = 12_000  # of one process; the next one polls
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy in front must not collect events
]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def wants_events(scope: Scope) -> bool:
    """Whether a request is for the pushed list; the same address without this header is polled."""
    if scope["type"] != "http" or scope["method"] != "GET" or not PATH.fullmatch(scope["path"]):
        return False
    return any(name == b"accept" and b"text/event-stream" in value for name, value in scope["headers"])


class Viewer:
    """One phone: woken when there is something new; a slow one gets the newest state, not every state."""

    __slots__ = ("gone", "seen", "wake")

    def __init__(self, seen: str) -> None:
        self.wake = asyncio.Event()
        self.gone = False
        self.seen = seen


class Channel:
    """One list: its viewers and its newest event."""

    __slots__ = ("event", "tag", "viewers")

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.tag = ""
        self.event = b""


class Hub:
    """All lists somebody looks at through this process."""

    def __init__(self) -> None:
        self._channels: dict[int, Channel] = {}
        self._boards: dict[tuple[str, str], int] = {}
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="live")
        self._looking: asyncio.Task[None] | None = None
        self._count = 0

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for the pushed list, for as long as the phone listens."""
        match = PATH.fullmatch(scope["path"])
        query = parse_qs(scope["query_string"].decode("ascii", "replace"))
        store = query.get("s", [""])[0]
        board_id = await self._board(match[1] if match else "", store)
        if board_id is None or self._count >= MOST_VIEWERS:
            status = 404 if board_id is None else 503
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        viewer = Viewer(seen=query.get("v", [""])[0])
        channel = self._channels.setdefault(board_id, Channel())
        channel.viewers.add(viewer)
        self._count += 1
        self._look()
        leaving = asyncio.ensure_future(_leave(viewer, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": b"retry: 3000\n\n", "more_body": True})
            await self._tell(viewer, channel, send)
        except OSError:
            pass  # the line broke in the middle of a word
        finally:
            leaving.cancel()
            self._count -= 1
            channel.viewers.discard(viewer)
            if not channel.viewers and self._channels.get(board_id) is channel:
                del self._channels[board_id]

    @staticmethod
    async def _tell(viewer: Viewer, channel: Channel, send: Send) -> None:
        while not viewer.gone:
            word = b": \n\n"
            if channel.tag and channel.tag != viewer.seen:
                viewer.seen, word = channel.tag, channel.event
                await send({"type": "http.response.body", "body": word, "more_body": True})
                continue
            viewer.wake.clear()
            try:
                async with asyncio.timeout(PING_EVERY):
                    await viewer.wake.wait()
            except TimeoutError:
                await send({"type": "http.response.body", "body": word, "more_body": True})

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look_on())

    async def _look_on(self) -> None:
        """Look as long as anybody does; a database that is away for a moment is asked again."""
        loop = asyncio.get_running_loop()
        while self._channels:
            known = {board_id: channel.tag for board_id, channel in self._channels.items()}
            try:
                for board_id, (tag, event) in (await loop.run_in_executor(self._threads, _changes, known)).items():
                    self._announce(board_id, tag, event)
            except Exception:  # noqa: BLE001 -- whatever fails, the viewers stay and the next look may succeed
                _log.exception("campaigns.live_list_not_read")
            await asyncio.sleep(LOOK_EVERY)

    def _announce(self, board_id: int, tag: str, event: bytes) -> None:
        channel = self._channels.get(board_id)
        if channel is None:
            return
        channel.tag, channel.event = tag, event
        for viewer in channel.viewers:
            viewer.wake.set()

    async def _board(self, token: str, store: str) -> int | None:
        known = self._boards.get((token, store))
        if known is not None:
            return known
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _board_of, token, store)
        if found is not None:
            if len(self._boards) > MOST_VIEWERS:
                self._boards.clear()
            self._boards[token, store] = found
        return found


_hubs: dict[int, Hub] = {}


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """The application for what `wants_events`; one hub per event loop."""
    loop = id(asyncio.get_running_loop())
    await _hubs.setdefault(loop, Hub()).serve(scope, receive, send)


async def _leave(viewer: Viewer, receive: Receive) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass
        viewer.gone = True
        viewer.wake.set()


def _board_of(token: str, store: str) -> int | None:
    try:
        boards = Board.objects.filter(campaign__token=token)
        if store:
            boards = boards.filter(store__code=store)
        return boards.order_by("pk").values_list("pk", flat=True).first()
    finally:
        connection.close()  # back into the pool: this thread may not be asked again for long


def _changes(known: dict[int, str]) -> dict[int, tuple[str, bytes]]:
    try:
        found = {}
        for board_id, tag in tags_of(list(known)).items():
            if tag != known[board_id] and (fresh := drawn(board_id, tag)) is not None:
                found[board_id] = (tag, as_event(fresh.tag, fresh.live))
        return found
    finally:
        connection.close()


def as_event(tag: str, html: str) -> bytes:
    """One server-sent event: the state's name as its id, the HTML on one line each."""
    data = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"id: {tag}\nevent: board\n{data}\n".encode()
