"""WeCom at the other end of the HTTP boundary: answers are scripted per API, calls are kept."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

Step = dict[str, Any] | Exception | httpx.Response | Callable[[httpx.Request], dict[str, Any]]
BASE = "https://qyapi.example"


@dataclass
class FakeWeCom:
    """`script["externalcontact/get"]` is a list of steps; the last one repeats. `gettoken` answers by itself."""

    script: dict[str, list[Step]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    tokens: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _position: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.calls]

    def count(self, path: str) -> int:
        return self.paths().count(path)

    def body(self, path: str) -> Any:
        """The body of the latest call of an API."""
        return next(body for called, _, body in reversed(self.calls) if called == path)

    def query(self, path: str) -> dict[str, str]:
        """The query of the latest call of an API, without the token."""
        found = next(query for called, query, _ in reversed(self.calls) if called == path)
        return {name: value for name, value in found.items() if name != "access_token"}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/cgi-bin/")
        is_json = request.headers.get("content-type", "").startswith("application/json")
        body = json.loads(request.content) if is_json else request.content
        with self._lock:
            self.calls.append((path, dict(request.url.params), body))
            steps = self.script.get(path)
            step: Step
            if steps:
                step = steps[min(self._position[path], len(steps) - 1)]
                self._position[path] += 1
            elif path == "gettoken":
                self.tokens += 1
                step = {"errcode": 0, "access_token": f"token-{self.tokens}", "expires_in": 7200}
            else:
                step = {"errcode": 0, "errmsg": "ok"}
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return step
        return httpx.Response(200, json=step(request) if callable(step) else step)


def refusal(code: int, message: str = "") -> dict[str, Any]:
    """An errcode, with the empty lists that WeCom's failures carry."""
    return {"errcode": code, "errmsg": message, "external_userid": [], "customer": []}


@dataclass
class Clock:
    """A clock that only sleeping moves."""

    now: float = 1_767_571_200.0  # the start of an hour
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class NotedAlerts:
    reported: list[tuple[int, str]] = field(default_factory=list)
    cleared: list[tuple[int, str]] = field(default_factory=list)

    def report(self, *, code: int, subject: str, message: str) -> None:
        assert message
        self.reported.append((code, subject))

    def recovered(self, *, code: int, subject: str) -> None:
        self.cleared.append((code, subject))
