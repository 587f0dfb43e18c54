"""How soon newcomers are welcomed while the ordinary queue is buried in work."""

import contextlib
import json
import secrets
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
import redis
from celery import current_app
from django.conf import settings
from django.utils import timezone

from dashboard.benches.callback import Line, environment_of, migrate, places, request_bytes, sealed, served
from wecom.envelope import Envelope

_WAITING = 50_000
_RATE = 20  # newcomers a second: four times the burst of 300 joins a minute
_NETWORK = 0.05  # seconds WeCom takes to answer
_LIFE = 20.0  # seconds a welcome code lives
_PATIENCE = 60.0
_WARM = 8
_FAST, _ORDINARY = ("fast", "4"), ("default,bulk", "2")  # queues and processes, as in docker-compose.yml
_SEED = "import django; django.setup(); from dashboard.benches.welcome import seed; seed()"
_USERID = "bench-manager"


def bench_welcome(newcomers: int) -> dict[str, Any]:
    """Newcomers at 20 a second through the real callback, broker and workers, to a WeCom that answers in 50 ms.

    Time runs from the moment a callback was due to the arrival of its welcome at WeCom; the share within 20 seconds
    counts from CreateTime, as WeCom does. 50,000 tasks wait in the default queue before the first newcomer.
    """
    envelope = Envelope(
        token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver=f"bench{secrets.token_hex(6)}"
    )
    with places() as (database_url, redis_url), _wecom() as (base, arrivals):
        environment = environment_of(envelope, database_url, redis_url) | {
            "WECOM_SECRET": secrets.token_hex(16), "WECOM_AGENT_ID": "1", "WECOM_API_BASE": base,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }  # fmt: skip
        migrate(environment)
        subprocess.run([sys.executable, "-c", _SEED], cwd=settings.BASE_DIR, env=environment, check=True)
        with served("config.wsgi:application", environment) as address, redis.Redis.from_url(redis_url) as broker:
            _bury(broker)
            with _worker(environment, *_FAST), _worker(environment, *_ORDINARY):
                _send(address, envelope, [f"warm{n}" for n in range(_WARM)])
                _await(arrivals, _WARM)
                waiting = broker.llen("default")
                names = [f"code{n}" for n in range(newcomers)]
                due = _send(address, envelope, names)
                _await(arrivals, _WARM + newcomers)
                left = broker.llen("default")
        outcomes = _outcomes(database_url)
    took = sorted(arrivals[name] - due[name] for name in names if name in arrivals)
    in_time = sum(name in arrivals and arrivals[name] - int(due[name]) <= _LIFE for name in names)
    return {
        "newcomers": newcomers, "share_within_20_s": round(in_time / newcomers, 5),
        "seconds": {name: round(took[min(len(took) - 1, int(len(took) * share))], 3) for name, share in _SHARES},
        "tasks_in_default_queue": {"before": waiting, "after": left}, "outcomes": outcomes,
    }  # fmt: skip


_SHARES = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))


def seed() -> None:
    """A store with its manager and a code, and one message to copy, in the places of the bench."""
    from communities.models import EntryCode
    from stores.models import Region, Staff, Store

    region = Region.objects.create(code="B", name="测量", path="B/")
    store = Store.objects.create(code="B1", name="测量店", region=region)
    manager = Staff.objects.create(
        username=_USERID, wecom_userid=_USERID, name="测量", role=Staff.Role.MANAGER, store=store
    )
    EntryCode.objects.create(
        store=store, scene="checkout", kind="contact", bait="测量", token="bench", status="live", config_id="bench",  # noqa: S106 -- a state, not a secret
        created_by=manager, created_at=timezone.now(),
    )  # fmt: skip
    current_app.send_task("config.pulse", kwargs={"queue": "bench"}, queue="default")


def _send(address: tuple[str, int], envelope: Envelope, names: list[str]) -> dict[str, float]:
    """Deliver one callback per name at the rate. Returns when each was due, in Unix seconds."""
    due: dict[str, float] = {}
    line = Line(address)
    began = time.time() + 0.05
    for position, name in enumerate(names):
        moment = began + position / _RATE
        time.sleep(max(0.0, moment - time.time()))
        due[name] = moment
        line.send(request_bytes(*sealed(envelope, _event(envelope, name, int(moment)))))
    line.close()
    return due


def _event(envelope: Envelope, name: str, created: int) -> str:
    return (
        f"<xml><ToUserName>{envelope.receiver}</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event>"
        f"<ChangeType>add_external_contact</ChangeType><UserID>{_USERID}</UserID>"
        f"<ExternalUserID>wm{name}</ExternalUserID><State>bench</State><WelcomeCode>{name}</WelcomeCode></xml>"
    )


def _bury(broker: redis.Redis) -> None:
    """Fill the default queue with copies, under new ids, of the message that `seed` sent."""
    popped = broker.lpop("default")
    if not isinstance(popped, bytes):
        raise RuntimeError("消息没有进入队列")  # noqa: TRY004 -- it is no wrong type but a missing message
    message = popped.decode()
    task_id = json.loads(message)["headers"]["id"]
    for _ in range(_WAITING // 1_000):
        broker.rpush("default", *[message.replace(task_id, str(uuid.uuid4())) for _ in range(1_000)])


@contextlib.contextmanager
def _worker(environment: dict[str, str], queues: str, processes: str) -> Iterator[None]:
    command = [
        sys.executable, "-m", "celery", "--quiet", "--app", "config", "worker", "--queues", queues, "--hostname",
        f"{queues}@%h", "--concurrency", processes, "--without-gossip", "--without-mingle", "--loglevel", "ERROR",
    ]  # fmt: skip
    worker = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        yield
    finally:
        worker.send_signal(signal.SIGQUIT)  # a cold stop: nobody waits for what is left in its queue
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


@contextlib.contextmanager
def _wecom() -> Iterator[tuple[str, dict[str, float]]]:
    """A WeCom that notes when each welcome code arrived, in Unix seconds."""
    arrivals: dict[str, float] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = {"errcode": 0, "access_token": "bench", "expires_in": 7200}
            query = dict(parse_qsl(urlsplit(self.path).query))
            if "external_userid" in query:
                time.sleep(_NETWORK)
                answer |= _customer(query["external_userid"])
            self._answer(answer)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.startswith("/cgi-bin/externalcontact/send_welcome_msg"):
                arrivals.setdefault(body["welcome_code"], time.time())
            time.sleep(_NETWORK)
            self._answer({"errcode": 0, "errmsg": "ok"})

        def _answer(self, answer: dict[str, Any]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing: a thousand lines hide the figures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", arrivals
    finally:
        server.shutdown()
        server.server_close()


def _customer(external_userid: str) -> dict[str, Any]:
    follow = {"userid": _USERID, "createtime": int(time.time()), "add_way": 1, "state": "bench"}
    return {"external_contact": {"external_userid": external_userid, "name": "测量"}, "follow_user": [follow]}


def _await(arrivals: dict[str, float], count: int) -> None:
    """Until as many have arrived, or a minute; who is missing then is counted as late."""
    ends = time.monotonic() + _PATIENCE
    while len(arrivals) < count and time.monotonic() < ends:
        time.sleep(0.05)


def _outcomes(database_url: str) -> dict[str, int]:
    with psycopg.connect(database_url) as bare:
        rows = bare.execute("SELECT result, count(*) FROM communities_welcomeoutcome GROUP BY result").fetchall()
    return {str(result): int(count) for result, count in rows}
