"""Keeps an embedded server running while any process uses it: `python -P config/keeper.py NAME DATA PROGRAMS`.

`config.embedded` starts it. Every user of a server holds a shared lock on `users.lock`; a keeper that gets the lock for
itself knows that the last user has gone, however it ended, and stops the server. Should the keeper itself be killed,
the server gets a signal from the kernel. It needs the standard library only, so it starts at once.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, cast

START_SECONDS = 60  # crash recovery of a large cluster takes a while
SETTLED_SECONDS = 3
SOCKET_PATH_LIMIT = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
SERVER_DATA = {"postgres": "pg18", "valkey": "data"}  # PostgreSQL's major version decides the format of its files
SOCKETS = {"postgres": ".s.PGSQL.5432", "valkey": "redis.sock"}

Name = Literal["postgres", "valkey"]


class ServerUnavailable(RuntimeError):
    """A server cannot be used; the message says why, in Chinese."""


def _open_to_all(path: Path) -> bool:
    """Whether any user of the machine may enter a folder."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents) if step.exists())


def _digest(data: Path) -> str:
    return hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]


def home(data: Path) -> Path:
    """Where the servers of a data folder keep their files.

    PostgreSQL refuses to run as root, so root's servers run as `nobody`, who cannot enter a checkout below /root.
    """
    if os.geteuid() != 0 or _open_to_all(data.resolve().parent):
        return data.resolve()
    return Path("/var/tmp") / f"dianquan-{_digest(data)}"  # noqa: S108 -- kept over a reboot; its owner is checked


def socket_dir(data: Path) -> Path:
    """Where the sockets of a data folder live: private, and short even when the checkout's path is not."""
    run = home(data) / "run"
    if len(os.fsencode(run / SOCKETS["postgres"])) + len(".lock") <= SOCKET_PATH_LIMIT:
        return run
    return Path("/tmp") / f"dianquan-{os.geteuid()}-{_digest(data)}"  # noqa: S108 -- 0700; its owner is checked


