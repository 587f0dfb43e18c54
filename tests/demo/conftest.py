import contextlib
import os
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import pytest

from config import assets, keeper
from tests.config.machines import checkout, processes


@pytest.fixture(scope="session")
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
