"""Looking at real processes: the tests of the embedded servers start, kill and count them."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config import embedded, keeper

BOTH: list[keeper.Name] = ["postgres", "valkey"]
# Holds the servers of a data folder until its standard input ends.
HOLDER = """
import sys
from pathlib import Path
from config import embedded
with embedded.Use(Path(sys.argv[1]), names=["postgres", "valkey"]):
    print("ready", flush=True)
    sys.stdin.read()
"""


def environment(**extra: str) -> dict[str, str]:
    """The environment of a terminal in which nothing was set for the project."""
    ours = {"DATABASE_URL", "REDIS_URL", "ENV", "PORT", "MAKELEVEL", "PYTEST_ADDOPTS", "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in ours and "PYTEST" not in name}
    return kept | {"PYTHONPATH": str(embedded.ROOT)} | extra


def hold(data: Path, *, python: str = sys.executable, user: int | None = None, **extra: str) -> subprocess.Popen[str]:
    """Another process, maybe another user's, that uses the servers of a data folder; it may not have them yet."""
    become = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    return subprocess.Popen(
        [python, "-c", HOLDER, data], cwd="/", env=environment(**extra), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **become,
    )  # fmt: skip


def wait_ready(holder: subprocess.Popen[str]) -> None:
    assert holder.stdout is not None
    if holder.stdout.readline() != "ready\n":
        raise AssertionError(holder.communicate()[1])


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate(timeout=30)


def processes(*places: Path) -> dict[int, str]:
    """The living processes that were started for a folder or work in it, by number."""
    wanted = [str(place) for place in places]
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            where = str((entry / "cwd").readlink())
        except OSError:
            continue
        # Postgres' own children carry another title, but they work in the cluster.
        if int(entry.name) != os.getpid() and any(place in command or where.startswith(place) for place in wanted):
            found[int(entry.name)] = command
    return found


def owners(*places: Path) -> set[int]:
    """The users those processes run as."""
    found = set()
    for number in processes(*places):
        with contextlib.suppress(FileNotFoundError):  # PostgreSQL's helpers come and go
            found.add(Path(f"/proc/{number}").stat().st_uid)
    return found


def server_number(data: Path, program: str) -> int:
    """The process number of a server's first process."""
    [number] = [number for number, command in processes(data).items() if command.split()[0].endswith(f"/{program}")]
    return number


def eventually(condition: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Wait for what other processes are about to do."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(what)
        time.sleep(0.02)


def nothing_is_left(*places: Path) -> None:
    """Fail unless all processes of a folder end."""
    eventually(lambda: not processes(*places), f"still running: {processes(*places)}")


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder with its owners."""
    subprocess.run(["cp", "-a", source, target], check=True)


def checkout(target: Path) -> Path:
    """A copy of the project without its data; the front-end files are there already."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=embedded.ROOT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        source = embedded.ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    (target / ".local").mkdir()
    shutil.copytree(embedded.LOCAL / "vendor", target / ".local" / "vendor")
    return target
