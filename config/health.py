"""`/healthz` (alive), `/readyz` (fit to serve) and `/metrics` (Prometheus), answered before every other middleware."""

import hmac
import ipaddress
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Any

import psycopg
import redis
import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils import timezone

from config import measures, pulse

logger = structlog.get_logger(__name__)

PATIENCE = 2.0  # seconds for all checks together
BEAT_MAY_BE_SILENT = 180  # seconds
_REMEMBERED = 1.0  # seconds: a flood of probes costs one check a second
# A check that hangs keeps its thread until its own time-out; four leave room for the next round.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="readyz")
_turn = threading.Lock()
_last: tuple[float, "dict[str, Check]"] | None = None


@dataclass(frozen=True)
class Check:
    """How one thing the site needs is doing; `message` is for the person on call."""

    ok: bool
    millis: int
    message: str


class NotReady(Exception):
    """A check's own words for what is wrong."""


@lru_cache(maxsize=1)
def _migrations_on_disk() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def _database_parameters() -> dict[str, Any]:
    own = {"pool", "cursor_factory", "context"}
    parameters = {name: value for name, value in connection.get_connection_params().items() if name not in own}
    return parameters | {"connect_timeout": 2}  # the least libpq knows


def _applied_migrations(parameters: dict[str, Any]) -> set[tuple[str, str]]:
    # A connection of its own: a pool that is full is busy, not broken, and its time-out is longer than ours.
    with psycopg.connect(**parameters) as fresh:
        fresh.execute("SET statement_timeout = 1500")
        if fresh.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return set()
        return set(fresh.execute("SELECT app, name FROM django_migrations").fetchall())


def _migrations_message(applied: set[tuple[str, str]]) -> str:
    missing = sorted(_migrations_on_disk() - applied)
    if missing:
        named = "、".join(f"{app}.{name}" for app, name in missing[:3])
        raise NotReady(f"{len(missing)} 个迁移未执行：{named}{' 等' if len(missing) > 3 else ''}")  # noqa: PLR2004 -- shown above
    return "已全部执行"


def _beat_message(ages: dict[str, int]) -> str:
    age = ages.get(pulse.BEAT)
    if age is None:
        raise NotReady("beat 从未运行")
    if age >= BEAT_MAY_BE_SILENT:
        raise NotReady(f"beat 已 {age} 秒没有动静")
    return f"{age} 秒前"


def _ask(question: Callable[[], Any]) -> tuple[Check, Any]:
    """Put one question to a service and time it; the answer comes back beside the check."""
    began = time.monotonic()
    try:
        answer, ok, message = question(), True, "正常"
    except (psycopg.Error, redis.RedisError, OSError) as error:
        logger.warning("readiness_check_failed", exc_info=True)
        answer, ok, message = None, False, f"连不上（{type(error).__name__}）"
    return Check(ok=ok, millis=round((time.monotonic() - began) * 1000), message=message), answer


def _conclude(service: Check, judge: Callable[[Any], str], answer: Any) -> Check:
    """What follows from a service's answer, if there was one."""
    if not service.ok:
        return Check(ok=False, millis=0, message="无从得知")
    try:
        return Check(ok=True, millis=0, message=judge(answer))
    except NotReady as error:
        return Check(ok=False, millis=0, message=str(error))


def checks() -> dict[str, Check]:
    """Ask database and Redis at the same time; answers within `PATIENCE` whatever has died."""
    deadline = time.monotonic() + PATIENCE
    asked = [
        _threads.submit(_ask, partial(_applied_migrations, _database_parameters())),
        _threads.submit(_ask, lambda: pulse.ages(at=timezone.now())),
    ]
    answers: list[tuple[Check, Any]] = []
    for future in asked:
        try:
            answers.append(future.result(timeout=max(0.0, deadline - time.monotonic())))
        except TooSlow:
            answers.append((Check(ok=False, millis=round(PATIENCE * 1000), message="没有及时答复"), None))
    (database, applied), (broker, ages) = answers
    return {
        "database": database,
        "redis": broker,
        "migrations": _conclude(database, _migrations_message, applied),
        "beat": _conclude(broker, _beat_message, ages),
    }


def _recent_checks() -> dict[str, Check]:
    global _last  # noqa: PLW0603 -- one memory per process is the point
    with _turn:
        if _last is None or time.monotonic() - _last[0] >= _REMEMBERED:
            _last = (time.monotonic(), checks())
        return _last[1]


def healthz(_request: HttpRequest) -> HttpResponse:
    """Whether the process answers at all; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(_request: HttpRequest) -> HttpResponse:
    """Whether requests can be served: each thing needed by name, 503 when one of them fails."""
    found = _recent_checks()
    ready = all(check.ok for check in found.values())
    body = {"ok": ready, "checks": {name: asdict(check) for name, check in found.items()}}
    return JsonResponse(body, status=200 if ready else 503, json_dumps_params={"ensure_ascii": False})


def _may_read_metrics(request: HttpRequest) -> bool:
    """By token from anywhere, else from a private network and not through the proxy (which serves the public)."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        # A Unix socket has no peer address: only this machine can be on its other end.
        return not request.META["REMOTE_ADDR"] or ipaddress.ip_address(request.META["REMOTE_ADDR"]).is_private
    except (KeyError, ValueError):
        return False


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format: the web processes' own counters and the gauges of the whole house."""
    if not _may_read_metrics(request):
        return HttpResponseForbidden("只许内网或凭令牌读取", content_type="text/plain; charset=utf-8")
    body, content_type = measures.exposition()
    return HttpResponse(body, content_type=content_type)


_PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


class ProbeMiddleware:
    """Answer the probes before anything else sees them.

    They call by address, so the host check would refuse them; and nothing should count, log or redirect them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = _PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = probe(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