def own_folder(path: Path, *, mode: int, owner: int) -> Path:
    """Make a folder, or take it over if it is ours: in a public place anybody could have made it before us."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(parents=True, mode=mode)
        os.chmod(path, mode)  # noqa: PTH101 -- beside os.chown; the umask must not decide
        os.chown(path, owner, -1)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o022:
        raise ServerUnavailable(f"{path} 不属于本用户，或其他用户可以写入：请删除它再试")
    return path


def log_path(data: Path, name: Name) -> Path:
    """The log of a server and its keeper."""
    return data / name / "server.log"


def open_lock(data: Path, name: Name, kind: Literal["users", "keeper", "server"]) -> int:
    """A descriptor of one of a server's lock files. :raises ServerUnavailable: if another user made the folder"""
    try:
        (data / name).mkdir(parents=True, exist_ok=True)
        return os.open(data / name / f"{kind}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        raise ServerUnavailable(f"{data} 属于另一个系统用户：请换用那个用户，或另外检出一份代码") from None


def try_lock(lock: int, how: int = fcntl.LOCK_EX) -> bool:
    """Take a lock if it is free."""
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a folder against others who ask in the same way."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def die_with_parent(sig: int) -> Callable[[], None]:
    """A `preexec_fn`: the child gets a signal when its parent ends, however that ends (Linux only).

    The kernel means the *thread* that started the child, so start children from the main thread.
    """
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(1, sig)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    return arm


class Keeper:
    """One server, its files and its life."""

    def __init__(self, name: Name, data: Path, tree: Path, *, throwaway: bool) -> None:
        self.name, self.data, self.tree, self.throwaway = name, data, tree, throwaway
        self.polite = signal.SIGINT if name == "postgres" else signal.SIGTERM  # SIGINT is PostgreSQL's fast shutdown
        self.stopping = threading.Event()
        self.users = open_lock(data, name, "users")
        self.keeper = open_lock(data, name, "keeper")
        self.server = open_lock(data, name, "server")
        self.run_as: dict[str, Any] = {}
        self.owner = os.geteuid()
        if self.owner == 0:
            nobody = pwd.getpwnam("nobody")
            self.owner = nobody.pw_uid
            self.run_as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def keep(self) -> int:
        """Run the server until its last user has gone; the result is the program's exit status."""
        # Every process of a server inherits its lock: who holds it knows that nothing of an earlier server is left.
        deadline = time.monotonic() + START_SECONDS
        while not try_lock(self.server):
            if not try_lock(self.keeper, fcntl.LOCK_SH):
                return 0  # another keeper was faster
            fcntl.flock(self.keeper, fcntl.LOCK_UN)
            if time.monotonic() > deadline:
                say("上一次的服务进程还没有退出")
                return 1
            time.sleep(0.02)
        # From here on `keeper.lock` tells the users that whoever answers is the server of this keeper.
        fcntl.flock(self.keeper, fcntl.LOCK_EX)
        try:
            self._prepare()
            return self._supervise()
        finally:
            if self.throwaway:
                self._vanish()
            os.close(self.server)
            os.close(self.keeper)

    def _supervise(self) -> int:
        failures, patience = 0, 3
        while True:
            began = time.monotonic()
            process = self._spawn(self._command())
            while process.poll() is None:
                if self.stopping.wait(0.1) or try_lock(self.users):
                    self._stop(process)
                    return 0
            if time.monotonic() - began > SETTLED_SECONDS:
                failures, patience = 0, 20  # it can run, so the fault may pass
            failures += 1
            if failures > patience:
                return 1
            say(f"{self.name} 意外退出（{process.returncode}），重新启动")
            self.stopping.wait(min(0.1 * 2**failures, 3))

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        for sig, seconds in ((self.polite, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, None)):
            process.send_signal(sig)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return

    def _spawn(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True, pass_fds=[self.server],
            preexec_fn=die_with_parent(self.polite),  # noqa: PLW1509 -- only prctl runs in there
            **self.run_as,
        )  # fmt: skip

    def _prepare(self) -> None:
        base = home(self.data)
        with one_at_a_time(self.data):  # both keepers need these folders
            if base == self.data:
                base.chmod(base.stat().st_mode | 0o711)  # `nobody` must be able to pass
            else:
                own_folder(base, mode=0o711, owner=os.geteuid())
            own_folder(socket_dir(self.data), mode=0o700, owner=self.owner)
        folder = base / self.name
        folder.mkdir(exist_ok=True)
        folder.chmod(folder.stat().st_mode | 0o711)
        self.files = folder / SERVER_DATA[self.name]
        if self.name == "valkey":
            own_folder(self.files, mode=0o700, owner=self.owner)
            return
        if not self.files.exists():
            self._initdb()
        # The server lock is ours, so these are leftovers: PostgreSQL itself would believe a number that by now belongs
        # to another process of the same user.
        for leftover in (self.files / "postmaster.pid", socket_dir(self.data) / f"{SOCKETS['postgres']}.lock"):
            leftover.unlink(missing_ok=True)

    def _initdb(self) -> None:
        half = self.files.with_suffix(".tmp")  # renamed when whole: an interrupted initdb leaves half a cluster
        shutil.rmtree(half, ignore_errors=True)
        own_folder(half, mode=0o700, owner=self.owner)
        initdb = self._spawn(
            [self._programs() / "initdb", "-D", half, "-U", "postgres", "--auth=trust", "--encoding=UTF8",
             "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        )  # fmt: skip
        if initdb.wait():
            raise ServerUnavailable("initdb 失败")
        half.rename(self.files)

    def _vanish(self) -> None:
        shutil.rmtree(home(self.data) / self.name, ignore_errors=True)
        shutil.rmtree(self.data / self.name, ignore_errors=True)
        (socket_dir(self.data) / SOCKETS[self.name]).unlink(missing_ok=True)
        for folder in (socket_dir(self.data), home(self.data), self.data):
            with contextlib.suppress(OSError):  # the last one finds them empty
                folder.rmdir()

    def _command(self) -> list[str | Path]:
        run = socket_dir(self.data)
        if self.name == "valkey":
            return [self._programs() / "valkey-server", "--port", "0", "--unixsocket", run / SOCKETS["valkey"],
                    "--unixsocketperm", "700", "--dir", self.files, "--daemonize", "no", "--save", "",
                    "--databases", "64", "--appendonly", "no" if self.throwaway else "yes"]  # fmt: skip
        options = ["listen_addresses=", "unix_socket_permissions=0700", f"unix_socket_directories={_quoted(run)}",
                   "max_connections=100", "shared_buffers=256MB", "max_wal_size=2GB",
                   "timezone=Asia/Shanghai"]  # fmt: skip
        if self.throwaway:
            options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        return [self._programs() / "postgres", "-D", self.files, *(part for o in options for part in ("-c", o))]

    def _programs(self) -> Path:
        """The folder of the server's programs, copied if `nobody` cannot reach it where pip has put it."""
        inner = "bin" if self.name == "postgres" else "."
        installed = self.tree / inner
        if not self.run_as or (_open_to_all(installed) and all(p.stat().st_mode & 0o001 for p in installed.iterdir())):
            return installed
        copy = home(self.data) / self.name / f"programs-{installed.stat().st_mtime_ns}"
        if not copy.exists():
            half = copy.with_suffix(".tmp")
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(self.tree, half, symlinks=True)
            for path in (half, *half.rglob("*")):
                path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & 0o100 else 0o044))
            half.rename(copy)
        return copy / inner


def _quoted(path: Path) -> str:
    """A path as one element of PostgreSQL's comma-separated list."""
    return '"' + str(path).replace('"', '""') + '"'


def say(text: str) -> None:
    """Add a line to the server's log."""
    print(f"[keeper] {text}", file=sys.stderr, flush=True)  # noqa: T201 -- standard error is the log


def main(argv: Sequence[str]) -> int:
    """Keep the named server of a data folder."""
    name, data, tree, *options = argv
    keeper = Keeper(cast("Name", name), Path(data), Path(tree), throwaway="--throwaway" in options)
    signal.signal(signal.SIGTERM, lambda *_: keeper.stopping.set())
    try:
        return keeper.keep()
    except (ServerUnavailable, OSError, KeyError) as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
