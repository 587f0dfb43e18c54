"""How gunicorn serves the pages: `gunicorn --config python:config.gunicorn config.wsgi`."""

import os
import shutil
from pathlib import Path
from typing import Any

from config import environment, logging

_environment = environment.read(os.environ)

bind = f"0.0.0.0:{_environment.port}"
workers = _environment.web_processes
worker_class = "gthread"
threads = 8  # as many as the connections of a process's database pool
timeout = 60
graceful_timeout = 30
keepalive = 75  # longer than a proxy's, so that it is never the server that hangs up first
# A heartbeat file on a slow disk would make healthy workers look dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 -- memory, not a place for data
logconfig_dict = logging.standard_library({"json": _environment.production, "level": _environment.log_level})


def on_starting(_server: Any) -> None:
    """Begin the counters of this run with nothing of the last one."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Take a finished process's gauges out of the sum."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
