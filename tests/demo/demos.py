"""A demo in a terminal of its own, and a second terminal beside it."""

import re
import subprocess
import sys
import threading
from pathlib import Path

from tests.config.machines import environment, eventually, processes

STORES, MEMBERS = 6, 300  # all there is to see of processes and arrivals, in seconds
URL = re.compile(r"店圈已启动：(http://127\.0\.0\.1:\d+/)")


class Demo:
    """One run of the demo command; its output is read all the time, as a terminal does."""

    def __init__(self, root: Path, *options: str) -> None:
        self.lines: list[str] = []
        size = ("--stores", str(STORES), "--members", str(MEMBERS))
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *size, *options], cwd=root, env=environment(), text=True,
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
        eventually(lambda: URL.search(self.text()) or self.process.poll() is not None, "it is up", seconds=240)
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


def in_a_second_terminal(root: Path, script: str) -> subprocess.Popen[str]:
    """A Django shell beside the demo."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", f"from stores.models import Store; {script}"],
        cwd=root, env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def children(root: Path, demo: Demo, words: str) -> list[int]:
    """The numbers of the demo's own programs with these words in their command."""
    return [number for number, command in processes(root).items() if words in command and _is_child(number, demo)]


def _is_child(number: int, demo: Demo) -> bool:
    return f"PPid:\t{demo.process.pid}\n" in Path(f"/proc/{number}/status").read_text()
