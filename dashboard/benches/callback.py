"""How fast callbacks are taken in, beside an empty Django view and a bare INSERT in the same run."""

import contextlib
import hashlib
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import psycopg
import redis
from django.conf import settings
from django.db import connection
from psycopg import sql

from wecom.envelope import Envelope, encrypted_payload

_ROUNDS = 3  # interleaved, so that a busy machine is busy for all subjects alike
_CONNECTIONS = 4
_RATE = 200  # requests a second of the latency measure
_SECONDS = 10
_TEMPLATE = "template1"  # what the database of a bench begins as
_REDIS_DB = 15
_HEADERS_END = b"\r\n\r\n"
_INSERT = """
    INSERT INTO wecom_callbackevent (digest, kind, body, occurred_at, received_at) VALUES (%s, %s, %s, now(), now())
"""

Latencies = list[float]


def bench_callback(requests: int) -> dict[str, Any]:
    """Throughput over `requests` of each subject, the median of three rounds; then latency at 200 a second.

    Latency counts from the moment a request was due, not from when it could be sent: a stall shows in all requests
    that it held up. Everything happens in a database and a Redis database of its own, which are removed.
    """
    envelope = Envelope(
        token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver=f"bench{secrets.token_hex(6)}"
    )
    with places() as (database_url, redis_url), site(envelope, database_url, redis_url) as address:
        empty = request_bytes("/empty/", b"")
        per_round = max(_CONNECTIONS, requests // _ROUNDS)
        warm = [callback(envelope) for _ in range(100)]
        _closed_loop(address, warm)
        _closed_loop(address, [empty] * 100)
        rates: dict[str, list[float]] = {"callback": [], "empty_view": [], "insert": []}
        for _ in range(_ROUNDS):
            fresh = [callback(envelope) for _ in range(per_round)]
            rates["empty_view"].append(_closed_loop(address, [empty] * per_round))
            rates["callback"].append(_closed_loop(address, fresh))
            rates["insert"].append(_inserts(database_url, per_round))
        paced = [callback(envelope) for _ in range(_RATE * _SECONDS)]
        empty_latency = _open_loop(address, [empty] * len(paced))
        callback_latency = _open_loop(address, paced)
        stored = _stored(database_url)
    figures: dict[str, Any] = {
        name: {"per_second": round(statistics.median(of)), "rounds": [round(one) for one in of]}
        for name, of in rates.items()
    }
    figures["callback"] |= _spread(callback_latency)
    figures["empty_view"] |= _spread(empty_latency)
    figures["share_of_empty_view"] = round(figures["callback"]["per_second"] / figures["empty_view"]["per_second"], 3)
    figures["events_stored"] = stored
    figures["events_sent"] = len(warm) + _ROUNDS * per_round + len(paced)
    return figures


def callback(envelope: Envelope) -> bytes:
    plaintext = (
        f"<xml><ToUserName><![CDATA[{envelope.receiver}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType>"
        f"<UserID><![CDATA[zhangsan]]></UserID><ExternalUserID><![CDATA[wm{secrets.token_hex(15)}]]></ExternalUserID>"
        "<State><![CDATA[teststate]]></State><WelcomeCode><![CDATA[WELCOMECODE]]></WelcomeCode></xml>"
    )
    return request_bytes(*sealed(envelope, plaintext))


def sealed(envelope: Envelope, plaintext: str) -> tuple[str, bytes]:
    """The path and the body with which WeCom would deliver a plaintext."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(5)
    body = envelope.seal(plaintext, timestamp=timestamp, nonce=nonce).encode()
    signature = envelope.signature(timestamp=timestamp, nonce=nonce, payload=encrypted_payload(body))
    query = urlencode({"msg_signature": signature, "timestamp": timestamp, "nonce": nonce})
    return f"/wecom/callback/?{query}", body


def request_bytes(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
    return head.encode() + _HEADERS_END + body


class Line:
    """The least client there is, so that the two cores serve rather than send."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket = socket.create_connection(address, timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)
        answer = b""
        while _HEADERS_END not in answer:  # every answer here has an empty body
            received = self._socket.recv(4_096)
            if not received:
                raise ConnectionError(f"服务器断开了连接：{answer[:200]!r}")
            answer += received
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"服务器没有答 200：{answer[:200]!r}")

    def close(self) -> None:
        self._socket.close()


def _in_threads(address: tuple[str, int], work: "Work", count: int) -> None:
    """Run `work(connection)` on connections of their own, at once; the first fault is raised."""
    faults: list[BaseException] = []

    def run() -> None:
        line = Line(address)
        try:
            work(line)
        except BaseException as fault:  # noqa: BLE001 -- raised below, in the thread that can report it
            faults.append(fault)
        finally:
            line.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


