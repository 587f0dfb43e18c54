"""As much HTTP as the sandbox needs: requests, answers, and forms with files."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
MAX_BODY = 25 * 1024 * 1024


class TooLarge(Exception):
    """The body is larger than any file WeCom takes."""


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is decoded; `ip` is the other end of the connection."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    ip: str
    body: bytes = b""

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """:raises ValueError: it is not JSON."""
        return json.loads(self.body or b"{}")

    def is_our_own(self) -> bool:
        """Whether a browser that sends this stands on one of our own pages (or is no browser)."""
        origin = self.headers.get("origin")
        return origin is None or origin.partition("://")[2] == self.headers.get("host")

    def cookie(self, name: str) -> str:
        try:
            jar = SimpleCookie(self.headers.get("cookie", ""))
        except CookieError:
            return ""
        return jar[name].value if name in jar else ""


@dataclass(frozen=True, slots=True)
class Response:
    """`broken` announces more than it sends, so that the caller sees the connection fall."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    broken: bool = False


def json_response(body: Any, *, status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    # A lone surrogate came in as an escape and goes out as one.
    return Response(status, text.encode("utf-8", "backslashreplace"), "application/json; charset=UTF-8")


def redirect(address: str) -> Response:
    return Response(303, headers={"location": address, "cache-control": "no-store"})


async def read_request(scope: Scope, receive: Receive) -> Request:
    """:raises TooLarge:"""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            raise TooLarge
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    client = scope.get("client")
    return Request(scope["method"], scope["path"], query, headers, client[0] if client else "", b"".join(parts))


async def write_response(send: Send, response: Response) -> None:
    length = len(response.body) + (1_000 if response.broken else 0)
    headers = {"content-type": response.kind, "content-length": str(length), **response.headers}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if not response.broken:
        await send({"type": "http.response.body", "body": response.body})


def uploaded_file(request: Request, name: str) -> tuple[str, bytes] | None:
    """The (file name, content) of a field of multipart/form-data, or None where there is none."""
    found = re.search(r'boundary="?([^";]{1,200})"?', request.headers.get("content-type", ""))
    if found is None:
        return None
    for part in request.body.split(b"--" + found[1].encode("latin-1"))[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        # The blank before `name` keeps `filename` from being taken for it.
        if re.search(rf'[; ]name="{re.escape(name)}"', text):
            file_name = re.search(r'filename="([^"]*)"', text)
            return (file_name[1] if file_name else "", content.removesuffix(b"\r\n"))
    return None
