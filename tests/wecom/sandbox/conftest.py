import socket
import threading
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import uvicorn

from tests.wecom.sandbox.company import Company
from wecom.sandbox import server
from wecom.sandbox.app import Sandbox
from wecom.sandbox.store import Store

NOON = datetime(2026, 11, 10, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "company.sqlite3"


@pytest.fixture
def run(path):
    """Start a sandbox on the test's file, as often as a test likes; the clock stands at noon of 10 November 2026."""
    ends = []

    def start() -> Company:
        # By number, or asyncio leaves Nagle's algorithm on.
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
        store = Store(path)
        host = uvicorn.Server(server.configuration(Sandbox(store), host="127.0.0.1", port=port))
        thread = threading.Thread(target=host.run, kwargs={"sockets": [line]})
        thread.start()
        company = Company(f"http://127.0.0.1:{port}")

        def stop() -> None:
            company.close()
            host.should_exit = True
            thread.join(10)
            line.close()
            store.close()

        company.stop = stop
        ends.append(stop)
        return company

    yield start
    for stop in ends:
        stop()


@pytest.fixture
def company(run):
    """A company of two managers with two groups each and 40 customers, without callbacks."""
    it = run()
    it.control("clock", freeze=NOON)
    it.control("settings", callback_url="")
    it.control("seed", managers=2, groups=4, contacts=40)
    return it
