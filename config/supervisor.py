"""Several programs in one terminal: lines prefixed, revived when they fall, stopped in order.

The terminal shows what somebody should read: words, warnings, errors. Each request and task is a line of the log file.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from config.keeper import die_with_parent

SETTLED_SECONDS = 60  # who ran this long has earned a quick restart
LONGEST_PAUSE = 30.0
# What our own logging, uvicorn's and Celery's write while all is well.
_ROUTINE = re.compile(r"\S+ \[(?:debug|info) *\] |INFO: |worker: ")
_COLOURS = (36, 32, 33, 35, 34)


@dataclass(eq=False)
class Program:
    """One child of the supervisor; it counts as ready once a line of its output contains `ready_words`."""

    name: str
    command: Sequence[str]
    ready_words: str = ""
    ready: bool = False
    process: subprocess.Popen[bytes] | None = None
    began: float = 0
    failures: int = 0
    restart_at: float = field(default=0, repr=False)


class Supervisor:
    """Runs groups of programs; a group is stopped before the ones listed ahead of it."""

    def __init__(self, *groups: Sequence[Program], cwd: Path, log: TextIO, out: TextIO = sys.stdout) -> None:
        self.groups = groups
        self.programs = [program for group in groups for program in group]
        self.cwd = cwd
        self._out, self._log = out, log
        self._printing = threading.Lock()
        self._width = max(len(program.name) for program in self.programs)
        self._colourful = out.isatty() and "NO_COLOR" not in os.environ
        self._readers: list[threading.Thread] = []

    def start(self) -> None:
        """Start every program. Call it from the main thread (`die_with_parent`)."""
        for program in self.programs:
            self._start(program)

    def revive(self) -> None:
        """Say which program has ended unexpectedly and start it again, a little later each time."""
        now = time.monotonic()
        for program in self.programs:
            if program.process is None:
                if now >= program.restart_at:
                    self._start(program)
            elif _has_ended(program.process):
                status = _bury(program.process)
                program.process = None
                program.failures = 1 if now - program.began > SETTLED_SECONDS else program.failures + 1
                pause = min(2.0 ** (program.failures - 1), LONGEST_PAUSE)
                program.restart_at = now + pause
                self.say(program.name, f"意外退出（{_reason(status)}），{pause:g} 秒后重新启动")

    def stop(self, *, patience: float = 10) -> None:
        """End every program and what it has started, the last group first; safe to call twice.

        :param patience: seconds a program may take to finish its work before it is told to drop it
        """
        for group in reversed(self.groups):
            running = {program: program.process for program in group if program.process}
            for sig, seconds in ((signal.SIGTERM, patience), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
                deadline = time.monotonic() + seconds
                waiting = [process for process in running.values() if not _has_ended(process)]
                for process in waiting:
                    process.send_signal(sig)
                while time.monotonic() < deadline and not all(_has_ended(process) for process in waiting):
                    time.sleep(0.02)
            for program, process in running.items():
                _bury(process)
                program.process = None
        for reader in self._readers:
            reader.join(1)

    def say(self, name: str, line: str) -> None:
        """Print a line under a program's name, and log it."""
        prefix = f"{name:<{self._width}} │"
        self._note(prefix, line)
        if self._colourful:
            index = next((i for i, program in enumerate(self.programs) if program.name == name), 0)
            prefix = f"\x1b[{_COLOURS[index % len(_COLOURS)]}m{prefix}\x1b[0m"
        # A terminal that has gone must not keep the programs' pipes from being emptied.
        with self._printing, contextlib.suppress(OSError, ValueError):
            print(prefix, line, file=self._out, flush=True)

    def _note(self, prefix: str, line: str) -> None:
        with self._printing, contextlib.suppress(OSError, ValueError):
            print(prefix, line, file=self._log, flush=True)

    def _start(self, program: Program) -> None:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which stops all in order.
        program.process = subprocess.Popen(
            program.command, cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 -- only prctl runs in there
        )  # fmt: skip
        program.began, program.ready = time.monotonic(), False
        reader = threading.Thread(target=self._relay, args=(program, program.process), daemon=True)
        reader.start()
        self._readers = [*(thread for thread in self._readers if thread.is_alive()), reader]

    def _relay(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        if process.stdout:
            with process.stdout as lines:
                for raw in lines:
                    line = raw.decode(errors="replace").rstrip()
                    if _ROUTINE.match(line):
                        self._note(f"{program.name:<{self._width}} │", line)
                    elif line:
                        self.say(program.name, line)
                    if not program.ready and program.ready_words in line:
                        program.ready = True
                        self.say(program.name, "已就绪")


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a child has ended, leaving its number reserved for it (no reaping) so that its group can be ended too."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):  # macOS
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _bury(process: subprocess.Popen[bytes]) -> int:
    """End what a child has left behind in its process group, then reap it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _reason(status: int) -> str:
    return f"信号 {signal.Signals(-status).name}" if status < 0 else f"状态 {status}"
