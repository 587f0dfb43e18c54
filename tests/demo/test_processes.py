"""`manage.py demo` in a checkout of its own, with a terminal's signals and from a second terminal."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from config import embedded
from tests.config.machines import environment, eventually, nothing_is_left, processes
from tests.demo.demos import STORES, Demo, children, in_a_second_terminal


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
    [fast] = children(root, demo, "fast@")
    os.kill(fast, signal.SIGKILL)
    eventually(lambda: "意外退出（信号 SIGKILL）" in demo.text(), "it says so")
    eventually(lambda: demo.text().count("worker-fast │ 已就绪") > 1, "the worker is back", seconds=60)
    eventually(lambda: "渠道码已就绪" in demo.text(), "WeCom was read", seconds=180)
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
    log = (root / ".local" / "demo.log").read_text()
    for name in ("web", "worker", "worker-fast", "beat", "wecom"):
        assert re.search(rf"^{name} +│ 已就绪", demo.text(), re.MULTILINE)
        assert re.search(rf"^{name} +│ .", log, re.MULTILINE)
    assert "[info " in log
    assert "[info " not in demo.text()  # a terminal for people: each request and task is in the log
    assert refusal[0] == 1
    assert f"演示已在另一个终端运行：{address}" in refusal[1]
    assert (servers, shared, seen) == (1, 1, f"{STORES}\n")
    assert int(departments) > STORES  # the second terminal speaks to the demo's own WeCom, configured by nobody
    assert (ended, "Traceback" in demo.text()) == (0, False)
    nothing_is_left(root)


def test_a_killed_demo_leaves_nothing_and_its_data_is_kept(root, port):
    demo = Demo(root, "--port", str(port))
    demo.address()
    demo.end(signal.SIGKILL)
    nothing_is_left(root)
    with in_a_second_terminal(root, "print(Store.objects.count())") as later:
        kept, _ = later.communicate(timeout=60)

    assert kept == f"{STORES}\n"
    nothing_is_left(root)


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
