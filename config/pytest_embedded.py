"""A pytest plugin: every test run gets its own throw-away PostgreSQL and Valkey.

Loaded with `-p` because pytest-django reads the settings before any conftest runs. The controller starts the servers;
xdist workers borrow them, each with a test database (pytest-django) and a Redis database of its own.
"""

import os
import tempfile
from pathlib import Path

from config import embedded

os.environ.setdefault("ENV", "test")
_servers: embedded.Use | None = None
_worker = os.environ.get("PYTEST_XDIST_WORKER")

if _worker is not None:
    # Cut by hand: urlsplit takes the slashes of unix:///… away.
    _scheme, _, _address = os.environ["REDIS_URL"].partition("?")[0].partition("://")
    _number = int(_worker.removeprefix("gw")) + 1
    _place = f"{_address}?db={_number}" if _scheme == "unix" else f"{_address.partition('/')[0]}/{_number}"
    os.environ["REDIS_URL"] = f"{_scheme}://{_place}"
elif not embedded.configured():
    _folder = Path(tempfile.mkdtemp(prefix="dianquan-test-"))
    _servers = embedded.Use(_folder, throwaway=True).__enter__()
    for _name, _value in zip(embedded.VARIABLES.values(), embedded.urls(_folder), strict=True):
        os.environ.setdefault(_name, _value)


def pytest_unconfigure() -> None:
    """Stop the servers this run started; their files go with them."""
    if _servers is not None:
        _servers.__exit__()
