"""`manage.py demo` in a checkout of its own, with a terminal's signals and from a second terminal."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import httpx
import pytest

from config import assets, embedded, keeper
from tests.config.machines import checkout, environment, eventually, nothing_is_left, processes

URL = re.compile(r"店圈已启动：(http://127\.0\.0\.1:\d+/)")


class Demo:
    """One run of the demo command; its output is read all the time, as a terminal does."""

    def __init__(self, root: Path, *options: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *options], cwd=root, env=environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with self.process.stdout as output:
            self.lines.extend(output)

    def text(self) -> str:
        return "".join(self.lines)

    def address(self) -> str:
        """The address it prints once everything runs."""
        eventually(lambda: URL.search(self.text()) or self.process.poll() is not None, self.text(), seconds=90)
        found = URL.search(self.text())
        assert found, self.text()
        return found[1]

    def end(self, *signals: int) -> int:
        """Send signals and wait for the end; the result is the exit status."""
        for number in signals:
            self.process.send_signal(number)
        status = self.process.wait(60)
        self._reader.join(10)
        return status


@pytest.fixture(scope="module")
def root():
    """A checkout below a path with a blank and Chinese in it, too long for a socket."""
    assets.provide()
    parent = Path(tempfile.mkdtemp(prefix="dianquan-demo-"))
    parent.chmod(0o755)
    project = checkout(parent / "我的 店圈" / ("long" * 20))
    yield project
    for number in processes(parent):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(keeper.socket_dir(project / ".local"))
    shutil.rmtree(parent)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def in_a_second_terminal(root: Path, script: str) -> subprocess.Popen[str]:
    """A Django shell beside the demo."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", f"from stores.models import Store; {script}"],
        cwd=root, env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def postgres_processes(root: Path) -> list[str]:
    return [command for command in processes(root).values() if "/postgres -D" in command]


def test_the_demo_serves_shares_revives_refuses_a_second_and_stops_in_order(root, port):
    demo = Demo(root, "--port", str(port))
    address = demo.address()
    page = httpx.get(address, follow_redirects=True)
    eventually(lambda: _wecom_reaches_us(port), "the sandbox's callbacks are opened by the site", seconds=30)
    servers = len(postgres_processes(root))
    second = Demo(root, "--port", str(port))
    refusal = (second.end(), second.text())
    [fast] = [number for number, command in processes(root).items() if "fast@" in command and _is_child(number, demo)]
    os.kill(fast, signal.SIGKILL)
    eventually(lambda: "意外退出（信号 SIGKILL）" in demo.text(), "it says so")
    eventually(lambda: demo.text().count("fast@") > 1, "the worker is back", seconds=60)
    eventually(lambda: "渠道码已就绪" in demo.text(), "WeCom was read", seconds=90)
    with in_a_second_terminal(
        root, "from wecom.gateway import wecom; print(len(wecom().contacts.departments()))"
    ) as it:
        departments, _ = it.communicate(timeout=60)
    with in_a_second_terminal(root, "print('in'); input(); print(Store.objects.count())") as other:
        assert other.stdout.readline() == "in\n"
        shared = len(postgres_processes(root))
        ended = demo.end(signal.SIGINT, signal.SIGINT)
        seen, _ = other.communicate("\n", timeout=60)

    assert (page.status_code, address) == (200, f"http://127.0.0.1:{port}/")
    assert "<html" in page.text
    for role in ("总部", "区域", "店长", "导购"):
        assert re.search(rf"{role}  用户名 \w+ +密码 \S+", demo.text())
    for name in ("web", "worker", "worker-fast", "beat", "wecom"):
        assert re.search(rf"^{name} +│ ", demo.text(), re.MULTILINE)
    assert refusal[0] == 1
    assert f"演示已在另一个终端运行：{address}" in refusal[1]
    assert (servers, shared, seen) == (1, 1, "30\n")
    assert int(departments) > 30  # the second terminal speaks to the demo's own WeCom, configured by nobody
    assert (ended, "Traceback" in demo.text()) == (0, False)
    nothing_is_left(root)


def test_a_killed_demo_leaves_nothing_and_its_data_is_kept(root, port):
    demo = Demo(root, "--port", str(port))
    demo.address()
    demo.end(signal.SIGKILL)
    nothing_is_left(root)
    with in_a_second_terminal(root, "print(Store.objects.count())") as later:
        kept, _ = later.communicate(timeout=60)

    assert kept == "30\n"
    nothing_is_left(root)


def _is_child(number: int, demo: Demo) -> bool:
    return f"PPid:\t{demo.process.pid}\n" in Path(f"/proc/{number}/status").read_text()


def test_a_port_in_use_is_refused_in_words(root):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        demo = Demo(root, "--port", str(number))

        assert demo.end() == 1
    assert f"端口 {number} 不可用或已被占用" in demo.text()
    nothing_is_left(root)


def test_a_reset_is_refused_where_the_database_is_not_ours(root):
    refused = subprocess.run(
        [sys.executable, "manage.py", "demo", "--reset", "--port", "0"], cwd=root, capture_output=True, text=True,
        env=environment(DATABASE_URL=embedded.urls(root / "elsewhere")[0]), check=False,
    )  # fmt: skip

    assert (refused.returncode, "只有内置的数据库可以清空" in refused.stderr) == (1, True)


def _wecom_reaches_us(port: int) -> bool:
    """Whether the site decrypts and echoes what the demo's own WeCom seals."""
    try:
        answer = httpx.post(f"http://127.0.0.1:{port + 90}/sandbox/api/verify", json={}, timeout=10)
    except httpx.HTTPError:
        return False
    return answer.json() == {"problem": ""}