class Work:
    """Requests shared by threads: each takes the next."""

    def __init__(self, requests: Sequence[bytes], *, rate: float | None = None) -> None:
        self._next = iter(enumerate(requests))
        self._lock = threading.Lock()
        self._rate = rate
        self._began = time.perf_counter() + (0.05 if rate else 0)
        self.latencies: Latencies = []

    def __call__(self, line: Line) -> None:
        while True:
            with self._lock:
                taken = next(self._next, None)
            if taken is None:
                return
            position, request = taken
            due = time.perf_counter()
            if self._rate:
                due = self._began + position / self._rate
                time.sleep(max(0.0, due - time.perf_counter()))
            line.send(request)
            self.latencies.append(time.perf_counter() - due)


def _closed_loop(address: tuple[str, int], requests: Sequence[bytes]) -> float:
    """Requests a second when each connection sends as soon as it was answered."""
    began = time.perf_counter()
    _in_threads(address, Work(requests), _CONNECTIONS)
    return len(requests) / (time.perf_counter() - began)


def _open_loop(address: tuple[str, int], requests: Sequence[bytes]) -> Latencies:
    work = Work(requests, rate=_RATE)
    _in_threads(address, work, 4 * _CONNECTIONS)
    return work.latencies


def _spread(latencies: Latencies) -> dict[str, float]:
    ordered = sorted(latencies)
    return {
        f"p{share}_ms_at_{_RATE}_per_second": round(1_000 * ordered[int(len(ordered) * share / 100)], 2)
        for share in (50, 99)
    }


def _inserts(database_url: str, count: int) -> float:
    """Bare inserts a second of the same row, one transaction each, on one connection."""
    with psycopg.connect(database_url, autocommit=True) as bare:
        began = time.perf_counter()
        for _ in range(count):
            digest = hashlib.sha256(secrets.token_bytes(8)).digest()
            bare.execute(_INSERT, [digest, "bench", "x" * 600])
        took = time.perf_counter() - began
        bare.execute("DELETE FROM wecom_callbackevent WHERE kind = 'bench'")
    return count / took


def _stored(database_url: str) -> int:
    with psycopg.connect(database_url) as bare:
        row = bare.execute("SELECT count(*) FROM wecom_callbackjob").fetchone()
    return int(row[0]) if row else 0


@contextlib.contextmanager
def places() -> Iterator[tuple[str, str]]:
    """The addresses of a database and a Redis database that live as long as the bench."""
    name = f"bench_callback_{os.getpid()}"
    parameters = {
        key: str(value)
        for key, value in connection.get_connection_params().items()
        if key in {"host", "port", "user", "password", "sslmode"} and value
    }
    redis_url = _in_redis_db(settings.REDIS_URL)
    with redis.Redis.from_url(redis_url) as store, connection.cursor() as cursor:
        if store.dbsize():
            raise RuntimeError(f"Redis 的 {_REDIS_DB} 号库不是空的，性能测量需要一个空库")
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(_TEMPLATE))
        )
        try:
            yield f"postgresql:///{name}?{urlencode(parameters, quote_via=quote)}", redis_url
        finally:
            store.flushdb()
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _in_redis_db(url: str) -> str:
    if url.startswith("unix://"):
        return f"{url.partition('?')[0]}?db={_REDIS_DB}"
    return urlunsplit(urlsplit(url)._replace(path=f"/{_REDIS_DB}"))


@contextlib.contextmanager
def site(envelope: Envelope, database_url: str, redis_url: str) -> Iterator[tuple[str, int]]:
    """Serve the callback and an empty view."""
    environment = environment_of(envelope, database_url, redis_url)
    migrate(environment, "wecom")
    with served("dashboard.callback_bench_site:application", environment) as address:
        try:
            _closed_loop(address, [request_bytes("/empty/", b"")] * _CONNECTIONS)
        except (OSError, RuntimeError) as fault:
            raise RuntimeError("网站没有启动") from fault
        yield address


def environment_of(envelope: Envelope, database_url: str, redis_url: str) -> dict[str, str]:
    """The variables of a process that works in the places of a bench."""
    return os.environ | {
        "DATABASE_URL": database_url, "REDIS_URL": redis_url, "WECOM_CORP_ID": envelope.receiver,
        "WECOM_TOKEN": envelope.token, "WECOM_AES_KEY": envelope.aes_key, "ALLOWED_HOSTS": "localhost",
        "LOG_LEVEL": "WARNING",
    }  # fmt: skip


def migrate(environment: dict[str, str], *apps: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", *apps, "--verbosity", "0"], cwd=settings.BASE_DIR, env=environment,
        check=True,
    )  # fmt: skip


@contextlib.contextmanager
def served(application: str, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Serve an application with gunicorn: one process, as many threads as connections."""
    root = settings.BASE_DIR
    with tempfile.TemporaryDirectory(prefix="bench-callback-") as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        log = Path(folder, "gunicorn.log")
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", application,
             "--bind", f"fd://{listener.fileno()}", "--threads", str(4 * _CONNECTIONS), "--keep-alive", "60",
             "--log-file", log],
            cwd=root, env=environment, pass_fds=[listener.fileno()],
        )  # fmt: skip
        try:
            address: tuple[str, int] = listener.getsockname()
            yield address
        except (OSError, RuntimeError):
            sys.stderr.write(log.read_text()[-2_000:])
            raise
        finally:
            server.terminate()
            server.wait(30)
